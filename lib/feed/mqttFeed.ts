import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { BehaviorSubject, distinctUntilChanged, type Observable, retry, share, timer } from 'rxjs'
import { produce } from '../operators/link.js'
import type { Counters } from '../stats/counters.js'
import type { Log } from '../stats/log.js'
import type { FeedMessage } from './decode.js'
import { brokerSocket } from './brokerSocket.js'
import { connectionRefusal, isVersionRefused } from './brokerRefusal.js'

export interface MqttFeedOptions {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`. */
  readonly url: string
  /** Topic filters. */
  readonly topics: readonly string[]
  readonly counters: Counters
  readonly log: Log
  readonly username?: string
  readonly password?: string
  readonly qos?: 0 | 1 | 2
  /** 5, or 4 for MQTT 3.1.1 (default). A broker that refuses 5 is spoken to in 3.1.1. */
  readonly protocolVersion?: 4 | 5
  /** A broker silent for one and a half of these is given up, in seconds. Default 15. */
  readonly keepAliveSecs?: number
  /** The first delay before connecting anew, in milliseconds; it doubles up to `maxDelayMs`. Default 250 and 10,000. */
  readonly minDelayMs?: number
  readonly maxDelayMs?: number
}

export interface Feed {
  /** What the broker delivers: hot, one connection for all subscribers. It never errors and never completes. */
  readonly messages$: Observable<FeedMessage>
  /** Whether the broker is connected and has granted the subscription; says so at once, and whenever it changes. */
  readonly connected$: Observable<boolean>
}

/**
 * One consumer of an MQTT broker. A broker that is down, goes away, freezes or refuses is asked again for ever, after
 * a growing, jittered delay; the session on the broker is clean, so nothing is left there.
 *
 * @example
 * ```ts
 * import { createCounters, mqttFeed, silentLog } from 'afluente'
 *
 * const feed = mqttFeed({ url: 'mqtt://localhost', topics: ['tracking/data'], counters: createCounters(), log: silentLog })
 * feed.messages$.subscribe({ next: ({ topic }) => console.log(topic), error: console.error })
 * ```
 */
export function mqttFeed(options: MqttFeedOptions): Feed {
  const { url, topics, counters, log, qos = 0, minDelayMs = 250, maxDelayMs = 10_000 } = options
  const connected$ = new BehaviorSubject(false)
  let protocolVersion = options.protocolVersion ?? 4
  let failures = 0

  const messages$ = produce<FeedMessage>((out) => {
    const client = clientOf(url, clientOptions(options, protocolVersion), (message) => out.next(message))
    let isAnswered = false
    const fail = (error: Error) => out.error(error)
    client.on('connect', () => {
      isAnswered = true
      client.subscribe([...topics], { qos }, (error, granted = []) => {
        const refused = granted.find((grant) => grant.qos >= 128)
        if (error !== null) fail(error)
        else if (refused !== undefined)
          fail(new Error(`the broker refused the subscription to ${refused.topic}`))
        else onSubscribed()
      })
    })
    // The packet itself is the message: an object less for each.
    client.on('message', (_topic, _payload, packet) => out.next(packet as FeedMessage))
    client.handleMessage = inPieces(client)
    client.on('error', fail)
    client.on('close', () => fail(connectionRefusal(isAnswered)))
    return () => {
      connected$.next(false)
      client.end(!client.connected)
    }
  }).pipe(retry({ delay: (error) => timer(delayAfter(error)) }), share())

  function onSubscribed(): void {
    failures = 0
    counters.feedConnections++
    connected$.next(true)
    log.info('✅ Bridge MQTT → WebSocket activo', {
      topics: topics.join(','),
      mqtt: protocolVersion === 5 ? '5' : '3.1.1',
    })
  }

  function delayAfter(error: unknown): number {
    if (protocolVersion === 5 && isVersionRefused(error)) {
      protocolVersion = 4
      log.warn('The broker does not speak MQTT 5: falling back to 3.1.1')
      return 0
    }
    const delay = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(failures++, 30)) * (0.5 + Math.random() / 2)
    const reason = error instanceof Error ? error.message : String(error)
    log.warn('The MQTT feed is down: connecting again', {
      reason,
      in_ms: Math.round(delay),
      attempt: failures,
    })
    return delay
  }

  return { messages$, connected$: connected$.pipe(distinctUntilChanged()) }
}

/** A client that connects, and hands on itself only what doesn't pass it by. */
function clientOf(
  url: string,
  options: IClientOptions,
  onMessage: (message: FeedMessage) => void,
): MqttClient {
  const client = connect(url, { ...options, manualConnect: true })
  const { protocol, socksProxy, host = 'localhost', port = 1883 } = client.options
  const protocolVersion = options.protocolVersion === 5 ? 5 : 4
  if (protocol === 'mqtt' && !socksProxy) {
    const holder = client as unknown as { streamBuilder: () => Duplex } // private in MQTT.js; without it nothing is lost
    const isAccepted = () => client.connected
    holder.streamBuilder = () => brokerSocket({ host, port, protocolVersion, isAccepted, onMessage })
  }
  return client.connect()
}

// Where much waits to be read Node reads 2 MiB in one turn, which are thousands of messages; meanwhile nothing leaves.
const messagesAtOnce = 512

/** What tells the client that a message is dealt with: the last of each piece in the next turn, if it is connected then. */
function inPieces(client: MqttClient): MqttClient['handleMessage'] {
  let count = 0
  return (_packet, done) => {
    if (++count % messagesAtOnce !== 0) done()
    else setImmediate(() => client.connected && done()) // one that is ended has no stores any more
  }
}

function clientOptions(options: MqttFeedOptions, protocolVersion: 4 | 5): IClientOptions {
  const { username, password, keepAliveSecs = 15 } = options
  return {
    // Short enough for every 3.1.1 broker, and no two processes ever share it.
    clientId: `afluente-${randomBytes(6).toString('hex')}`,
    protocolVersion,
    clean: true,
    keepalive: keepAliveSecs,
    connectTimeout: 10_000,
    reconnectPeriod: 0, // connecting anew is `retry`'s, which grows and jitters
    resubscribe: false,
    log: () => undefined, // the client logs several times a message, and looks each time whether it should
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  }
}
