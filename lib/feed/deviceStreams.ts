import {
  asyncScheduler,
  filter,
  finalize,
  groupBy,
  type GroupedObservable,
  merge,
  mergeMap,
  type Observable,
  type SchedulerLike,
  Subject,
  type Subscriber,
  type Unsubscribable,
} from 'rxjs'
import { deliver } from '../operators/deliver.js'
import { produce } from '../operators/link.js'
import { wheel } from '../operators/wheel.js'
import type { Counters } from '../stats/counters.js'
import { DeviceActor, type WatchRequest } from './deviceActor.js'
import { Envelope } from './envelope.js'
import type { LastKnown } from './lastKnown.js'

export interface DeviceStreamsOptions {
  readonly counters: Counters
  readonly lastKnown: LastKnown
  /** A device that nobody watches is freed when it was silent for this long, in milliseconds. Default 60,000. */
  readonly idleMs?: number
  readonly scheduler?: SchedulerLike
}

type Item = Envelope | WatchRequest

export interface DeviceStreams {
  /** The merged streams of some devices, hot, each in its order. A device need not have reported yet. */
  readonly watch: (deviceIds: readonly string[]) => Observable<Envelope>
  /** The devices with at least one watcher, looked up when asked for. */
  readonly watchedDevices: () => string[]
  /** Runs the device actors for as long as it is subscribed. Emits nothing. */
  readonly running$: Observable<never>
}

/**
 * Partitions a feed into one actor per device. A group of `groupBy` lives as long as its actor and brings it the first
 * item: an envelope, or the request of who watches it, which is how a watcher may come before the first message. All
 * that follows goes to the actor directly.
 *
 * ```
 * feed$            a1--b1--a2--c1--|
 * watch(['a'])     a1------a2-----     never completes: the feed's end is not the session's
 * ```
 *
 * Law: `watch([id])` is `feed$.pipe(filter(({ deviceId }) => deviceId === id))`, at a cost that doesn't grow with the
 * number of other devices and sessions.
 *
 * @example
 * ```ts
 * import { createCounters, deviceStreams, memoryLastKnown } from 'afluente'
 * import { NEVER } from 'rxjs'
 *
 * const lastKnown = memoryLastKnown({ maxDevices: 1_000, maxAgeMs: 0 })
 * const streams = deviceStreams(NEVER, { counters: createCounters(), lastKnown })
 * streams.running$.subscribe({ error: console.error })
 * streams.watch(['A', 'B']).subscribe({ next: ({ deviceId }) => console.log(deviceId), error: console.error })
 * ```
 */
export function deviceStreams(feed$: Observable<Envelope>, options: DeviceStreamsOptions): DeviceStreams {
  const { counters, lastKnown, idleMs = 60_000, scheduler = asyncScheduler } = options
  const newcomers$ = new Subject<Item>()
  const actors = new Map<string, DeviceActor>()
  const idleCheck$ = wheel(idleMs, 64, scheduler)
  // A freed actor leaves one number behind, the same for all: nobody may use a seq twice.
  let floor = 0

  function receive(actor: DeviceActor, item: Item): void {
    if (item instanceof Envelope) {
      counters.messages++
      lastKnown.note(item)
      if (actor.route(item) === 0) counters.unwatched++
    } else if (item.begins) {
      actor.add(item.watcher)
      counters.watches++
      if (actor.watching === 1) counters.devicesWatched++
    } else if (actor.remove(item.watcher)) {
      counters.watches--
      if (actor.watching === 0) counters.devicesWatched--
    }
  }

  function runActor(device$: GroupedObservable<string, Item>): Observable<never> {
    const actor = new DeviceActor(device$.key, floor, scheduler.now())
    actors.set(device$.key, actor)
    counters.actors++
    return device$.pipe(
      deliver({ next: (item) => receive(actor, item) }),
      finalize(() => {
        actors.delete(device$.key)
        counters.actors--
        floor = Math.max(floor, actor.seq)
      }),
    )
  }

  // Without a duration `groupBy` never frees a key.
  function idleSelector({ key }: GroupedObservable<string, Item>): Observable<void> {
    return idleCheck$.pipe(filter(() => actors.get(key)?.isIdleSince(scheduler.now() - idleMs) ?? true))
  }

  // Only a device's first item needs `groupBy`, which makes its actor; to ask that directly is as synchronous, and costs
  // a fraction for each message, and for thousands who ask for ten devices each when they come back at once.
  function ask(item: Item): void {
    const actor = actors.get(item.deviceId)
    if (actor === undefined) newcomers$.next(item)
    else receive(actor, item)
  }

  // One Subscriber, registered with all of the devices.
  function watch(deviceIds: readonly string[]): Observable<Envelope> {
    return produce((watcher) => {
      for (const deviceId of deviceIds) ask({ deviceId, watcher, begins: true })
      // The actors' own ids: what was asked for may be slices of a long request.
      const ids = deviceIds.map((deviceId) => actors.get(deviceId)?.deviceId ?? deviceId)
      return new Watch(ask, ids, watcher)
    })
  }

  function watchedDevices(): string[] {
    const ids: string[] = []
    for (const [deviceId, actor] of actors) if (actor.watching > 0) ids.push(deviceId)
    return ids
  }

  const actors$: Observable<never> = newcomers$.pipe(
    groupBy((item) => partOf(item.deviceId)),
    mergeMap((part$) =>
      part$.pipe(
        groupBy((item) => item.deviceId, { duration: idleSelector }),
        mergeMap(runActor),
      ),
    ),
  )
  const running$ = merge(actors$, feed$.pipe(deliver({ next: ask })))

  return { running$, watch, watchedDevices } satisfies DeviceStreams
}

/** What a watcher has begun, and ends again. */
class Watch implements Unsubscribable {
  readonly #ask: (request: WatchRequest) => void
  readonly #deviceIds: readonly string[]
  readonly #watcher: Subscriber<Envelope>

  constructor(
    ask: (request: WatchRequest) => void,
    deviceIds: readonly string[],
    watcher: Subscriber<Envelope>,
  ) {
    this.#ask = ask
    this.#deviceIds = deviceIds
    this.#watcher = watcher
  }

  unsubscribe(): void {
    for (const deviceId of this.#deviceIds) this.#ask({ deviceId, watcher: this.#watcher, begins: false })
  }
}

/**
 * One of 256 parts of all devices. RxJS keeps the subscriptions of a `groupBy`'s groups in arrays, from which each is
 * removed at a cost that grows with their number: without parts, 200,000 devices that fall silent at once block the
 * process for most of a minute.
 */
function partOf(deviceId: string): number {
  let hash = 0
  for (let at = 0; at < deviceId.length; at++) hash = (Math.imul(hash, 31) + deviceId.charCodeAt(at)) | 0
  return hash & 255
}
