import type { LimitedLines } from '../stats/limitedLines.js'
import type { Log } from '../stats/log.js'
import { droppedEvent } from './events.js'
import type { Framed } from './onePiece.js'

/** What a session lost to overflow and was not told yet. */
export interface Losses {
  note(message: { readonly deviceId: string }): void
  /** A `dropped` event for each device that lost something; from then on it counts as told. */
  tell(): readonly Framed[]
}

/** Keeps what a session lost until it can be told, and logs it. @param lines How often a device may be logged. */
export function losses(log: Log, lines: LimitedLines): Losses {
  const untold = new Map<string, number>()
  return {
    note({ deviceId }) {
      untold.set(deviceId, (untold.get(deviceId) ?? 0) + 1)
      lines(deviceId, (held_back) => {
        log.warn(`Cola llena para device_id ${deviceId}. Aplicando backpressure (mensaje descartado)`, {
          held_back,
        })
      })
    },
    tell() {
      const events = [...untold].map(([deviceId, count]) => droppedEvent(deviceId, count))
      untold.clear()
      return events
    },
  }
}
