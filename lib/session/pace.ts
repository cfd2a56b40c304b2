import type { Observable, Subscriber } from 'rxjs'
import { queued } from '../operators/link.js'

/** When the batches of all sessions leave: in rounds, and what comes between two of them at once where that is cheaper. */
export interface Pace {
  /**
   * Emits once to each of its subscribers: at the end of this turn of the event loop, when all that the turn read was
   * routed, or some turns later where many wait; and while batches hold several messages anyway, after a millisecond or
   * two.
   */
  readonly next$: Observable<void>
  /** Counts the rounds. */
  readonly round: number
  /**
   * Whether a message of a session for which nothing is held may leave at once, rather than with the next round: the
   * first one since the last round, where few sessions get a second one and nobody came in lately. Then it costs less
   * to write what the processor still has at hand than to come back to it. A yes is that message's, which must be
   * written then.
   *
   * @param passedIn The round in which the session's last one passed.
   */
  passes(passedIn: number): boolean
  /** To be told of every batch written: how many messages it held. */
  wrote(count: number): void
  /** To be told of everybody who comes in. */
  cameIn(): void
}

// Messages a session and round. Up to the first, a message that passes saves more than the writes of the second ones
// cost; from the second on, collecting saves more in writes than a millisecond is worth.
const singleBatch = 1.1
const crowdedBatch = 2
const collectMs = 1
// Node accepts one connection a turn: turns are kept short, so that a crowd at the door doesn't wait for ever.
const releasesPerTurn = 64
const releasesBesideArrival = 2
// But a round gives way to arrivals for no longer than this.
const arrivalsFirstMs = 1_000
// Some 15 ms, which one who comes in may wait twice: to be accepted, and to be read.
const passesPerRound = 1024

/**
 * One pace for all sessions: what arrives in a turn leaves in one write a session, and under load in fewer writes.
 *
 * @param now A clock, in milliseconds.
 */
export function pace(now = () => performance.now()): Pace {
  let waiting: Subscriber<void>[] = []
  let releasing: Subscriber<void>[] = []
  let released = 0
  // Of the round that is to come, or under way:
  let round = 1
  let passed = 0
  let passedBefore = 0
  let sessions = 0
  let written = 0
  let isScheduled = false
  // Of the one before:
  let isSingle = true
  let isCrowded = false
  let isArrival = false
  let wasArrival = false
  let begunAt = 0

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    if (isCrowded) setTimeout(begin, collectMs)
    else setImmediate(begin)
  }

  function begin(): void {
    isScheduled = false
    round++
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
    try {
      while (released < end) releaseOne(releasing[released++])
    } finally {
      // Whatever fails above, the others have their turn.
      if (released < releasing.length) setImmediate(release)
      else endRound()
    }
  }

  function releaseOne(session: Subscriber<void> | undefined): void {
    if (session === undefined || session.closed) return
    sessions++
    session.next()
  }

  function endRound(): void {
    const mean = written / (sessions + passed - passedBefore) // NaN where nobody had any: as good as single
    isSingle = !(mean > singleBatch)
    isCrowded = mean >= crowdedBatch
    releasing = []
    passed = passedBefore = sessions = written = 0
    if (waiting.length > 0) schedule()
  }

  return {
    next$: queued((session) => {
      waiting.push(session)
      if (releasing.length === 0) schedule()
    }),
    get round() {
      return round
    },
    passes(passedIn) {
      if (!isSingle || isArrival || wasArrival || releasing.length > 0) return false
      if (passedIn === round) {
        passedBefore++
        return false
      }
      if (passed === passesPerRound) return false
      passed++
      schedule()
      return true
    },
    wrote(count) {
      written += count
    },
    cameIn() {
      isArrival = true
    },
  }
}
