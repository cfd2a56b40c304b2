import type { Envelope } from '../feed/envelope.js'
import { eventFrame } from '../feed/frame.js'
import type { Framed } from './outlet.js'

/** What a session lost to overflow and was not told yet. */
export interface Losses {
  note(envelope: Envelope): void
  /** Adds what was lost to a batch, before or after it: there the gap is. From then on it counts as told. */
  tellWith(batch: readonly Framed[], place: 'before' | 'after'): readonly Framed[]
}

/** Keeps what a session lost until it can be told: `{"event":"dropped","data":{"device_id","count"}}`. */
export function losses(): Losses {
  let untold: Map<string, number> | null = null
  return {
    note({ deviceId }) {
      untold ??= new Map()
      untold.set(deviceId, (untold.get(deviceId) ?? 0) + 1)
    },
    tellWith(batch, place) {
      if (untold === null) return batch
      const events = [...untold].map(([device_id, count]) => ({
        frame: eventFrame('dropped', { device_id, count }),
      }))
      untold = null
      return place === 'before' ? [...events, ...batch] : [...batch, ...events]
    },
  }
}
