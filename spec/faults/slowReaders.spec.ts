import { expect } from 'chai'
import { eventually } from '../support/eventually.js'
import { type Ledger, type Load, openLedger, startLoad } from '../support/load.js'
import { startMosquitto } from '../support/mosquitto.js'
import { closeAll } from '../support/opened.js'
import { message, startPublisher } from '../support/publisher.js'
import { eventOf, opcodes, openRawSocket, type RawFrame, type RawSocket } from '../support/rawSocket.js'
import { type ServiceUnderTest, startServiceAt } from '../support/service.js'

const messageBytes = 2048
const deviceIds = ['A', 'B', 'C', 'D']

const metric = async (service: ServiceUnderTest, name: string) =>
  (await service.metrics()).get(`afluente_${name}`) ?? 0

const allTaken = (service: ServiceUnderTest, load: Load) =>
  eventually(
    () => metric(service, 'messages_total'),
    (messages) => messages === load.sent,
  )

/** Reads 20 kB a second, in small pieces, until it is told to go on as fast as it can. */
function readSlowly({ stream }: RawSocket): () => void {
  stream.pause()
  const timer = setInterval(() => {
    stream.read(Math.min(1000, stream.readableLength))
  }, 50)
  stream.once('close', () => clearInterval(timer))
  return () => {
    clearInterval(timer)
    stream.resume()
  }
}

const isAccountedFor = (ledger: Ledger, load: Load) =>
  load.deviceIds.every((deviceId) => ledger.accountedFor(deviceId) === load.sentEach)

async function everythingAccountedFor(reader: RawSocket, ledger: Ledger, load: Load): Promise<void> {
  while (!isAccountedFor(ledger, load)) await reader.next(({ opcode }) => opcode === opcodes.text)
  expect(ledger.received + ledger.toldDropped, 'received and told dropped').to.equal(load.sent)
}

