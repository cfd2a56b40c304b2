import { identity, map, merge, NEVER, type Observable, ReplaySubject, retry, tap, timer } from 'rxjs'
import { shareDoor } from './doors/shareDoor.js'
import { streamDoor, type StreamDoorOptions } from './doors/streamDoor.js'
import type { Visitor } from './doors/visitor.js'
import { decode, type DecodeOptions } from './feed/decode.js'
import { deviceStreams } from './feed/deviceStreams.js'
import type { LastKnown } from './feed/lastKnown.js'
import type { Feed } from './feed/mqttFeed.js'
import { type AppOptions, createApp } from './http/app.js'
import { metricsOf } from './http/metrics.js'
import type { AllowedOrigins } from './http/origins.js'
import { listener, type ListenerOptions } from './http/listener.js'
import { createPublicApp } from './http/publicApp.js'
import { sharePage, type SharePageOptions } from './http/sharePage.js'
import { shareStreamPath } from './http/sharePaths.js'
import { shareRoutes } from './http/shareRoutes.js'
import { mergeAllLean } from './operators/mergeAllLean.js'
import { wheel } from './operators/wheel.js'
import { busyLoop } from './session/busyLoop.js'
import { type Closing, closings } from './session/closing.js'
import { openSession, type OpenSessionOptions } from './session/openSession.js'
import { pace } from './session/pace.js'
import type { Shares } from './shares/shares.js'
import { countBy, type Counters } from './stats/counters.js'
import { limitedLines } from './stats/limitedLines.js'
import type { Log } from './stats/log.js'
import { type Reading, readinessOf, type Snapshot, statsOf } from './stats/reading.js'

/** What a gateway is made of, and its limits. A limit of 0 means none. */
export interface GatewayOptions
  extends
    Omit<OpenSessionOptions, 'drain$' | 'keepAlive$' | 'onFrame' | 'pace'>,
    Pick<StreamDoorOptions, 'maxDevicesPerSession' | 'maxSessionsPerToken' | 'accessTokens'>,
    Omit<DecodeOptions, 'onMalformed'>,
    Omit<ListenerOptions, 'paths' | 'ownHostPaths' | 'isDraining'>,
    Pick<AppOptions, 'routes'>,
    Pick<SharePageOptions, 'tilesUrl' | 'tilesAttribution'> {
  readonly feed: Feed
  readonly lastKnown: LastKnown
  readonly counters: Counters
  readonly log: Log
  /** Whose pages may read HTTP answers; `*` for all. */
  readonly allowedOrigins: AllowedOrigins
  /** What `/health` calls the service. */
  readonly name: string
  readonly version: string
  /** A device that nobody watches is freed when it was silent for this long, in milliseconds. */
  readonly deviceIdleMs: number
  /** What stats, metrics and readiness tell of: a group that this process is one of. Default: this process alone. */
  readonly readGroup?: () => Promise<Reading>
  /** Share links. Default: there are none, and nothing of theirs is served. */
  readonly shares?: Shares
  /** Whether their store can be reached. Default: it can. */
  readonly storeConnected$?: Observable<boolean>
}

export interface Gateway {
  /** Listens on a port, 0 for any that is free. Resolves with it. */
  listen(port: number, host: string): Promise<number>
  /** Listens on another port, for strangers: nothing but what the viewer of a share needs. Resolves with the port. */
  listenPublicly(port: number, host: string): Promise<number>
  /** What this process knows of itself now. */
  snapshot(): Snapshot
  /** Takes nobody in any more, tells every session to come back later, and resolves when all of them are gone. */
  drain(): Promise<void>
}

const streamPath = '/api/v1/stream'
const sharePaths = new Set([shareStreamPath])

/** The pipeline, whole: the only place where the feed meets the sessions. It runs from the moment it is made. */
export function createGateway(options: GatewayOptions): Gateway {
  const { feed, lastKnown, counters, log, shares, storeConnected$ = NEVER } = options
  const state = { isFeedUp: false, isDraining: false, isStoreUp: true }
  const isDraining = () => state.isDraining
  const drain$ = new ReplaySubject<Closing>(1)
  const lines = limitedLines(10_000)

  const envelopes$ = feed.messages$.pipe(
    retry({ delay: () => timer(1000) }),
    decode({
      ...options,
      onMalformed(reason) {
        countBy(counters.malformed, reason)
        lines(reason, (held_back) =>
          log.warn('Skipped a payload that is no device message', { reason, held_back }),
        )
      },
    }),
    shares?.note === undefined ? identity : tap(shares.note),
  )
  const streams = deviceStreams(envelopes$, { counters, lastKnown, idleMs: options.deviceIdleMs })

  const snapshot = (): Snapshot => {
    const { rss, heapUsed } = process.memoryUsage()
    const watchedDevices = streams.watchedDevices()
    return { ...state, counters, watchedDevices, residentBytes: rss, heapUsedBytes: heapUsed }
  }
  const { readGroup = () => Promise.resolve(snapshot()) } = options

  const takeOver = openSession({
    ...options,
    drain$,
    keepAlive$: wheel(options.keepAliveMs),
    onFrame: () => counters.ignoredFrames++,
    pace: pace(busyLoop()),
  })
  const { watch } = streams
  const doors = new Map<string, (visitor: Visitor) => Observable<Closing>>()
  doors.set(streamPath, streamDoor({ ...options, takeOver, watch }))
  if (shares !== undefined) doors.set(shareStreamPath, shareDoor({ ...options, shares, takeOver, watch }))

  const page = shares && sharePage(options)
  const app = createApp({
    ...options,
    stats: async () => statsOf(await readGroup()),
    readiness: async () => readinessOf(await readGroup()),
    metrics: metricsOf(readGroup),
    isDraining,
    streamPaths: new Set(doors.keys()),
    routes: [...(shares && page ? [shareRoutes(shares), page] : []), ...(options.routes ?? [])],
  })
  const listening = { ...options, ownHostPaths: sharePaths, isDraining }
  const main = listener(app, { ...listening, paths: new Set(doors.keys()) })
  const publicly =
    shares && page
      ? listener(createPublicApp({ ...options, shares, page, isDraining }), {
          ...listening,
          paths: sharePaths,
        })
      : undefined
  const sessions$ = merge(main.connections$, publicly?.connections$ ?? NEVER).pipe(
    tap(() => counters.sessions++),
    map((connection) => doors.get(connection.path)?.(connection) ?? NEVER),
    mergeAllLean(),
    tap((closing) => {
      counters.sessions--
      countBy(counters.ended, closing.name)
    }),
  )

  const isFeedUp$ = feed.connected$.pipe(tap((isUp) => (state.isFeedUp = isUp)))
  const isStoreUp$ = storeConnected$.pipe(tap((isUp) => (state.isStoreUp = isUp)))
  const sharing$ = merge(isStoreUp$, shares?.running$ ?? NEVER)
  const running = merge(streams.running$, sessions$, isFeedUp$, sharing$).subscribe({
    error: (error: unknown) => log.error('The pipeline failed', { reason: String(error) }),
  })

  return {
    listen: (port, host) => main.listen(port, host),
    async listenPublicly(port, host) {
      if (publicly === undefined)
        throw new TypeError('shares: expected, since nothing else is shown to strangers')
      return publicly.listen(port, host)
    },
    snapshot,
    async drain() {
      state.isDraining = true
      drain$.next(closings.draining)
      await Promise.all([main.close(), publicly?.close()])
      running.unsubscribe()
    },
  }
}
