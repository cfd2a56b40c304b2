import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { type Client, openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { startExchange } from '../support/exchange.js'
import { freePort, startMosquitto } from '../support/mosquitto.js'
import { closeAll } from '../support/opened.js'
import { message, startPublisher } from '../support/publisher.js'
import { type ServiceUnderTest, startService } from '../support/service.js'

describe('a process without descriptors', () => {
  afterEach(closeAll)

  const open = (service: ServiceUnderTest) => openClient(`${service.ws}/api/v1/stream?device_ids=A`)

  async function openMany(
    service: ServiceUnderTest,
    count: number,
  ): Promise<{ clients: Client[]; refused: number }> {
    const opened = await Promise.allSettled(Array.from({ length: count }, () => open(service)))
    const clients = opened.filter((result) => result.status === 'fulfilled').map(({ value }) => value)
    return { clients, refused: count - clients.length }
  }

  /** All of them get a message, leave, and the next one is served; whoever is too many has no part in it. */
  async function servesOn(
    service: ServiceUnderTest,
    broker: { readonly address: string },
    clients: readonly Client[],
  ): Promise<Map<string, number>> {
    const publisher = await startPublisher(broker)
    await publisher.publish(message('A'))
    for (const client of clients) {
      expect(await client.next()).to.deep.equal({ event: 'message', data: message('A') })
    }
    await Promise.all(clients.map((client) => client.close()))
    const metrics = await eventually(
      () => service.metrics().catch(() => new Map<string, number>()),
      (values) => values.get('afluente_sessions') === 0,
    )
    expect(metrics.get('afluente_uncaught_errors_total')).to.equal(0)
    expect(await service.stats()).to.include({ active_subscribers: 0, devices_being_monitored: 0 })
    const again = await open(service)
    await publisher.publish(message('A'))
    expect(await again.next()).to.deep.equal({ event: 'message', data: message('A') })
    return metrics
  }

  // Not fewer: Node reads an application's modules side by side, and needs about a hundred to start at all.
  it('row 30: drops who is too many and counts it, finds the broker again, and serves again after', async () => {
    const broker = await startMosquitto()
    const service = await startService({ BROKER_HOST: broker.address }, [], 'ulimit -n 256')
    await service.printed(/Bridge MQTT → WebSocket activo/)
    const { clients, refused } = await openMany(service, 300)
    expect(clients, 'served').to.have.length.within(1, 255)

    // A broker that comes back needs a descriptor too.
    await broker.stop('SIGKILL')
    await service.printed(/The MQTT feed is down/)
    await broker.start()
    await service.printed(/activo[^]*activo/)

    const metrics = await servesOn(service, broker, clients)
    expect(metrics.get('afluente_connections_dropped_total')).to.be.at.least(refused)
  })

  it('row 30: leaves the feed its descriptor, whichever port the crowd comes to', async () => {
    const broker = await startMosquitto()
    const port = await freePort()
    const service = await startService(
      { BROKER_HOST: broker.address, PUBLIC_PORT: String(port) },
      [],
      'ulimit -n 256',
    )
    await service.printed(/Bridge MQTT → WebSocket activo/)
    await openMany(service, 60)
    const idle = Array.from({ length: 300 }, () => startExchange(port))
    await eventually(
      () => idle.filter(({ stream }) => stream.destroyed).length,
      (dropped) => dropped >= 50,
    )
    await broker.stop('SIGKILL')
    await service.printed(/The MQTT feed is down/)
    await broker.start()
    await service.printed(/activo[^]*activo/)
    for (const { stream } of idle) stream.destroy()
    await eventually(
      () => service.metrics().catch(() => new Map<string, number>()),
      (metrics) => (metrics.get('afluente_connections_dropped_total') ?? 0) >= 50,
    )
  })

  it('row 30: a limit that is lowered to 60 under it ends nothing', async () => {
    const broker = await startMosquitto()
    const service = await startService({ BROKER_HOST: broker.address })
    await service.printed(/Bridge MQTT → WebSocket activo/)
    execFileSync('prlimit', ['--pid', String(service.child.pid), '--nofile=60:60'])
    const { clients } = await openMany(service, 80)
    expect(clients, 'served').to.have.length.within(1, 79)
    await servesOn(service, broker, clients)
  })
})