describe('a slow reader', () => {
  afterEach(closeAll)

  it('row 32: one that never reads holds 100 a device, loses the newest, and is cut off; nobody else notices', async function () {
    this.timeout(40_000)
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, { WEBSOCKET_KEEPALIVE_SECS: '2' })
    const load = startLoad(await startPublisher(broker), deviceIds, messageBytes)
    const url = `${service.ws}/api/v1/stream?device_ids=${deviceIds.join(',')}`
    const healthy = openLedger()
    const reader = await openRawSocket(url, { onFrame: (frame) => enter(healthy, frame) })
    const stalled = await openRawSocket(url)
    stalled.stream.pause()

    async function push(megabytes: number): Promise<number> {
      const end = load.sent + (megabytes * 2 ** 20) / messageBytes
      while (load.sent < end) await pushSome()
      return metric(service, 'resident_memory_bytes')
    }
    async function pushSome(): Promise<void> {
      // On a slow machine, who reads nothing would be gone before there is something to lose.
      for (const client of [stalled, reader]) client.send({ opcode: opcodes.pong })
      await load.publish(50)
      while (healthy.received < load.sent) await reader.next((frame) => frame.opcode === opcodes.text)
    }
    const before = await push(20)
    const after = await push(40)
    expect(healthy.toldDropped, 'of who reads').to.equal(0)
    expect(after - before, 'memory taken by 40 MB more').to.be.below(20 * 2 ** 20)

    const metrics = await eventually(
      () => service.metrics(),
      (values) => values.get('afluente_sessions') === 1,
    )
    expect(metrics.get('afluente_sessions_ended_total{closing="silent"}')).to.equal(1)
    const delivered = metrics.get('afluente_delivered_total')! - healthy.received
    const dropped = metrics.get('afluente_dropped_total')!
    const waited = metrics.get('afluente_discarded_total')!
    expect(waited, 'waiting when it ended').to.equal(100 * deviceIds.length)
    expect(dropped).to.be.above(0)
    expect(delivered + dropped + waited, 'the account of who never read').to.equal(load.sent)
    expectOverflowLines(service.output(), dropped)
  })

  for (const overflow of ['drop-newest', 'drop-oldest', 'latest']) {
    for (const limits of [{}, { MAILBOX_BYTES: String(100 * messageBytes) }] as Record<string, string>[]) {
      const bounded = 'MAILBOX_BYTES' in limits ? 'and in bytes ' : ''
      it(`row 33: one of 20 kB/s is told exactly what it lost, bounded by device ${bounded}under ${overflow}`, async function () {
        this.timeout(40_000)
        const broker = await startMosquitto()
        const service = await startServiceAt(broker, { WEBSOCKET_KEEPALIVE_SECS: '300', ...limits })
        const load = startLoad(await startPublisher(broker), deviceIds, messageBytes)
        const ledger = openLedger()
        const reader = await openRawSocket(
          `${service.ws}/api/v1/stream?device_ids=${deviceIds.join(',')}&overflow=${overflow}`,
          { onFrame: (frame) => enter(ledger, frame) },
        )
        const readFast = readSlowly(reader)
        do await load.publish(50)
        while ((await metric(service, 'dropped_total')) < 1000)
        await allTaken(service, load)
        readFast()
        await everythingAccountedFor(reader, ledger, load)
        expect(ledger.toldDropped).to.equal(await metric(service, 'dropped_total'))
        expect(ledger.received).to.equal(await metric(service, 'delivered_total'))

        await load.publish(1)
        await everythingAccountedFor(reader, ledger, load)
        expect(reader.isClosed()).to.equal(false)
      })
    }
  }

  it('row 33: under latest, what is written is the newest of its device at that moment', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, { WEBSOCKET_KEEPALIVE_SECS: '300' })
    const load = startLoad(await startPublisher(broker), deviceIds, messageBytes)
    const ledger = openLedger()
    const stale: number[] = []
    let newest: number | undefined
    const reader = await openRawSocket(
      `${service.ws}/api/v1/stream?device_ids=${deviceIds.join(',')}&overflow=latest`,
      {
        answersPings: false,
        onFrame(frame) {
          enter(ledger, frame)
          const number = numberOf(frame)
          if (newest !== undefined && number !== undefined && number !== newest) stale.push(number)
        },
      },
    )
    const nextPing = () => reader.next(({ opcode }) => opcode === opcodes.ping)
    const answer = ({ payload }: RawFrame) => reader.send({ opcode: opcodes.pong, payload })
    let unanswered: RawFrame | undefined
    for (let round = 1; round <= 20; round++) {
      await load.publish(round)
      await allTaken(service, load)
      // A ping follows each batch, and nothing follows the ping until it is answered.
      for (;;) {
        unanswered ??= await nextPing()
        if (isAccountedFor(ledger, load)) break
        newest = load.sentEach
        answer(unanswered)
        unanswered = undefined
      }
      newest = undefined
      if (round % 2 === 0) {
        answer(unanswered)
        unanswered = undefined
      }
    }
    expect(stale, 'messages that were not the newest when written').to.be.empty
    expect(ledger.toldDropped, 'told dropped').to.be.above(0)
    expect(ledger.received + ledger.toldDropped).to.equal(load.sent)
  })

  it('row 33: under latest, who answers only the most recent ping goes on (RFC 6455, 5.5.3)', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, { WEBSOCKET_KEEPALIVE_SECS: '1' })
    const publisher = await startPublisher(broker)
    const url = `${service.ws}/api/v1/stream?device_ids=A&overflow=latest`
    const reader = await openRawSocket(url, { answersPings: false })
    const isMessage = (frame: RawFrame) => eventOf(frame)?.event === 'message'
    const isPing = ({ opcode }: RawFrame) => opcode === opcodes.ping
    await publisher.publish(message('A', { n: 1 }))
    await reader.next(isMessage)
    await reader.next(isPing) // one of two, the batch's and the keep-alive's, that is never answered
    const recent = await reader.next(isPing)
    reader.send({ opcode: opcodes.pong, payload: recent.payload })
    await publisher.publish(message('A', { n: 2 }))
    expect(eventOf(await reader.next(isMessage))?.data).to.deep.equal(message('A', { n: 2 }))
  })
})

function numberOf(frame: RawFrame): number | undefined {
  const event = eventOf(frame)
  return event?.event === 'message' ? (event.data.data as { NUMBER: number }).NUMBER : undefined
}

function enter(ledger: Ledger, frame: RawFrame): void {
  const event = eventOf(frame)
  if (event !== undefined) ledger.enter(event)
}

/** The contract's text, at once for each device, then at most once in 10 s, telling how many were held back. */
function expectOverflowLines(output: string, dropped: number): void {
  let told = 0
  for (const deviceId of deviceIds) {
    const text = `Cola llena para device_id ${deviceId}. Aplicando backpressure (mensaje descartado)`
    const lines = output.split('\n').filter((line) => line.includes(text))
    expect(lines, text).to.not.be.empty
    const at = lines.map((line) => Date.parse(line.slice(0, line.indexOf(' '))))
    for (const [index, instant] of at.entries()) {
      if (index > 0) expect(instant - at[index - 1]!).to.be.at.least(9_990)
    }
    for (const line of lines) told += 1 + Number(/held_back=(\d+)/.exec(line)?.[1])
  }
  expect(told).to.be.at.most(dropped)
}
