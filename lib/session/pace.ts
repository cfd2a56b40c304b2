import type { Observable, Subscriber } from 'rxjs'
import { produce } from '../operators/link.js'

/** When the batches of all sessions leave. */
export interface Pace {
  /**
   * Emits once to each of its subscribers: at the end of this turn of the event loop, when all that the turn read was
   * routed; or, while batches hold several messages anyway, up to a millisecond or two later.
   */
  readonly next$: Observable<void>
  /** To be told of every batch written: how many messages it held. */
  wrote(count: number): void
}

// From this mean on, collecting saves more in writes than a millisecond is worth; below, it would save nothing.
const crowdedBatch = 2
const collectMs = 1

/** One pace for all sessions: what arrives in a turn leaves in one write a session, and under load in fewer writes. */
export function pace(): Pace {
  let waiting: Subscriber<void>[] = []
  let written = 0
  let isCrowded = false

  function release(): void {
    const released = waiting
    waiting = []
    written = 0
    for (const out of released) out.next()
    isCrowded = written >= crowdedBatch * released.length
  }

  return {
    next$: produce((out) => {
      if (waiting.push(out) > 1) return
      if (isCrowded) setTimeout(release, collectMs)
      else setImmediate(release)
    }),
    wrote(count) {
      written += count
    },
  }
}
