import { fileURLToPath } from 'node:url'
import { mqttFeed } from '../feed/mqttFeed.js'
import { createGateway, type GatewayOptions } from '../gateway.js'
import { examplePages } from '../http/examplePages.js'
import type { Counters } from '../stats/counters.js'
import type { Log } from '../stats/log.js'
import { memoryLastKnown } from '../stores/memoryLastKnown.js'
import { type Demo, startDemo } from './demo.js'
import type { Settings } from './settings.js'

export interface Service {
  readonly port: number
  /** Drains, and resolves when nothing is left open. */
  end(): Promise<void>
}

const examples = fileURLToPath(new URL('../../../examples', import.meta.url))

/** The whole service, from its settings: the demo beside it where no broker is named. */
export async function runService(settings: Settings, log: Log, counters: Counters): Promise<Service> {
  const demo = settings.BROKER_HOST === undefined ? await startDemo() : undefined
  const feed = mqttFeed({
    url: settings.BROKER_HOST ?? demo?.brokerUrl ?? '',
    topics: settings.BROKER_TOPIC,
    qos: settings.MQTT_QOS,
    protocolVersion: settings.MQTT_VERSION,
    keepAliveSecs: settings.MQTT_KEEPALIVE_SECS,
    counters,
    log,
    ...(settings.MQTT_USERNAME === undefined ? {} : { username: settings.MQTT_USERNAME }),
    ...(settings.MQTT_PASSWORD === undefined ? {} : { password: settings.MQTT_PASSWORD }),
  })
  const gateway = createGateway({
    ...gatewaySettings(settings),
    feed,
    counters,
    log,
    ...(demo === undefined ? {} : { routes: examplePages(examples, 'websocket_client_example.html') }),
  })
  const port = await gateway.listen(settings.PORT, settings.HOST)
  if (demo === undefined) log.info('Listening', { host: settings.HOST, port })
  else explain(demo, port)
  return {
    port,
    async end() {
      await gateway.drain()
      await demo?.end()
    },
  }
}

function gatewaySettings(settings: Settings): Omit<GatewayOptions, 'feed' | 'counters' | 'log'> {
  const { ALLOWED_ORIGINS, PUBLIC_URL, CHECK_WS_ORIGIN } = settings
  const own = PUBLIC_URL === undefined ? [] : [new URL(PUBLIC_URL).origin]
  const allowedOrigins = ALLOWED_ORIGINS === '*' ? '*' : [...ALLOWED_ORIGINS, ...own]
  return {
    name: settings.APP_NAME,
    version: settings.APP_VERSION,
    allowedOrigins,
    allowedSocketOrigins: CHECK_WS_ORIGIN ? allowedOrigins : '*',
    deviceIdPlace: settings.DEVICE_ID_PATH,
    deviceIdleMs: 1000 * settings.DEVICE_IDLE_SECS,
    maxPayloadBytes: settings.MAX_PAYLOAD_BYTES,
    mailboxCapacity: settings.MAILBOX_CAPACITY,
    mailboxBytes: settings.MAILBOX_BYTES,
    maxSessions: settings.MAX_SESSIONS,
    maxDevicesPerSession: settings.MAX_DEVICES_PER_SESSION,
    maxFramesPerSecond: settings.MAX_COMMANDS_PER_SECOND,
    keepAliveMs: 1000 * settings.WEBSOCKET_KEEPALIVE_SECS,
    handshakeTimeoutMs: 1000 * settings.HANDSHAKE_TIMEOUT_SECS,
    closeTimeoutMs: 1000 * settings.CLOSE_TIMEOUT_SECS,
    lastKnown: memoryLastKnown({
      maxDevices: settings.LAST_KNOWN_MAX_DEVICES,
      maxAgeMs: 1000 * settings.LAST_KNOWN_MAX_AGE_SECS,
    }),
  }
}

function explain({ brokerUrl, deviceIds }: Demo, port: number): void {
  const here = `localhost:${port}`
  const [first = '', second = ''] = deviceIds
  process.stdout.write(`
  afluente runs, with nothing configured: an MQTT broker of its own and ${deviceIds.length} demo vehicles that report once a second.

  Watch in a browser  http://${here}/
  WebSocket           ws://${here}/api/v1/stream?device_ids=${first},${second}
  Stats               http://${here}/api/v1/stream/stats
  Publish yourself    mosquitto_pub -h 127.0.0.1 -p ${new URL(brokerUrl).port} -t tracking/data -m '{"data":{"DEVICE_ID":"${first}","LAT":20.5,"LON":-100.4}}'

  With BROKER_HOST=your.broker it is the production service, and starts neither. Ctrl-C ends it.

`)
}
