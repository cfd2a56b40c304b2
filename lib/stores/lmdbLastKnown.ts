import { catchError, exhaustMap, from, type Observable, of, timer } from 'rxjs'
import { AfluenteError } from '../errors.js'
import type { ByteString } from '../feed/frame.js'
import { type LastKnown, type Recency, recencyOf, replaces } from '../feed/lastKnown.js'
import type { LmdbEnvironment } from './lmdbEnvironment.js'
import type { LmdbChange } from './lmdbWriter.js'
import { deviceIdOf, isStored, keyOf, readHead, readKnown, valueOf } from './knownValue.js'
import { storeUnavailable } from './storeUnavailable.js'

/** How much is kept, and how often it is written. */
export interface LmdbLastKnownOptions {
  /** Devices kept at most; beyond, those go first that have not reported for longest, approximately (CLOCK). */
  readonly maxDevices: number
  /** Older messages are unknown and go, in milliseconds since they arrived; 0 means no limit. */
  readonly maxAgeMs: number
  /** The pause between two writes, in milliseconds: what a kill -9 may lose. */
  readonly writeMs?: number
  /**
   * Whether other processes keep the same feed's messages in the same environment. What one of them has written is then
   * not written again by the others, and nothing older over it: whoever comes first writes, and where one is away,
   * another does.
   */
  readonly isShared?: boolean
}

/** Last known messages on disk. */
export interface LmdbLastKnown extends LastKnown {
  /** Writes behind while subscribed; emits how many changes went to disk, or why they didn't. Never ends. */
  readonly written$: Observable<number | AfluenteError>
  /** Writes what isn't on disk yet, for the end of the process. */
  readonly flush: () => Promise<number>
}

// The message itself stays here only until it is on disk.
interface Entry {
  deviceId: string
  bytes: ByteString | null
  receivedAt: number
  recency: Recency
  wasNoted: boolean
  mayBeOnDisk: boolean
}

type Change = readonly [deviceId: string, entry: Entry | null]

const batchSize = 500
const agedPerWrite = 5_000
// At most so many are spared in a row: a pass over a million would hold everybody up.
const secondChances = 32

/**
 * Keeps each device's last known message in an lmdb environment. `note` touches memory alone; what changed goes to disk
 * in batches, while `written$` is subscribed. In memory stay the recency of every device that is kept, about 150 bytes
 * each, and what isn't written yet. Resolves when what was there is known again.
 */
export async function lmdbLastKnown(
  environment: LmdbEnvironment,
  { maxDevices, maxAgeMs, writeMs = 1_000, isShared = false }: LmdbLastKnownOptions,
): Promise<LmdbLastKnown> {
  const stored = environment.database('lastKnown')
  const entries = new Map<string, Entry>()
  let changed = new Map<string, Entry | null>()
  // An iterator that stands still holds on to all that the Map let go of since; so there is none without an age.
  let aging: MapIterator<Entry> | undefined
  const isTooOld = (receivedAt: number) => maxAgeMs > 0 && Date.now() - receivedAt > maxAgeMs

  // Of ids that come and go between two writes nothing is kept, not even that they are to go.
  function forget({ deviceId, mayBeOnDisk }: Entry): void {
    entries.delete(deviceId)
    if (mayBeOnDisk) changed.set(deviceId, null)
    else changed.delete(deviceId)
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

  async function writeBatch(batch: readonly Change[]): Promise<number> {
    if (isShared) environment.refresh()
    const changes = batch.map(changeOf)
    const missing = isShared ? changes.filter(({ key, value }) => !isStored(stored.get(key), value)) : changes
    if (missing.length > 0) await environment.write({ changes: missing })
    else await new Promise((resolve) => setImmediate(resolve))
    return missing.length
  }

  async function write(): Promise<number> {
    forgetAged()
    const all = [...changed]
    changed = new Map()
    for (const [, entry] of all) if (entry !== null) entry.mayBeOnDisk = true
    let written = 0
    for (let start = 0; start < all.length; start += batchSize) {
      const batch = all.slice(start, start + batchSize)
      try {
        written += await writeBatch(batch)
      } catch (error) {
        // Kept for the next attempt, unless something newer came meanwhile.
        for (const [deviceId, entry] of all.slice(start))
          if (!changed.has(deviceId)) changed.set(deviceId, entry)
        throw error
      }
      for (const [deviceId, entry] of batch) if (entry !== null && !changed.has(deviceId)) entry.bytes = null
    }
    return written
  }

  // One at a time: a batch that was confirmed lets go of messages that no later one may still be about to write.
  let writing = Promise.resolve(0)
  function flush(): Promise<number> {
    writing = writing.catch(() => 0).then(write)
    return writing
  }

  let count = 0
  environment.refresh()
  for (const { key, value } of stored.getRange({})) {
    const deviceId = deviceIdOf(key)
    const { receivedAt, recency } = readHead(value)
    entries.set(deviceId, { deviceId, bytes: null, receivedAt, recency, wasNoted: false, mayBeOnDisk: true })
    if (++count % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  evict()

  return {
    note(envelope) {
      const { deviceId, bytes, receivedAt } = envelope
      const recency = recencyOf(envelope)
      const entry = entries.get(deviceId)
      if (entry !== undefined) {
        entry.wasNoted = true
        if (!replaces(entry.recency, recency)) return
        entry.bytes = bytes
        entry.receivedAt = receivedAt
        entry.recency = recency
        changed.set(deviceId, entry)
        return
      }
      const mayBeOnDisk = changed.has(deviceId) // as what is still to be removed
      const added = { deviceId, bytes, receivedAt, recency, wasNoted: true, mayBeOnDisk }
      entries.set(deviceId, added)
      changed.set(deviceId, added)
      if (entries.size > maxDevices) evict()
    },
    get(deviceId) {
      const entry = entries.get(deviceId)
      if (entry === undefined || isTooOld(entry.receivedAt)) return undefined
      if (entry.bytes !== null)
        return { payload: Buffer.from(entry.bytes, 'latin1'), receivedAt: entry.receivedAt }
      environment.refresh()
      const value = stored.get(keyOf(deviceId))
      return value === undefined ? undefined : readKnown(value)
    },
    written$: timer(writeMs, writeMs).pipe(
      exhaustMap(() =>
        from(flush()).pipe(
          catchError((error: unknown) =>
            of(error instanceof AfluenteError ? error : storeUnavailable('unknown', error)),
          ),
        ),
      ),
    ),
    flush,
  }
}

function changeOf([deviceId, entry]: Change) {
  const value = entry === null ? null : valueOf(entry.bytes ?? '', entry.receivedAt, entry.recency)
  return { database: 'lastKnown', key: keyOf(deviceId), value } satisfies LmdbChange
}
