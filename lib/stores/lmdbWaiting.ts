import type { KnownHead } from './knownValue.js'
import type { ByteString } from '../feed/frame.js'
import type { Recency } from '../feed/lastKnown.js'

/** What is in memory of a device's last known message. */
export interface KnownEntry {
  readonly deviceId: string
  /** The message, only until it is on disk. */
  bytes: ByteString | null
  receivedAt: number
  recency: Recency
  wasNoted: boolean
  mayBeOnDisk: boolean
  /** Whether the message gave way while it waited, so that what is on disk is older. */
  isLost: boolean
}

/** What waits for the disk. */
export interface LmdbWaiting {
  readonly size: () => number
  /** How many messages gave way, since the start. */
  readonly lost: () => number
  /** Lets a device's new message wait. */
  readonly put: (entry: KnownEntry, bytes: ByteString) => void
  /** Forgets a device; what may be on disk of it waits to be removed. */
  readonly remove: (entry: KnownEntry) => void
  /** What is to be written next, or removed where no bytes are left: the same again until it is confirmed. */
  readonly batch: () => readonly KnownEntry[]
  /** Lets go of the batch, which is on disk. */
  readonly confirm: () => void
}

const batchSize = 500
const batchBytes = 8_388_608

/**
 * Keeps what waits for the disk, those first that have waited longest. Where their payloads are more than `maxBytes`
 * they give way in that order, all but the batch that is being written; what may be on disk of them is older, and waits
 * to be removed.
 */
export function lmdbWaiting(maxBytes: number): LmdbWaiting {
  const changed = new Map<string, KnownEntry>()
  const removed = new Map<string, KnownEntry>()
  let taken: KnownEntry[] = []
  let bytesHeld = 0
  let lost = 0

  function hold(entry: KnownEntry, bytes: ByteString | null): void {
    bytesHeld += (bytes?.length ?? 0) - (entry.bytes?.length ?? 0)
    entry.bytes = bytes
    entry.isLost = false
  }

  // Of ids that come and go between two writes nothing is kept, not even that they are to go.
  function remove(entry: KnownEntry): void {
    hold(entry, null)
    changed.delete(entry.deviceId)
    if (entry.mayBeOnDisk) removed.set(entry.deviceId, entry)
  }

  function giveWay(): void {
    for (const entry of changed.values()) {
      if (bytesHeld <= maxBytes) return
      remove(entry)
      entry.isLost = true
      lost++
    }
  }

  return {
    size: () => taken.length + removed.size + changed.size,
    lost: () => lost,
    put(entry, bytes) {
      hold(entry, bytes)
      if (removed.delete(entry.deviceId)) entry.mayBeOnDisk = true
      changed.set(entry.deviceId, entry)
      if (bytesHeld > maxBytes) giveWay()
    },
    remove,
    batch() {
      if (taken.length > 0) return taken
      let bytes = 0
      for (const queue of [removed, changed]) {
        for (const entry of queue.values()) {
          if (taken.length === batchSize || bytes >= batchBytes) return taken
          queue.delete(entry.deviceId)
          entry.mayBeOnDisk = true
          bytes += entry.bytes?.length ?? 0
          taken.push(entry)
        }
      }
      return taken
    },
    confirm() {
      // What came meanwhile waits for a batch of its own.
      for (const entry of taken) if (entry.bytes !== null && !changed.has(entry.deviceId)) hold(entry, null)
      taken = []
    },
  }
}

/** An entry whose message is on disk, or still to be put among what waits. */
export function entryOf(deviceId: string, { receivedAt, recency }: KnownHead, isOnDisk: boolean): KnownEntry {
  const wasNoted = !isOnDisk
  return { deviceId, bytes: null, receivedAt, recency, wasNoted, mayBeOnDisk: isOnDisk, isLost: false }
}
