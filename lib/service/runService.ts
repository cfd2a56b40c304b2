import { fileURLToPath } from 'node:url'
import { merge } from 'rxjs'
import { mqttFeed } from '../feed/mqttFeed.js'
import { createGateway, type GatewayOptions } from '../gateway.js'
import { examplePages } from '../http/examplePages.js'
import type { Counters } from '../stats/counters.js'
import type { Log } from '../stats/log.js'
import type { Snapshot } from '../stats/reading.js'
import { openShares } from './openShares.js'
import type { OtherWorkers } from './openShareStore.js'
import { openStores } from './openStores.js'
import type { Settings } from './settings.js'

export interface Service {
  readonly port: number
  /** Drains, and resolves when nothing is left open. */
  end(): Promise<void>
}

export interface OneProcess extends Service {
  /** What this process knows of itself now. */
  snapshot(): Snapshot
}

export interface RunOptions extends Pick<GatewayOptions, 'readGroup'> {
  /** Whether to serve the examples, too. */
  readonly isDemo: boolean
  /** Of a worker: the rest of its group. */
  readonly others?: OtherWorkers
}

const examples = fileURLToPath(new URL('../../../examples', import.meta.url))

/** The service in this process, from its settings, which must name a broker. */
export async function runService(
  settings: Settings,
  log: Log,
  counters: Counters,
  { isDemo, others, ...options }: RunOptions,
): Promise<OneProcess> {
  const feed = mqttFeed({
    url: settings.BROKER_HOST ?? '',
    topics: settings.BROKER_TOPIC,
    qos: settings.MQTT_QOS,
    protocolVersion: settings.MQTT_VERSION,
    keepAliveSecs: settings.MQTT_KEEPALIVE_SECS,
    counters,
    log,
    ...(settings.MQTT_USERNAME === undefined ? {} : { username: settings.MQTT_USERNAME }),
    ...(settings.MQTT_PASSWORD === undefined ? {} : { password: settings.MQTT_PASSWORD }),
  })
  const stores = await openStores(settings, log, others)
  let port = settings.PORT
  const { shares, accessTokens, running$ } = openShares(settings, stores, log, () => port)
  const gateway = createGateway({
    ...gatewaySettings(settings),
    ...options,
    feed,
    lastKnown: stores.lastKnown,
    shares,
    storeConnected$: stores.connected$,
    ...(accessTokens === undefined ? {} : { accessTokens }),
    counters,
    log,
    ...(isDemo ? { routes: [examplePages(examples, 'websocket_client_example.html')] } : {}),
  })
  const working = merge(stores.running$, running$).subscribe({
    error: (error: unknown) => log.error('The stores work no more', { reason: String(error) }),
  })
  port = await gateway.listen(settings.PORT, settings.HOST)
  if (settings.PUBLIC_PORT !== undefined) {
    const publicPort = await gateway.listenPublicly(settings.PUBLIC_PORT, settings.HOST)
    log.info('The public port is open', { host: settings.HOST, port: publicPort })
  }
  return {
    port,
    snapshot: () => gateway.snapshot(),
    async end() {
      await gateway.drain()
      working.unsubscribe()
      await stores.close()
    },
  }
}

function gatewaySettings(
  settings: Settings,
): Omit<GatewayOptions, 'feed' | 'lastKnown' | 'counters' | 'log'> {
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
    maxSessionsPerToken: settings.MAX_SESSIONS_PER_TOKEN,
    tilesUrl: settings.MAP_TILES_URL,
    tilesAttribution: settings.MAP_TILES_ATTRIBUTION,
    maxFramesPerSecond: settings.MAX_COMMANDS_PER_SECOND,
    keepAliveMs: 1000 * settings.WEBSOCKET_KEEPALIVE_SECS,
    handshakeTimeoutMs: 1000 * settings.HANDSHAKE_TIMEOUT_SECS,
    closeTimeoutMs: 1000 * settings.CLOSE_TIMEOUT_SECS,
  }
}
