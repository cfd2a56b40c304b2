import { getHeapStatistics } from 'node:v8'
import {
  catchError,
  distinctUntilChanged,
  exhaustMap,
  filter,
  from,
  map,
  merge,
  type Observable,
  of,
  timer,
} from 'rxjs'
import type { AfluenteError } from '../errors.js'
import { type LastKnown, recencyOf, replaces } from '../feed/lastKnown.js'
import type { LmdbEnvironment } from './lmdbEnvironment.js'
import type { LmdbLastKnownOptions } from './lmdbLastKnownOptions.js'
import { entryOf, type KnownEntry, lmdbWaiting } from './lmdbWaiting.js'
import type { LmdbChange } from './lmdbWriter.js'
import { deviceIdOf, isStored, keyOf, readHead, readKnown, valueOf } from './knownValue.js'
import { notedTogether } from './notedTogether.js'
import { storeUnavailable } from './storeUnavailable.js'

/** Last known messages on disk. */
export interface LmdbLastKnown extends LastKnown {
  /**
   * Writes behind while subscribed; emits how many changes went to disk, or an error: why they didn't, or that messages
   * gave way, and how many since the start. Never ends.
   */
  readonly written$: Observable<number | AfluenteError>
  /** Writes what isn't on disk yet, for the end of the process. */
  readonly flush: () => Promise<number>
}

const agedPerWrite = 5_000
// At most so many are spared in a row: a pass over a million would hold everybody up.
const secondChances = 32

/**
 * Keeps each device's last known message in an lmdb environment. `note` touches memory alone; what changed goes to disk
 * in batches, while `written$` is subscribed. In memory stay the recency of every device that is kept, about 150 bytes
 * each, and what isn't written yet. Resolves when what was there is known again.
 */
export async function lmdbLastKnown(environment: LmdbEnvironment, options: LmdbLastKnownOptions) {
  const { maxDevices, maxAgeMs, writeMs = 5_000, isShared = false } = options
  const waiting = lmdbWaiting(options.maxWaitingBytes ?? getHeapStatistics().heap_size_limit / 4)
  const stored = environment.database('lastKnown')
  const entries = new Map<string, KnownEntry>()
  // An iterator that stands still holds on to all that the Map let go of since; so there is none without an age.
  let aging: MapIterator<KnownEntry> | undefined
  const isTooOld = (receivedAt: number) => maxAgeMs > 0 && Date.now() - receivedAt > maxAgeMs

  // To refresh costs more than to read, and a snapshot of thousands of devices reads them in one turn.
  let isFresh = false
  function refreshOnce(): void {
    if (isFresh) return
    environment.refresh()
    isFresh = true
    setImmediate(() => (isFresh = false))
  }

  function forget(entry: KnownEntry): void {
    entries.delete(entry.deviceId)
    waiting.remove(entry)
  }

  // Corbató's second chance: who was noted since the hand last passed goes to the end instead.
  function evict(): void {
    let chances = secondChances
    for (const [deviceId, entry] of entries) {
      if (entries.size <= maxDevices) return
      if (!entry.wasNoted || chances-- <= 0) {
        forget(entry)
        continue
      }
      entry.wasNoted = false
      entries.delete(deviceId)
      entries.set(deviceId, entry)
    }
  }

  function forgetAged(): void {
    if (maxAgeMs === 0) return
    aging ??= entries.values()
    for (let looked = 0; looked < agedPerWrite; looked++) {
      const { value, done } = aging.next()
      if (done === true) {
        aging = undefined
        return
      }
      if (isTooOld(value.receivedAt)) forget(value)
    }
  }

  /** What is to be done on disk; undefined where another process has done it. */
  function changeOf(entry: KnownEntry): LmdbChange | undefined {
    const { deviceId, bytes, receivedAt, recency, isLost } = entry
    const key = keyOf(deviceId)
    const value = valueOf(bytes ?? '', receivedAt, recency)
    const isForgotten = bytes === null && !isLost
    if (isShared && isStored(stored.get(key), isForgotten ? null : value)) return undefined
    return { database: 'lastKnown', key, value: bytes === null ? null : value }
  }

  async function writeBatch(batch: readonly KnownEntry[]): Promise<number> {
    if (isShared) environment.refresh()
    const changes = batch.map(changeOf).filter((change) => change !== undefined)
    if (changes.length > 0) await environment.write({ changes })
    else await new Promise((resolve) => setImmediate(resolve))
    return changes.length
  }

  async function write(): Promise<number> {
    noted.settle()
    forgetAged()
    let written = 0
    // What comes meanwhile is left to the next time, or a busy feed would let no write end.
    for (let left = waiting.size(); left > 0;) {
      const batch = waiting.batch()
      if (batch.length === 0) break
      written += await writeBatch(batch)
      waiting.confirm()
      isFresh = false
      left -= batch.length
    }
    return written
  }

  // One at a time: there is one batch, which is confirmed or tried again.
  let writing = Promise.resolve(0)
  function flush(): Promise<number> {
    writing = writing.catch(() => 0).then(write)
    return writing
  }

  const explained = (reason: string, lost = waiting.lost()) =>
    storeUnavailable(lost === 0 ? reason : `${reason}; ${lost} that waited longest gave way`)
  const written$ = timer(writeMs, writeMs).pipe(
    exhaustMap(() =>
      from(flush()).pipe(
        catchError((error: unknown) => of(explained(error instanceof Error ? error.message : 'unknown'))),
      ),
    ),
  )
  // A disk that stands still emits nothing above.
  const lost$ = timer(writeMs, writeMs).pipe(
    map(waiting.lost),
    distinctUntilChanged(),
    filter((lost) => lost > 0),
    map(() => explained('More waited for the disk than may wait')),
  )

  let count = 0
  environment.refresh()
  for (const { key, value } of stored.getRange({})) {
    const deviceId = deviceIdOf(key)
    entries.set(deviceId, entryOf(deviceId, readHead(value), true))
    if (++count % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  evict()

  const noted = notedTogether(({ deviceId, bytes, receivedAt, body }) => {
    const recency = recencyOf({ body, receivedAt })
    const entry = entries.get(deviceId)
    if (entry !== undefined) {
      entry.wasNoted = true
      if (!replaces(entry.recency, recency)) return
      entry.receivedAt = receivedAt
      entry.recency = recency
      waiting.put(entry, bytes)
      return
    }
    const added = entryOf(deviceId, { receivedAt, recency }, false)
    entries.set(deviceId, added)
    waiting.put(added, bytes)
    if (entries.size > maxDevices) evict()
  })

  function knownEntry(deviceId: string): KnownEntry | undefined {
    noted.settle()
    const entry = entries.get(deviceId)
    return entry === undefined || entry.isLost || isTooOld(entry.receivedAt) ? undefined : entry
  }

  return {
    note: noted.add,
    has: (deviceId) => knownEntry(deviceId) !== undefined,
    get(deviceId) {
      const entry = knownEntry(deviceId)
      if (entry === undefined) return undefined
      if (entry.bytes !== null)
        return { payload: Buffer.from(entry.bytes, 'latin1'), receivedAt: entry.receivedAt }
      refreshOnce()
      const value = stored.get(keyOf(deviceId))
      return value === undefined ? undefined : readKnown(value)
    },
    written$: merge(written$, lost$),
    flush,
  } satisfies LmdbLastKnown
}
