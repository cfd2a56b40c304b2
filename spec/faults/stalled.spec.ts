import { expect } from 'chai'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '../support/eventually.js'
import { openLedger, startLoad } from '../support/load.js'
import { startMosquitto } from '../support/mosquitto.js'
import { closeAll } from '../support/opened.js'
import { startPublisher } from '../support/publisher.js'
import { eventOf, opcodes, openRawSocket } from '../support/rawSocket.js'
import { startServiceAt } from '../support/service.js'

const deviceIds = Array.from({ length: 20 }, (_, at) => `V${at}`)
const messageBytes = 2048
const perSecond = 2000

describe('a stalled reader beside a healthy one', () => {
  afterEach(closeAll)

  it('rows 32 and 33: at 2,000 messages/s of 2 kB, the healthy one loses nothing, memory stays flat, and the stalled one is told exactly what it lost', async function () {
    this.timeout(60_000)
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, { WEBSOCKET_KEEPALIVE_SECS: '300' })
    const load = startLoad(await startPublisher(broker), deviceIds, messageBytes)
    const open = async () => {
      const ledger = openLedger()
      const reader = await openRawSocket(`${service.ws}/api/v1/stream?device_ids=${deviceIds.join(',')}`, {
        onFrame(frame) {
          const event = eventOf(frame)
          if (event !== undefined) ledger.enter(event)
        },
      })
      const readsUpTo = async (count: number) => {
        while (ledger.received + ledger.toldDropped < count) {
          await reader.next(({ opcode }) => opcode === opcodes.text)
        }
      }
      return { ledger, reader, readsUpTo }
    }
    const healthy = await open()
    const stalled = await open()
    stalled.reader.stream.pause()

    /** Publishes for so many seconds, and never more than the healthy one's mailbox holds while it has not read. */
    async function push(seconds: number): Promise<number> {
      const startedAt = performance.now()
      const before = load.sent
      while (load.sent - before < seconds * perSecond) {
        const due = ((performance.now() - startedAt) / 1000) * perSecond
        if (before + due > load.sent) {
          await load.publish(1)
          await healthy.readsUpTo(load.sent - 50 * deviceIds.length)
        } else await delay(5) // until more is due: the pace is the load's, and nothing waits on it
      }
      await healthy.readsUpTo(load.sent)
      return (await service.metrics()).get('afluente_resident_memory_bytes') ?? 0
    }

    const before = await push(4)
    const dropped = () => service.metrics().then((metrics) => metrics.get('afluente_dropped_total') ?? 0)
    expect(await dropped(), 'the stalled one is full').to.be.above(0)
    const after = await push(8)
    expect(after - before, 'memory taken by 32 MB more').to.be.below(16 * 2 ** 20)
    expect(healthy.ledger.received, 'of the healthy one').to.equal(load.sent)

    stalled.reader.stream.resume()
    await stalled.readsUpTo(load.sent)
    expect(stalled.ledger.received + stalled.ledger.toldDropped).to.equal(load.sent)
    for (const deviceId of deviceIds) {
      expect(stalled.ledger.accountedFor(deviceId), deviceId).to.equal(load.sentEach)
    }
    expect(stalled.ledger.toldDropped).to.equal(await dropped())

    // It is as good as new.
    const told = stalled.ledger.toldDropped
    await load.publish(10)
    await Promise.all([stalled.readsUpTo(load.sent), healthy.readsUpTo(load.sent)])
    expect(stalled.ledger.toldDropped).to.equal(told)
    await eventually(
      () => service.metrics(),
      (metrics) =>
        metrics.get('afluente_delivered_total') === healthy.ledger.received + stalled.ledger.received,
    )
  })
})
