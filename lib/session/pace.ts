import type { Observable, Subscriber } from 'rxjs'
import { queued } from '../operators/link.js'

/** When the batches of all sessions leave. */
export interface Pace {
  /**
   * Emits once to each of its subscribers: at the end of this turn of the event loop, when all that the turn read was
   * routed, or some turns later where many wait; and while batches hold several messages anyway, after a millisecond or
   * two.
   */
  readonly next$: Observable<void>
  /**
   * Whether a session's first message in a turn may leave at once, rather than wait for the turn's end: nothing waits
   * from before, few sessions get a second one in the same turn, and nobody comes in. Then it costs less to write what
   * the processor still has at hand than to come back to it.
   */
  readonly isCalm: boolean
  /** Counts the turns in which anything left. */
  readonly turn: number
  /** To be told of every message that leaves at once. */
  passed(): void
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
// Some 15 ms: who comes in meanwhile waits as long, once.
const passesPerTurn = 1024

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
  let passes = 0
  let turn = 1
  let isScheduled = false
  let isCrowded = false
  let isArrival = false
  let wasArrival = false
  let begunAt = 0

  function begin(): void {
    isScheduled = false
    turn++
    releasing = waiting
    waiting = []
    released = 0
    begunAt = now()
    release()
  }

  function release(): void {
    const most = isArrival && now() - begunAt < arrivalsFirstMs ? releasesBesideArrival : releasesPerTurn
    wasArrival = isArrival
    isArrival = false
    const end = Math.min(released + most, releasing.length)
    while (released < end) releasing[released++]?.next()
    if (released < releasing.length) {
      setImmediate(release)
      return
    }
    isCrowded = written >= crowdedBatch * Math.max(released, passes) // who waits has mostly passed something before
    releasing = []
    written = passes = 0
    if (waiting.length > 0) schedule()
  }

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    if (isCrowded) setTimeout(begin, collectMs)
    else setImmediate(begin)
  }

  return {
    next$: queued((out) => {
      waiting.push(out)
      if (releasing.length === 0) schedule()
    }),
    get isCalm() {
      return !isCrowded && !isArrival && !wasArrival && releasing.length === 0 && passes < passesPerTurn
    },
    get turn() {
      return turn
    },
    passed() {
      passes++
      schedule()
    },
    wrote(count) {
      written += count
    },
    cameIn() {
      isArrival = true
    },
  }
}
