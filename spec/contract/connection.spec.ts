import { connect, connectAsync, type IConnackPacket } from 'mqtt'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { freePort, startMosquitto } from '../support/mosquitto.js'
import { closeAll, opens } from '../support/opened.js'
import { run } from '../support/process.js'
import { message, startPublisher } from '../support/publisher.js'
import { startService, startServiceAt } from '../support/service.js'

const up = /✅ Bridge MQTT → WebSocket activo/
const readiness = async (service: { http: string }) => {
  const response = await fetch(`${service.http}/readyz`)
  return { code: response.status, feed: ((await response.json()) as { feed: string }).feed }
}

describe('the connection to the broker', () => {
  afterEach(closeAll)

  it('1.1 speaks MQTT 3.1.1 with a clean session by default, one consumer a process', async () => {
    const broker = await startMosquitto()
    await startServiceAt(broker)
    const joined = /New client connected from \S+ as (afluente-\w+) \(p(\d), c(\d), k\d+\)/g
    const clients = [...broker.process().output().matchAll(joined)]
    expect(clients).to.have.length(1)
    expect(clients[0]?.slice(2)).to.deep.equal(['2', '1'])
  })

  it('1.1 speaks MQTT 5 where it is told to', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, { MQTT_VERSION: '5' })
    expect(broker.process().output()).to.match(/as afluente-\w+ \(p5, c1, k\d+\)/)
    const watcher = await openClient(`${service.ws}/api/v1/stream?device_ids=A`)
    await (await startPublisher(broker)).publish(message('A'))
    expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('A') })
  })

  for (const [form, address] of [
    ['host:port', (port: number) => `localhost:${port}`],
    ['an mqtt:// URL', (port: number) => `mqtt://127.0.0.1:${port}`],
  ] as const) {
    it(`1.1 takes BROKER_HOST as ${form}`, async () => {
      const broker = await startMosquitto()
      const service = await startService({ BROKER_HOST: address(broker.port) })
      await service.printed(up)
    })
  }

  it('1.1 takes BROKER_HOST as a ws:// URL', async () => {
    const port = await freePort()
    const broker = await startMosquitto(`listener ${port} 127.0.0.1\nprotocol websockets`)
    const service = await startService({ BROKER_HOST: `ws://127.0.0.1:${port}` })
    await service.printed(up)
    const watcher = await openClient(`${service.ws}/api/v1/stream?device_ids=A`)
    await (await startPublisher(broker)).publish(message('A'))
    expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('A') })
  })

  it('1.1 takes BROKER_HOST as an mqtts:// or wss:// URL, and asks for TLS there', async () => {
    for (const scheme of ['mqtts', 'wss']) {
      const broker = await startMosquitto()
      const service = await startService({ BROKER_HOST: `${scheme}://127.0.0.1:${broker.port}` })
      await service.printed(/The MQTT feed is down: connecting again/)
      await broker
        .process()
        .printed(/Client <unknown> (disconnected due to protocol error|closed its connection)/)
      expect(broker.process().output()).to.not.contain('as afluente-')
    }
  })

  it('1.1 subscribes to tracking/data by default, at QoS 0', async () => {
    const broker = await startMosquitto()
    await startServiceAt(broker)
    expect(broker.process().output()).to.match(/afluente-\w+ 0 tracking\/data\n/)
  })

  it('1.1 subscribes to each of several filters in BROKER_TOPIC', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker, { BROKER_TOPIC: 'fleet/+/position, tracking/data,a/#' })
    const watcher = await openClient(`${service.ws}/api/v1/stream?device_ids=A`)
    const publisher = await startPublisher(broker)
    const topics = ['fleet/7/position', 'tracking/data', 'a/b/c', 'a']
    await publisher.publish(message('A', { n: -1 }), 'fleet/7/other')
    for (const [n, topic] of topics.entries()) await publisher.publish(message('A', { n }), topic)
    for (const n of topics.keys()) {
      expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('A', { n }) })
    }
    expect((await service.stats()).total_messages_processed).to.equal(topics.length)
  })

  it('1.1 subscribes at the QoS it is told', async () => {
    for (const qos of ['1', '2']) {
      const broker = await startMosquitto()
      await startServiceAt(broker, { MQTT_QOS: qos })
      expect(broker.process().output()).to.match(new RegExp(`afluente-\\w+ ${qos} tracking/data\\n`))
    }
  })

  it('1.1 logs in with MQTT_USERNAME and MQTT_PASSWORD, and says so where they are refused', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'passwords-'))
    opens('password file', () => rm(directory, { recursive: true }))
    const file = join(directory, 'passwords')
    expect(await run('mosquitto_passwd', ['-b', '-c', file, 'gateway', 'pässword ✓']).exited).to.equal(0)
    const broker = await startMosquitto(`allow_anonymous false\npassword_file ${file}\nuser root`)
    const environment = { BROKER_HOST: broker.address, MQTT_USERNAME: 'gateway' }
    const welcome = await startService({ ...environment, MQTT_PASSWORD: 'pässword ✓' })
    const refused = await startService({ ...environment, MQTT_PASSWORD: 'wrong-one' })
    await welcome.printed(up)
    await refused.printed(/The MQTT feed is down: connecting again .*Not authorized/)
    await refused.printed(/attempt=2/)
    expect(await readiness(welcome)).to.deep.equal({ code: 200, feed: 'up' })
    expect(await readiness(refused)).to.deep.equal({ code: 503, feed: 'down' })
    expect(refused.output()).to.not.contain('wrong-one')
  })

  for (const [version, protocolVersion] of [
    ['3.1.1', 4],
    ['5', 5],
  ] as const) {
    it(`1.1 leaves nothing behind on the broker when it ends, in MQTT ${version}`, async () => {
      const broker = await startMosquitto()
      const service = await startServiceAt(broker, { MQTT_VERSION: version, MQTT_QOS: '1' })
      const [, clientId = ''] = await broker.process().printed(/as (afluente-\w+) /)
      await service.stop('SIGKILL')
      await broker.process().printed(new RegExp(`Client ${clientId} (closed|disconnected)`))
      // What a session kept, whoever comes back under its name is told.
      const again = connect(`mqtt://${broker.address}`, {
        clientId,
        clean: false,
        protocolVersion,
        reconnectPeriod: 0,
      })
      opens('MQTT client', () => again.endAsync(true))
      const { sessionPresent } = await new Promise<IConnackPacket>((resolve) =>
        again.once('connect', resolve),
      )
      expect(sessionPresent).to.equal(false)
    })
  }

  it('1.1 begins without a broker, says so in log and readiness, and is there when the broker is', async () => {
    const port = await freePort()
    const service = await startService({ BROKER_HOST: `127.0.0.1:${port}` })
    const watcher = await openClient(`${service.ws}/api/v1/stream?device_ids=A`)
    await service.printed(/The MQTT feed is down: connecting again .*ECONNREFUSED.* attempt=3/)
    expect(await readiness(service)).to.deep.equal({ code: 503, feed: 'down' })
    const broker = await startMosquitto('', port)
    await service.printed(up)
    expect(await readiness(service)).to.deep.equal({ code: 200, feed: 'up' })
    await (await startPublisher(broker)).publish(message('A'))
    expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('A') })
  })

  it('1.1 waits longer from try to try, never twice alike', async () => {
    const service = await startService({ BROKER_HOST: `127.0.0.1:${await freePort()}` })
    await service.printed(/attempt=4/)
    const told = service.output().matchAll(/in_ms=(\d+) attempt=(\d)/g)
    const delays = [...told].slice(0, 4).map(([, delay, attempt]) => Number(delay) / 2 ** Number(attempt))
    for (const delay of delays) expect(delay).to.be.within(62, 125)
    expect(new Set(delays).size).to.be.above(1)
  })

  it('1.1 outlives a broker that goes away: sessions stay, and messages come again', async () => {
    const broker = await startMosquitto()
    const service = await startServiceAt(broker)
    const watcher = await openClient(`${service.ws}/api/v1/stream?device_ids=A`)
    await broker.stop('SIGKILL')
    await eventually(
      () => readiness(service),
      ({ code }) => code === 503,
    )
    await broker.start()
    await eventually(
      () => readiness(service),
      ({ code }) => code === 200,
    )
    const publisher = await connectAsync(`mqtt://${broker.address}`)
    opens('publisher', () => publisher.endAsync(true))
    await publisher.publishAsync('tracking/data', JSON.stringify(message('A')))
    expect(await watcher.next()).to.deep.equal({ event: 'message', data: message('A') })
  })
})
