import { expect } from 'chai'
import { openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { closeAll } from '../support/opened.js'
import { foreignToken, type ShareRig, startShareRig } from '../support/shareRig.js'

describe('snapshot=true', () => {
  let rig: ShareRig
  before(async () => {
    rig = await startShareRig()
  })
  after(closeAll)

  const open = (deviceIds: string, more = '') =>
    openClient(`${rig.service().ws}/api/v1/stream?device_ids=${deviceIds}&snapshot=true${more}`)
  const processed = (count: number) =>
    eventually(rig.service().stats, (stats) => stats.total_messages_processed >= count)

  it('2.1 shows the last known message of each device first, byte for byte, and then the live ones', async () => {
    const parked = '{"data": {"DEVICE_ID":"parked", "LAT":1.0, "LON":2e0, "id":12345678901234567890}}'
    const { total_messages_processed: before } = await rig.service().stats()
    await rig.publisher.publish(parked)
    await rig.report('other', { SPEED: 1 })
    await processed(before + 2)
    const client = await open('parked,never,other')
    await client.next()
    await client.next()
    await rig.report('other', { SPEED: 2 })
    await client.next()
    expect(client.texts[0]).to.equal(`{"event":"snapshot","data":${parked}}`)
    expect(client.frames().map(({ event }) => event)).to.deep.equal(['snapshot', 'snapshot', 'message'])
    await client.close()
  })

  it('2.1 leaves no gap and repeats nothing, whenever one comes while a device reports', async () => {
    let sent = 0
    const timer = setInterval(() => void rig.report('busy', { N: ++sent }), 1)
    const clients = await Promise.all(Array.from({ length: 20 }, () => open('busy')))
    for (const client of clients) await client.messages(5)
    clearInterval(timer)
    for (const client of clients) {
      const numbers = client.frames().map(({ data }) => (data.data as { N: number }).N)
      const first = numbers[0] ?? 0
      expect(numbers).to.deep.equal(numbers.map((_, index) => first + index))
      await client.close()
    }
  })

  it('2.1 shows a vehicle that parked before a restart, on both streams and in /init', async () => {
    await rig.report('yesterday', { SPEED: 0, GPS_DATETIME: '2025-10-18 00:51:16' })
    const { body } = await eventually(
      () => rig.init(foreignToken({ device_id: 'yesterday' })),
      (answer) => answer.body.last_communication !== null,
    )
    await rig.restart()
    expect(await rig.init(foreignToken({ device_id: 'yesterday' }))).to.deep.include({ status: 200 })
    const again = await rig.init(foreignToken({ device_id: 'yesterday' }))
    expect(again.body.last_communication).to.deep.equal(body.last_communication)
    expect(body.last_communication).to.include({ speed: 0, gps_datetime: '2025-10-18T00:51:16' })
    const client = await open('yesterday')
    expect((await client.next()).event).to.equal('snapshot')
    const viewer = await rig.open(foreignToken({ device_id: 'yesterday' }), '&snapshot=true')
    expect((await viewer.next()).data.data).to.include({ DEVICE_ID: 'yesterday', SPEED: 0 })
  })

  it('2.1 tells as dropped what MAILBOX_BYTES has no room for', async () => {
    await rig.restart('SIGTERM', { MAILBOX_BYTES: '1000' })
    const { total_messages_processed: before } = await rig.service().stats()
    for (const deviceId of ['s1', 's2']) await rig.report(deviceId, { TEXT: 'x'.repeat(600) })
    await processed(before + 2)
    const client = await open('s1,s2,never')
    expect((await client.next()).data.data).to.include({ DEVICE_ID: 's1' })
    await rig.report('s1')
    await client.next(({ event }) => event === 'message')
    expect(await client.next()).to.deep.equal({ event: 'dropped', data: { device_id: 's2', count: 1 } })
    await rig.report('never')
    expect((await client.next()).data.data).to.include({ DEVICE_ID: 'never' })
    expect(client.texts).to.have.length(4)
  })
})
