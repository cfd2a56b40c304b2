import { expect } from 'chai'
import { type Client, openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { closeAll } from '../support/opened.js'
import { message, startPublisher, type Publisher } from '../support/publisher.js'
import { openPythonClient } from '../support/python.js'
import { type Rig, startRig } from '../support/rig.js'

const padding = 'x'.repeat(60_000)
const lineFor = (deviceId: string) =>
  `Cola llena para device_id ${deviceId}. Aplicando backpressure (mensaje descartado)`

interface Counts {
  readonly messages: number
  readonly delivered: number
  readonly dropped: number
}

async function countsOf({ service }: Rig): Promise<Counts> {
  const metrics = await service.metrics()
  const count = (name: string) => metrics.get(`afluente_${name}_total`) ?? NaN
  return { messages: count('messages'), delivered: count('delivered'), dropped: count('dropped') }
}

/** Publishes numbered messages of a device until so many were dropped in a row: nothing is delivered any more. */
async function overfill(rig: Rig, publisher: Publisher, deviceId: string, drops: number): Promise<void> {
  let last = await countsOf(rig)
  for (let n = 0; ; n++) {
    await publisher.publish(message(deviceId, { n, padding }))
    const counts = await countsOf(rig)
    if (counts.delivered > last.delivered) last = counts
    if (counts.dropped >= last.dropped + drops) return
  }
}

/** What a client got of a device: the numbers of its messages, and how many it was told were dropped. */
async function drained(
  client: Client,
  deviceId: string,
  expected: number,
): Promise<{ got: number[]; told: number }> {
  const got: number[] = []
  let told = 0
  while (got.length + told < expected) {
    const { event, data } = await client.next(({ event }) => event === 'message' || event === 'dropped')
    if (event === 'dropped') told += Number(data.count)
    else got.push((data as { data: { n: number } }).data.n)
    if (event === 'dropped') expect(data.device_id).to.equal(deviceId)
  }
  return { got, told }
}

describe('overflow', () => {
  let rig: Rig
  let publisher: Publisher

  async function start(environment: Record<string, string> = {}): Promise<Client> {
    rig = await startRig(environment)
    publisher = await startPublisher(rig.broker)
    const stalled = await openClient(rig.url('A'))
    stalled.socket.pause()
    return stalled
  }

  /** All that was published has arrived in the service. */
  const settled = async () => {
    const barrier = await openClient(rig.url('barrier'))
    await publisher.publish(message('barrier'))
    await barrier.messages(1)
    await barrier.close()
    const { messages, delivered, dropped } = await countsOf(rig)
    return { messages: messages - 1, delivered: delivered - 1, dropped }
  }

  afterEach(closeAll)

  it('1.2 holds at most 100 waiting messages a device, drops the new ones and counts them', async () => {
    const stalled = await start()
    await overfill(rig, publisher, 'A', 50)
    const { messages, delivered, dropped } = await settled()
    expect(messages - delivered - dropped).to.equal(100)
    stalled.socket.resume()
    const { got, told } = await drained(stalled, 'A', messages)
    expect(told).to.equal(dropped)
    // The new ones gave way: what came is everything up to where the share was full.
    expect(got).to.deep.equal(Array.from({ length: messages - dropped }, (_, n) => n))
  })

  it('1.2 holds as many as MAILBOX_CAPACITY says', async () => {
    await start({ MAILBOX_CAPACITY: '3' })
    await overfill(rig, publisher, 'A', 5)
    const { messages, delivered, dropped } = await settled()
    expect(messages - delivered - dropped).to.equal(3)
  })

  it('1.2 bounds the bytes that a session holds, under every strategy', async () => {
    const maxBytes = 5 * 60_000
    await start({ MAILBOX_BYTES: String(maxBytes) })
    for (const overflow of ['drop-oldest', 'latest']) {
      const client = await openClient(`${rig.url('A')}&overflow=${overflow}`)
      client.socket.pause()
    }
    await overfill(rig, publisher, 'A', 20)
    const { messages, delivered, dropped } = await settled()
    // Each of three holds fewer than five, since a message is more than 60,000 bytes.
    expect(3 * messages - delivered - dropped).to.be.within(1, 3 * 4)
    // One that can't fit at all is dropped, and told.
    const small = await startRig({ MAILBOX_BYTES: '1000' })
    const watcher = await openClient(small.url('B'))
    await small.paho.publish(message('B', { padding }))
    expect(await watcher.next()).to.deep.equal({ event: 'dropped', data: { device_id: 'B', count: 1 } })
  })

  it('1.2 logs it as exactly that line, at once, then not for 10 s for that session and device', async () => {
    await start({ MAILBOX_CAPACITY: '1' })
    const startedAt = Date.now()
    await overfill(rig, publisher, 'A', 1)
    await rig.service.printed(/Cola llena/)
    await overfill(rig, publisher, 'A', 50)
    const lines = rig.service
      .output()
      .split('\n')
      .filter((line) => line.includes('Cola llena'))
    expect(lines[0]).to.match(
      /^\S+ warn Cola llena para device_id A\. Aplicando backpressure \(mensaje descartado\) held_back=0$/,
    )
    expect(lines.length).to.be.at.most(1 + Math.floor((Date.now() - startedAt) / 10_000))
  })

  it('1.2 logs for another device, and for another session, at once', async () => {
    await start({ MAILBOX_CAPACITY: '1' })
    await overfill(rig, publisher, 'A', 10)
    await rig.service.printed(/Cola llena para device_id A/)
    for (const lines of [1, 2]) {
      const other = await openClient(rig.url('B'))
      other.socket.pause()
      await eventually(
        async () => {
          await overfill(rig, publisher, 'B', 1)
          return rig.service.output().split(lineFor('B')).length - 1
        },
        (count) => count >= lines,
      )
    }
  })

  it('1.2 keeps the line one line, whatever the device is called', async () => {
    rig = await startRig({ MAILBOX_BYTES: '1000' })
    await openClient(rig.url('A\nB\u001b\u2028é'))
    await rig.paho.publish(message('A\nB\u001b\u2028é', { padding }))
    const [line] = await rig.service.printed(/.*Cola llena.*/)
    expect(line).to.contain(lineFor('A\\u000aB\\u001b\\u2028é'))
  })

  it('1.2 lets no session wait for another', async () => {
    const stalled = await start()
    const healthy = await openPythonClient(rig.url('A'))
    const { dropped } = await countsOf(rig)
    let sent = 0
    while ((await countsOf(rig)).dropped < dropped + 20) {
      await publisher.publish(message('A', { n: sent, padding }))
      const { data } = await healthy.next()
      expect((data as { data: { n: number } }).data.n).to.equal(sent++)
    }
    expect(stalled.texts).to.have.length(0)
  })
})
