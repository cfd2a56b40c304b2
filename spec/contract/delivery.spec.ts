import { expect } from 'chai'
import { openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { closeAll } from '../support/opened.js'
import { message, startPublisher } from '../support/publisher.js'
import { openPythonClient } from '../support/python.js'
import { type Rig, startRig } from '../support/rig.js'

describe('delivery', () => {
  let rig: Rig
  before(async () => void (rig = await startRig()))
  after(closeAll)

  it('1.2 sends every message to every session that watches the device, as one text frame', async () => {
    const clients = await Promise.all(['A', 'A,B', 'B,A'].map((ids) => openPythonClient(rig.url(ids))))
    await rig.paho.publish(message('A'))
    const frame = `{"event":"message","data":${JSON.stringify(message('A'))}}`
    for (const client of clients) expect(await client.nextText()).to.equal(frame)
    await Promise.all(clients.map((client) => client.close()))
  })

  it('1.2 keeps the order of arrival of each of two interleaved devices', async () => {
    const client = await openPythonClient(rig.url('left,right'))
    const publisher = await startPublisher(rig.broker)
    const count = 80 // of each: what the contract lets a session hold whatever happens
    for (let n = 0; n < count; n++) {
      await publisher.publish(message('left', { n }))
      await publisher.publish(message('right', { n }))
    }
    const got: Record<string, unknown[]> = { left: [], right: [] }
    while (got.left!.length + got.right!.length < 2 * count) {
      const { data } = await client.next(({ event }) => event === 'message')
      const { DEVICE_ID, n } = (data as { data: { DEVICE_ID: string; n: number } }).data
      got[DEVICE_ID]!.push(n)
    }
    const inOrder = Array.from({ length: count }, (_, n) => n)
    expect(got).to.deep.equal({ left: inOrder, right: inOrder })
    await client.close()
  })

  it('1.2 sends nothing of a device that a session does not watch', async () => {
    const client = await openPythonClient(rig.url('mine'))
    for (const id of ['Mine', 'mine2', 'min', 'mine', ' mine']) await rig.paho.publish(message(id))
    await rig.paho.publish(message('mine', { last: true }))
    expect((await client.next()).data).to.deep.equal(message('mine'))
    expect((await client.next()).data).to.deep.equal(message('mine', { last: true }))
    await client.close()
  })

  it('1.2 lets a watcher come before the first message, and sends nothing from before it came', async () => {
    await rig.paho.publish(message('early', { n: 0 }))
    await eventually(
      () => rig.service.stats(),
      ({ total_messages_processed }) => total_messages_processed > 0,
    )
    const client = await openPythonClient(rig.url('early,never seen'))
    await rig.paho.publish(message('early', { n: 1 }))
    await rig.paho.publish(message('never seen'))
    expect((await client.next()).data).to.deep.equal(message('early', { n: 1 }))
    expect((await client.next()).data).to.deep.equal(message('never seen'))
    await client.close()
  })

  it('1.2 counts and ignores text that is no command, such as the pong of an old client', async () => {
    const ignored = async () => (await rig.service.metrics()).get('afluente_ignored_frames_total') ?? 0
    const before = await ignored()
    const client = await openPythonClient(rig.url('P'))
    const texts = ['pong', '{"event":"pong"}', '{"type":"pong"}', '', 'null', '[1]', '{', '🚚']
    for (const text of texts) client.send(text)
    expect(await eventually(ignored, (count) => count >= before + texts.length)).to.equal(
      before + texts.length,
    )
    await rig.paho.publish(message('P'))
    expect(await client.next()).to.deep.equal({ event: 'message', data: message('P') })
    await client.close()
  })

  it('1.2 takes binary from a client as lightly', async () => {
    const client = await openClient(rig.url('bin'))
    client.socket.send(Buffer.from([0, 255, 1]))
    await rig.paho.publish(message('bin'))
    expect(await client.next()).to.deep.equal({ event: 'message', data: message('bin') })
    await client.close()
  })
})
