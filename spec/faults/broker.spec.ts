import { expect } from 'chai'
import { startEmbeddedBroker } from '../../lib/service/embeddedBroker.js'
import { type Client, openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { openLedger, startLoad } from '../support/load.js'
import { freePort, type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { closeAll, opens } from '../support/opened.js'
import { message, type Publisher, startPublisher } from '../support/publisher.js'
import { connackCodes, startScriptedBroker } from '../support/scriptedBroker.js'
import { type ServiceUnderTest, startService, startServiceAt } from '../support/service.js'

const readiness = async ({ http }: ServiceUnderTest) => (await fetch(`${http}/readyz`)).status
const connections = async (service: ServiceUnderTest) =>
  (await service.metrics()).get('afluente_feed_connections_total')
const watch = (service: ServiceUnderTest, deviceId: string): Promise<Client> =>
  openClient(`${service.ws}/api/v1/stream?device_ids=${deviceId}`)

/** Ids of the service's clients, one for each subscription that this broker process was asked for. */
function subscriptions(broker: Mosquitto): string[] {
  const lines = broker
    .process()
    .output()
    .matchAll(/Received SUBSCRIBE from (afluente-\S+)/g)
  return [...lines].map(([, id = '']) => id)
}

/** A load that goes on until it is told to stop, for what must happen in the midst of it. */
function underLoad(publisher: Publisher, deviceId: string): { stop(): Promise<unknown> } {
  const timer = setInterval(() => {
    for (let count = 0; count < 10; count++) publisher.client.publish('tracking/data', payload)
  }, 10)
  const payload = JSON.stringify(message(deviceId))
  return { stop: opens('load', () => clearInterval(timer)) }
}

describe('a broker that fails', () => {
  afterEach(closeAll)

  it('row 1: killed under load and back, it is found again while every session stays open', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker)
    const watcher = await watch(service, 'A')
    const publisher = await startPublisher(broker)
    publisher.client.on('error', () => undefined)
    const load = underLoad(publisher, 'A')
    await watcher.messages(100)
    expect(await readiness(service)).to.equal(200)

    await broker.stop('SIGKILL')
    await load.stop()
    await publisher.close()
    await service.printed(/The MQTT feed is down.* attempt=4/)
    expect(await readiness(service)).to.equal(503)
    expect(await service.stats()).to.include({ active_subscribers: 1, open_sessions: 1 })

    await broker.start()
    await eventually(
      () => readiness(service),
      (status) => status === 200,
    )
    expect(subscriptions(broker), 'one subscription').to.have.length(1)
    expect(await connections(service)).to.equal(2)
    const numbered = startLoad(await startPublisher(broker), ['A'], 200)
    await numbered.publish(50)
    const ledger = openLedger()
    while (ledger.received < numbered.sent) ledger.enter(await watcher.next(({ data }) => 'padding' in data))
    expect(watcher.socket.readyState).to.equal(watcher.socket.OPEN)
  })

  it('row 2: refusing twice, it is connected at the third try', async () => {
    const { unavailable, notAuthorized, accepted } = connackCodes
    const broker = await startScriptedBroker([unavailable, notAuthorized, accepted])
    const service = await startServiceAt(broker)
    expect(broker.connects()).to.equal(3)
    expect(service.output().match(/The MQTT feed is down/g)).to.have.length(2)
    expect(await readiness(service)).to.equal(200)
    const watcher = await watch(service, 'A')
    await broker.send(JSON.stringify(message('A')))
    expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('A') })
  })

  it('row 3: frozen, it is noticed by its silence, and found again when it thaws', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, { MQTT_KEEPALIVE_SECS: '1' })
    const watcher = await watch(service, 'A')
    broker.process().child.kill('SIGSTOP')
    await service.printed(/The MQTT feed is down.*Keepalive timeout/)
    expect(await readiness(service)).to.equal(503)
    broker.process().child.kill('SIGCONT')
    await eventually(
      () => readiness(service),
      (status) => status === 200,
    )
    expect(await connections(service)).to.equal(2)
    const publisher = await startPublisher(broker)
    await publisher.publish(message('A'))
    expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('A') })
  })

  it('row 3: a keep-alive of half a second, which MQTT has no way to say, is refused at the start', async () => {
    const started = startService({ BROKER_HOST: '127.0.0.1:1', MQTT_KEEPALIVE_SECS: '0.5' })
    const failure = await started.then(String, String)
    expect(failure).to.match(/MQTT_KEEPALIVE_SECS: /)
  })

  it('row 4: with two processes, neither takes the connection of the other', async () => {
    const broker = await startMosquitto()
    const services = await Promise.all([startServiceAt(broker), startServiceAt(broker)])
    const watchers = await Promise.all(services.map((service) => watch(service, 'A')))
    const publisher = await startPublisher(broker)
    const load = startLoad(publisher, ['A'], 200)
    await load.publish(90)
    for (const watcher of watchers) {
      const ledger = openLedger()
      while (ledger.received < load.sent) ledger.enter(await watcher.next())
    }
    const ids = subscriptions(broker)
    expect(new Set(ids).size, 'ids of their own').to.equal(2)
    expect(ids, 'each subscribed once').to.have.length(2)
    for (const service of services) expect(await connections(service)).to.equal(1)
  })

  it('row 5: speaking 3.1.1 alone, it is spoken to in 3.1.1, which is said once', async () => {
    const port = await freePort()
    const start = async () => {
      const broker = await startEmbeddedBroker(port)
      return { address: new URL(broker.url).host, stop: opens('aedes', () => broker.close()) }
    }
    const broker = await start()
    const service = await startServiceAt(broker, { MQTT_VERSION: '5' })
    expect(service.output()).to.match(/Bridge MQTT → WebSocket activo .*mqtt="3\.1\.1"/)
    await broker.stop()
    await service.printed(/The MQTT feed is down/)
    await start()
    await eventually(
      () => connections(service),
      (count) => count === 2,
    )
    expect(service.output().match(/falling back to 3\.1\.1/g), 'one line').to.have.length(1)
    const watcher = await watch(service, 'A')
    await (await startPublisher(broker)).publish(message('A'))
    expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('A') })
  })

  for (const version of ['3.1.1', '5']) {
    it(`row 6: a payload of 1 MB is skipped and counted, over MQTT ${version}`, async () => {
      const broker = await startMosquitto()
      const service = await startServiceAt(broker, { MQTT_VERSION: version })
      const watcher = await watch(service, 'A')
      const publisher = await startPublisher(broker)
      await publisher.publish(message('A', { NOTE: 'x'.repeat(2 ** 20) }))
      await publisher.publish(message('A', { NOTE: 'next' }))
      expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('A', { NOTE: 'next' }) })
      const metrics = await service.metrics()
      expect(metrics.get('afluente_malformed_total{reason="oversize"}')).to.equal(1)
      expect(metrics.get('afluente_messages_total')).to.equal(1)
      expect(metrics.get('afluente_feed_connections_total')).to.equal(1)
      expect(service.output())
        .to.match(/mqtt="(3\.1\.1|5)"/)
        .and.not.include('xxxx')
    })
  }

  it('row 7: 10,000 retained messages at subscribing are taken and counted, in bounded memory', async () => {
    const retained = 10_000
    const broker = await startMosquitto()
    const publisher = await startPublisher(broker)
    const payload = (id: number) => JSON.stringify(message(String(id), { NOTE: 'x'.repeat(1000) }))
    for (let id = 1; id <= retained; id++) {
      const written = publisher.client.publishAsync(`fleet/${id}`, payload(id), { retain: true })
      if (id % 1000 === 0) await written
    }
    const service = await startServiceAt(broker, { BROKER_TOPIC: 'fleet/+' })
    const metrics = await eventually(
      () => service.metrics(),
      (values) => values.get('afluente_messages_total') === retained,
    )
    expect(metrics.get('afluente_messages_unwatched_total')).to.equal(retained)
    expect(metrics.get('afluente_feed_connections_total'), 'the connection is kept').to.equal(1)
    expect(metrics.get('afluente_resident_memory_bytes')).to.be.below(256 * 2 ** 20)
    const watcher = await watch(service, '7')
    await publisher.publish(message('7'), 'fleet/7')
    expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('7') })
  })

  it('row 1: away when the service starts, it is asked again until it is there', async () => {
    const port = await freePort()
    const service = await startService({ BROKER_HOST: `127.0.0.1:${port}` })
    await service.printed(/The MQTT feed is down.* attempt=2/)
    expect(await readiness(service)).to.equal(503)
    const watcher = await watch(service, 'A')
    const broker = await startMosquitto('', port)
    await service.printed(/Bridge MQTT → WebSocket activo/)
    expect(await readiness(service)).to.equal(200)
    await (await startPublisher(broker)).publish(message('A'))
    expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('A') })
  })
})
