import { expect } from 'chai'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { mayLink, startLink } from '../support/link.js'
import { openLedger, startLoad } from '../support/load.js'
import { startMosquitto } from '../support/mosquitto.js'
import { closeAll } from '../support/opened.js'
import { run } from '../support/process.js'
import { startPublisher } from '../support/publisher.js'
import { eventOf, opcodes, openRawSocket } from '../support/rawSocket.js'
import { type ServiceUnderTest, startServiceAt } from '../support/service.js'

const watcherProcess = fileURLToPath(new URL('../support/watcherProcess.js', import.meta.url))
const stream = '/api/v1/stream?device_ids='

const subscribers = async (service: ServiceUnderTest) => (await service.stats()).active_subscribers
const ended = async (service: ServiceUnderTest, closing: string) =>
  (await service.metrics()).get(`afluente_sessions_ended_total{closing="${closing}"}`)
const descriptors = (service: ServiceUnderTest) => readdirSync(`/proc/${service.child.pid}/fd`).length

describe('a client that is gone', () => {
  afterEach(closeAll)

  it('row 34: silent, it is cut off at the second ping at the latest', async () => {
    const service = await startServiceAt(await startMosquitto(), { WEBSOCKET_KEEPALIVE_SECS: '0.5' })
    const silent = await openRawSocket(`${service.ws}${stream}A`, { answersPings: false })
    await silent.closed
    const pings = silent.frames.filter(({ opcode }) => opcode === opcodes.ping).length
    expect(pings).to.be.within(1, 2)
    expect(silent.frames.map(eventOf).filter((event) => event?.event === 'ping')).to.have.length(pings)
    expect(await service.stats()).to.include({ active_subscribers: 0, devices_being_monitored: 0 })
    expect(await ended(service, 'silent')).to.equal(1)
  })

  it('row 34: reading nothing, and with its half of the connection ended, it is cut off, too', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, { WEBSOCKET_KEEPALIVE_SECS: '0.5', MAILBOX_CAPACITY: '5' })
    const stalled = await openRawSocket(`${service.ws}${stream}A`)
    stalled.stream.pause()
    const load = startLoad(await startPublisher(broker), ['A'], 60_000)
    const dropped = async () => (await service.metrics()).get('afluente_dropped_total') ?? 0
    while ((await dropped()) === 0) await load.publish(20)
    stalled.stream.end()
    await eventually(
      () => subscribers(service),
      (count) => count === 0,
    )
    expect(await ended(service, 'silent')).to.equal(1)
  })

  /** Freezes or cuts off one client under load: it is given up, and the other one misses nothing. */
  async function isGivenUp(
    service: ServiceUnderTest,
    broker: { readonly address: string },
    vanish: () => void,
  ): Promise<void> {
    const healthy = await openClient(`${service.ws}${stream}A,B`)
    const load = startLoad(await startPublisher(broker), ['A', 'B'], 1000)
    const ledger = openLedger()
    const pushSome = async () => {
      healthy.socket.pong() // on a slow machine, its answers to pings could be late
      await load.publish(5)
      while (ledger.received < load.sent) ledger.enter(await healthy.next())
    }
    await eventually(
      () => subscribers(service),
      (count) => count === 4,
    )
    await pushSome()
    vanish()
    await eventually(
      async () => {
        await pushSome()
        return subscribers(service)
      },
      (count) => count === 2,
    )
    expect(await ended(service, 'silent')).to.equal(1)
    expect(await service.stats()).to.include({ devices_being_monitored: 2, open_sessions: 1 })
    expect(ledger.toldDropped).to.equal(0)
  }

  it('row 34: frozen, it is given up, and comes back to a closed socket', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, { WEBSOCKET_KEEPALIVE_SECS: '2' })
    const client = run(process.execPath, [watcherProcess, `${service.ws}${stream}A,B`])
    await client.printed(/open/)
    await isGivenUp(service, broker, () => client.child.kill('SIGSTOP'))
    client.child.kill('SIGCONT')
    await client.printed(/closed 1006/)
  })

  // Everywhere but on the machine of somebody who may not make a network namespace.
  if (process.env.CI !== undefined || mayLink()) {
    it('row 34: its link cut, it is given up', async () => {
      const link = startLink()
      const broker = await startMosquitto()
      const service = await startServiceAt(broker, { WEBSOCKET_KEEPALIVE_SECS: '2', HOST: '0.0.0.0' })
      const client = link.run(process.execPath, [
        watcherProcess,
        `ws://${link.address}:${service.port}${stream}A,B`,
      ])
      await client.printed(/open/)
      await isGivenUp(service, broker, () => link.cut())
      expect(client.output(), 'nobody told it').to.not.include('closed')
    })
  }

  it('row 35: one that never answers the close is gone within the close time-out', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, {
      CLOSE_TIMEOUT_SECS: '0.5',
      MAX_COMMANDS_PER_SECOND: '5',
      WEBSOCKET_KEEPALIVE_SECS: '300',
    })
    await service.stats() // whose connection stays open, among the descriptors
    const before = descriptors(service)
    const refused = await openRawSocket(`${service.ws}${stream}`, { allowHalfOpen: true })
    expect(await refused.closeCode()).to.equal(1008)
    const flooding = await openRawSocket(`${service.ws}${stream}A`, { allowHalfOpen: true })
    flooding.send(...Array.from({ length: 100 }, () => ({ opcode: opcodes.text, payload: 'x' })))
    expect(await flooding.closeCode()).to.equal(1008)
    expect(await subscribers(service), 'watching ends with the session, not with the socket').to.equal(0)
    await Promise.all([refused.closed, flooding.closed])
    await eventually(
      () => descriptors(service),
      (count) => count <= before,
    )
  })

  it('row 35: so is one that reads nothing, not even the close', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, {
      CLOSE_TIMEOUT_SECS: '0.5',
      WEBSOCKET_KEEPALIVE_SECS: '300',
    })
    const load = startLoad(await startPublisher(broker), ['A', 'B'], 16 * 1024)
    await service.stats()
    const before = descriptors(service)
    const stalled = await openRawSocket(`${service.ws}${stream}A,B&overflow=disconnect`, {
      allowHalfOpen: true,
    })
    stalled.stream.pause()
    await eventually(
      async () => {
        await load.publish(20)
        return ended(service, 'too_slow')
      },
      (count) => count === 1,
    )
    expect(await service.stats()).to.include({ active_subscribers: 0, devices_being_monitored: 0 })
    stalled.stream.resume()
    await stalled.closed
    await eventually(
      () => descriptors(service),
      (count) => count <= before,
    )
  })

  it('cuts nobody off for the time that the service itself was frozen', async () => {
    const service = await startServiceAt(await startMosquitto(), { WEBSOCKET_KEEPALIVE_SECS: '1' })
    const client = await openClient(`${service.ws}${stream}A`)
    await client.next(({ event }) => event === 'ping')
    client.socket.ping()
    await once(client.socket, 'pong')
    service.child.kill('SIGSTOP')
    const frozenFor = new Promise((resolve) => setTimeout(resolve, 1800)) // time itself is what this is about
    await frozenFor
    service.child.kill('SIGCONT')
    await client.next(({ event }) => event === 'ping')
    await client.next(({ event }) => event === 'ping')
    expect(await ended(service, 'silent')).to.equal(undefined)
    await client.close()
  })
})
