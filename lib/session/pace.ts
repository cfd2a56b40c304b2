import type { Observable, Subscriber } from 'rxjs'
import { queued } from '../operators/link.js'

/** When the batches of all sessions leave. */
export interface Pace {
  /**
   * Emits once to each of its subscribers: at the end of this turn of the event loop, when all that the turn read was
   * routed; or, while batches hold several messages anyway, up to a millisecond or two later.
   */
  readonly next$: Observable<void>
  /** To be told of every batch written: how many messages it held. */
  wrote(count: number): void
  /** To be told of everybody who comes in. */
  cameIn(): void
}

// From this mean on, collecting saves more in writes than a millisecond is worth; below, it would save nothing.
const crowdedBatch = 2
const collectMs = 1
// Node accepts one connection a turn: turns are kept short, so that a crowd at the door doesn't wait for ever.
const releasesPerTurn = 64
const releasesBesideArrival = 2
// But a round gives way to arrivals for no longer than this.
const arrivalsFirstMs = 250

/**
 * One pace for all sessions: what arrives in a turn leaves in one write a session, and under load in fewer writes.
 *
 * @param now A clock, in milliseconds.
 */
export function pace(now = () => performance.now()): Pace {
  let waiting: Subscriber<void>[] = []
  let releasing: Subscriber<void>[] = []
  let released = 0
  let written = 0
  let isCrowded = false
  let isArrival = false
  let begunAt = 0

  function begin(): void {
    releasing = waiting
    waiting = []
    released = written = 0
    begunAt = now()
    release()
  }

  function release(): void {
    const most = isArrival && now() - begunAt < arrivalsFirstMs ? releasesBesideArrival : releasesPerTurn
    isArrival = false
    const end = Math.min(released + most, releasing.length)
    while (released < end) releasing[released++]?.next()
    if (released < releasing.length) {
      setImmediate(release)
      return
    }
    isCrowded = written >= crowdedBatch * released
    releasing = []
    if (waiting.length > 0) schedule()
  }

  function schedule(): void {
    if (isCrowded) setTimeout(begin, collectMs)
    else setImmediate(begin)
  }

  return {
    next$: queued((out) => {
      if (waiting.push(out) === 1 && releasing.length === 0) schedule()
    }),
    wrote(count) {
      written += count
    },
    cameIn() {
      isArrival = true
    },
  }
}
