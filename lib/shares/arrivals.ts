import {
  concatMap,
  defer,
  delay,
  filter,
  from,
  ignoreElements,
  merge,
  mergeMap,
  type Observable,
  of,
  retry,
  Subject,
  tap,
} from 'rxjs'
import { isMade, type ShareRecord, type ShareStore, type StoredShare } from '../auth/shareStore.js'
import type { Envelope } from '../feed/envelope.js'
import { deviceTimeOf, positionOf } from '../feed/position.js'
import { type Circle, isWithin } from '../operators/within.js'
import { recordState } from './shareState.js'

/** Ends shares whose vehicle has arrived. */
export interface Arrivals {
  /** Judges a message. Called for every message, so it returns at once and never throws. */
  readonly note: (envelope: Envelope) => void
  /** Whether a message comes after the one by which a share arrived, and so is nobody's to see. */
  readonly isPast: (shareId: string, envelope: Envelope) => boolean
  /** Forgets the shares that have expired, which no message of a silent device does; returns how many they were. */
  readonly forgetEnded: () => number
  /** Keeps the shares to be judged known while subscribed. Emits nothing and never ends. */
  readonly followed$: Observable<never>
}

interface Awaited {
  readonly shareId: string
  readonly startsAt: number
  readonly expiresAt: number
  readonly deviceIds: readonly string[]
  readonly circle: Circle
}

interface Arrival {
  readonly shareId: string
  readonly at: number
  readonly deviceId: string
}

const retryMs = 5_000
const writeAgainMs = 1_000
const rememberedMs = 60_000 // far longer than its viewers take to be told

/**
 * Judges arrivals (CONTRACT 2.5): on every message whose device time is after the share's start, watched or not, by the
 * first of its devices to get there. A message without a device time is judged by when it arrived here.
 */
export function arrivals(store: ShareStore, now: () => number = Date.now): Arrivals {
  const awaited = new Map<string, Awaited>()
  const byDevice = new Map<string, Set<Awaited>>()
  const arrivedBy = new Map<string, Envelope>()
  const arriving$ = new Subject<Arrival>()

  function forget(shareId: string): void {
    const share = awaited.get(shareId)
    awaited.delete(shareId)
    for (const deviceId of share?.deviceIds ?? []) {
      const shares = byDevice.get(deviceId)
      if (share !== undefined) shares?.delete(share)
      if (shares?.size === 0) byDevice.delete(deviceId)
    }
  }

  function watch(share: Awaited): void {
    awaited.set(share.shareId, share)
    for (const deviceId of share.deviceIds) {
      byDevice.set(deviceId, (byDevice.get(deviceId) ?? new Set()).add(share))
    }
  }

  function follow(record: ShareRecord): void {
    forget(record.shareId)
    const { shareId, deviceIds, expiresAt, arrive: circle } = record
    const state = recordState(record, now())
    if (circle === undefined || (state !== 'open' && state !== 'notBegun')) return
    watch({ shareId, deviceIds, expiresAt, circle, startsAt: record.notBefore ?? record.issuedAt })
  }

  function forgetEnded(): number {
    const at = now()
    const ended = [...awaited.values()].filter(({ expiresAt }) => at >= expiresAt)
    for (const { shareId } of ended) forget(shareId)
    return ended.length
  }

  function arrive(share: Awaited, envelope: Envelope): void {
    forget(share.shareId)
    arrivedBy.set(share.shareId, envelope)
    arriving$.next({ shareId: share.shareId, at: now(), deviceId: envelope.deviceId })
  }

  // A store that is away ends nothing, and the vehicle may drive on: what was seen is written when the store is back.
  function written({ shareId, ...arrived }: Arrival): Observable<unknown> {
    const write = () =>
      store.update(shareId, (stored) => {
        if (stored?.kind !== 'made' || recordState(stored, arrived.at) !== 'open') return undefined
        return { ...stored, arrived }
      })
    return defer(() => from(write())).pipe(
      retry({ delay: writeAgainMs }),
      tap((stored) => {
        if (stored?.kind !== 'made' || stored.arrived !== undefined) return
        // It wasn't to be: the device's next message is judged again.
        arrivedBy.delete(shareId)
        follow(stored)
      }),
      delay(rememberedMs),
      tap(() => arrivedBy.delete(shareId)),
    )
  }

  const all$ = defer(() => from(store.list())).pipe(
    retry({ delay: retryMs }),
    concatMap((records) => records),
  )
  function one(shareId: string): Observable<StoredShare> {
    return defer(() => from(store.get(shareId))).pipe(
      retry({ delay: retryMs }),
      filter((stored) => stored !== undefined),
    )
  }

  return {
    note(envelope) {
      const { deviceId, body, receivedAt } = envelope
      const shares = byDevice.get(deviceId)
      if (shares === undefined) return
      const position = positionOf(body)
      if (position === null) return
      const at = deviceTimeOf(body, receivedAt) ?? receivedAt
      for (const share of [...shares]) {
        if (now() >= share.expiresAt) forget(share.shareId)
        else if (at > share.startsAt && isWithin(share.circle, position)) arrive(share, envelope)
      }
    },
    isPast(shareId, envelope) {
      const last = arrivedBy.get(shareId)
      return last !== undefined && last !== envelope
    },
    forgetEnded,
    followed$: merge(
      merge(of(null), store.changed$).pipe(
        concatMap((shareId) => (shareId === null ? all$ : one(shareId))),
        filter(isMade),
        tap(follow),
      ),
      arriving$.pipe(mergeMap(written)),
    ).pipe(ignoreElements()),
  }
}
