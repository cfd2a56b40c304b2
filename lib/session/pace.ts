import type { Turns, Waiter } from '../operators/turns.js'

/**
 * When the batches of all sessions leave: at the end of a turn of the event loop, when all that the turn read was
 * routed, or some turns later where many wait; and under load some milliseconds after the first message, or after the
 * round before. Load is where batches hold several messages anyway, or the loop hardly ever waits.
 */
export interface Pace extends Turns {
  /** To be told of everybody who comes in. */
  cameIn(): void
}

// Messages a session and round: from the second on, collecting saves more in writes than the time is worth, which only
// sessions wait that get hundreds of messages a second. With 6 ms S3 costs a tenth less than with 3, with 10 no less.
const crowdedBatch = 2
const collectCrowdedMs = 6
// Where the loop hardly ever waits, S4 costs a twentieth less: with 3 ms between them rounds come every twenty or so, and
// in that time a tenth of the sessions get a second message.
const collectMs = 3
// Node accepts one connection a turn: turns are kept short, so that a crowd at the door doesn't wait for ever.
const releasesPerTurn = 256
const releasesBesideArrival = 2
// But a round gives way to arrivals for no longer than this.
const arrivalsFirstMs = 1_000
// So many are asked whether they are ready before the first of them is released: the processor then fetches what they
// are made of at the same time. Asked one by one, with a system call between them, each has it waiting.
const lookAhead = 16

/**
 * One pace for all sessions: what arrives in a turn leaves in one write a session, and under load in fewer writes. To
 * route first and to write then costs less than to write each message as it is routed: what the kernel does for a write
 * takes from the processor all that it has at hand.
 *
 * @param isBusy Whether the event loop hardly ever waits. @param now A clock, in milliseconds.
 */
export function pace(isBusy: () => boolean, now = () => performance.now()): Pace {
  let waiting: Waiter[] = []
  let round: Waiter[] = []
  let asked = 0 // of the round
  const ready: Waiter[] = []
  let batches = 0
  let messages = 0
  let isScheduled = false
  let isCrowded = false
  let isArrival = false
  let begunAt = 0

  function schedule(): void {
    if (isScheduled) return
    if (isCrowded) setTimeout(begin, collectCrowdedMs)
    else if (isBusy()) setTimeout(begin, collectMs)
    else setImmediate(begin)
    isScheduled = true
  }

  function begin(): void {
    isScheduled = false
    round = waiting
    waiting = []
    asked = batches = messages = 0
    begunAt = now()
    release()
  }

  function release(): void {
    const most = isArrival && now() - begunAt < arrivalsFirstMs ? releasesBesideArrival : releasesPerTurn
    isArrival = false
    const end = Math.min(asked + most, round.length)
    try {
      while (asked < end || ready.length > 0) {
        ask(Math.min(asked + lookAhead, end))
        releaseReady()
      }
    } finally {
      // Whatever fails above, the others have their turn.
      if (asked < round.length || ready.length > 0) setImmediate(release)
      else endRound()
    }
  }

  function ask(end: number): void {
    while (asked < end) {
      const waiter = round[asked++]
      if (waiter?.isReady() === true) ready.push(waiter)
      else waiter?.stay()
    }
  }

  function releaseReady(): void {
    for (let waiter = ready.pop(); waiter !== undefined; waiter = ready.pop()) {
      batches++
      messages += waiter.release()
    }
  }

  function endRound(): void {
    isCrowded = batches > 0 && messages >= crowdedBatch * batches
    round = []
    if (waiting.length > 0) schedule()
  }

  return {
    enqueue(waiter) {
      waiting.push(waiter)
      if (round.length === 0) schedule()
    },
    cameIn() {
      isArrival = true
    },
  }
}
