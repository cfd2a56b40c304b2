import { expect } from 'chai'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import v8 from 'node:v8'
import { Observable, Subject, Subscription } from 'rxjs'
import { WebSocket } from 'ws'
import type { FeedMessage } from '../../lib/feed/decode.js'
import { createGateway } from '../../lib/gateway.js'
import { createCounters } from '../../lib/stats/counters.js'
import { silentLog } from '../../lib/stats/log.js'
import { memoryLastKnown } from '../../lib/stores/memoryLastKnown.js'
import { eventually } from '../support/eventually.js'
import { startMosquitto } from '../support/mosquitto.js'
import { closeAll, opens } from '../support/opened.js'
import { message, startPublisher } from '../support/publisher.js'
import { startServiceAt } from '../support/service.js'

const devices = 100

/** Many clients at once, each watching two devices that others watch too; resolves when all are open. */
async function enter(url: string, count: number): Promise<WebSocket[]> {
  const sockets = Array.from({ length: count }, (_, at) => {
    const ids = `D${at % devices},D${(at + 1) % devices}`
    return new WebSocket(`${url}/api/v1/stream?device_ids=${ids}`, { perMessageDeflate: false })
  })
  await Promise.all(
    sockets.map((socket) => {
      socket.on('error', () => undefined)
      return once(socket, 'open')
    }),
  )
  return sockets
}

/** They leave in every way there is: properly, without a word, and by breaking the protocol. */
async function leave(sockets: readonly WebSocket[]): Promise<void> {
  const closed = Promise.all(sockets.map((socket) => once(socket, 'close')))
  for (const [at, socket] of sockets.entries()) {
    if (at % 3 === 0) socket.close()
    else if (at % 3 === 1) socket.terminate()
    else socket.send('x'.repeat(17 * 1024))
  }
  await closed
}

describe('a crowd that comes and goes', () => {
  afterEach(closeAll)

  it('row 36: 1,000 clients at once, ten times: counts and descriptors are where they were', async function () {
    this.timeout(60_000)
    const broker = await startMosquitto()
    const service = await startServiceAt(broker)
    const publisher = await startPublisher(broker)
    await service.stats() // whose connection stays open, among the descriptors
    const before = readdirSync(`/proc/${service.child.pid}/fd`).length
    for (let round = 1; round <= 10; round++) {
      const sockets = await enter(service.ws, 1000)
      expect(await service.stats()).to.include({ active_subscribers: 2000, devices_being_monitored: devices })
      const told = Promise.all(sockets.map((socket) => once(socket, 'message')))
      for (let at = 0; at < devices; at += 2) await publisher.publish(message(`D${at}`))
      await told
      await leave(sockets)
      await eventually(
        () => service.stats(),
        (stats) => stats.active_subscribers === 0,
      )
    }
    expect(await service.stats()).to.include({ devices_being_monitored: 0, open_sessions: 0 })
    const metrics = await service.metrics()
    expect(metrics.get('afluente_sessions_ended_total{closing="left"}')).to.be.above(0)
    const ended = ['left', 'bad_frame'].map(
      (closing) => metrics.get(`afluente_sessions_ended_total{closing="${closing}"}`) ?? 0,
    )
    expect(ended[0]! + ended[1]!).to.equal(10_000)
    await eventually(
      () => readdirSync(`/proc/${service.child.pid}/fd`).length,
      // The database of last known messages opens a few of its own with the first message.
      (count) => count <= before + 8,
    )
  })

  it('row 36: leaves no Subject, subscription, socket or timer behind', async function () {
    this.timeout(30_000)
    const messages$ = new Subject<FeedMessage>()
    const counters = createCounters()
    const gateway = createGateway({
      feed: { messages$, connected$: new Observable((out) => out.next(true)) },
      lastKnown: memoryLastKnown({ maxDevices: 1000, maxAgeMs: 0 }),
      counters,
      log: silentLog,
      name: 'crowd',
      version: '0',
      allowedOrigins: '*',
      allowedSocketOrigins: '*',
      deviceIdleMs: 100,
      mailboxCapacity: 100,
      mailboxBytes: 0,
      maxSessions: 0,
      maxDevicesPerSession: 0,
      maxFramesPerSecond: 0,
      keepAliveMs: 25_000,
      handshakeTimeoutMs: 5000,
      closeTimeoutMs: 5000,
    })
    const port = await gateway.listen(0, '127.0.0.1')
    opens('gateway', () => gateway.drain())

    async function round(): Promise<void> {
      const sockets = await enter(`ws://127.0.0.1:${port}`, 200)
      const told = Promise.all(sockets.map((socket) => once(socket, 'message')))
      for (let at = 0; at < devices; at += 2) {
        const payload = Buffer.from(JSON.stringify(message(`D${at}`)))
        messages$.next({ topic: 'tracking/data', payload })
      }
      await told
      await leave(sockets)
      await eventually(
        () => counters.sessions + counters.watches + counters.devicesWatched + counters.actors,
        (count) => count === 0,
      )
    }

    function left(): Record<string, number> {
      const resources = process.getActiveResourcesInfo()
      const ofKind = (kind: string) => resources.filter((resource) => resource === kind).length
      return {
        subjects: v8.queryObjects(Subject, { format: 'count' }),
        subscriptions: v8.queryObjects(Subscription, { format: 'count' }),
        webSockets: v8.queryObjects(WebSocket, { format: 'count' }),
        timers: ofKind('Timeout'),
        streams: ofKind('TCPSocketWrap'),
      }
    }

    await round()
    const first = left()
    for (let count = 0; count < 5; count++) await round()
    const last = left()
    for (const [kind, count] of Object.entries(last)) expect(count, kind).to.be.at.most(first[kind]!)
  })
})
