import { getHeapStatistics } from 'node:v8'
import type { ByteString } from '../feed/frame.js'
import { type LastKnown, type Recency, recencyOf, replaces } from '../feed/lastKnown.js'

interface Entry {
  bytes: ByteString
  receivedAt: number
  recency: Recency
  wasNoted: boolean
}

export interface MemoryLastKnownOptions {
  /** Devices kept at most; beyond, those go first that have not reported for longest, approximately (CLOCK). */
  readonly maxDevices: number
  /** Bytes of all payloads kept, at most. Default: a quarter of what the heap may grow to. */
  readonly maxBytes?: number
  /** Older messages count as unknown, in milliseconds since they arrived; 0 means no limit. */
  readonly maxAgeMs: number
}

// At most so many are spared in a row: a pass over a million would hold everybody up.
const secondChances = 32

/** Last known messages in this process's memory: bounded, and gone with it. */
export function memoryLastKnown(options: MemoryLastKnownOptions): LastKnown {
  const { maxDevices, maxAgeMs, maxBytes = getHeapStatistics().heap_size_limit / 4 } = options
  const entries = new Map<string, Entry>()
  let keptBytes = 0

  // Corbató's second chance: who reported again since the hand last passed goes to the end instead.
  function evict(): void {
    let chances = secondChances
    for (const [deviceId, entry] of entries) {
      entries.delete(deviceId)
      if (!entry.wasNoted || chances-- === 0) {
        keptBytes -= entry.bytes.length
        return
      }
      entry.wasNoted = false
      entries.set(deviceId, entry)
    }
  }

  function entryOf(deviceId: string): Entry | undefined {
    const entry = entries.get(deviceId)
    return entry !== undefined && maxAgeMs > 0 && Date.now() - entry.receivedAt > maxAgeMs ? undefined : entry
  }

  return {
    note(envelope) {
      const { deviceId, bytes, receivedAt } = envelope
      const recency = recencyOf(envelope)
      const entry = entries.get(deviceId)
      if (entry !== undefined) entry.wasNoted = true
      if (bytes.length > maxBytes || (entry !== undefined && !replaces(entry.recency, recency))) return
      if (entry === undefined) {
        if (entries.size >= maxDevices) evict()
        entries.set(deviceId, { bytes, receivedAt, recency, wasNoted: false })
        keptBytes += bytes.length
      } else {
        keptBytes += bytes.length - entry.bytes.length
        entry.bytes = bytes
        entry.receivedAt = receivedAt
        entry.recency = recency
      }
      while (keptBytes > maxBytes) evict()
    },
    has: (deviceId) => entryOf(deviceId) !== undefined,
    get(deviceId) {
      const entry = entryOf(deviceId)
      if (entry === undefined) return undefined
      return { payload: Buffer.from(entry.bytes, 'latin1'), receivedAt: entry.receivedAt }
    },
  }
}
