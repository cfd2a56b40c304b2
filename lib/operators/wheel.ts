import { asyncScheduler, type Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs'
import { produce } from './link.js'

/**
 * Emits once a period to each of its subscribers, from one timer for all of them: a timing wheel. In other words:
 * `interval(periodMs)`, but 10,000 subscriptions cost one timer, and their ticks are spread over the period.
 *
 * The first tick comes within one slot (`periodMs / slots`) before the end of a subscriber's first period, the others
 * one period apart. It wakes only where somebody is due. Never completes.
 *
 * ```
 * wheel(4, 4)  ---x---x---x      subscribed just after a turn
 * ```
 *
 * @param periodMs Time between two ticks of one subscriber, in milliseconds.
 * @param slots How many parts the period has; subscribers of one part tick together. Default: parts of 25 ms, at most
 * 1,024.
 * @throws RangeError where `periodMs` is below 1, or `slots` no whole number of at least 1.
 * @see Varghese and Lauck, Hashed and Hierarchical Timing Wheels, 1987.
 *
 * @example
 * ```ts
 * import { wheel } from 'afluente/operators'
 *
 * const keepAlive$ = wheel(25_000)
 * keepAlive$.subscribe({ next: () => console.log('still here'), error: console.error })
 * ```
 */
export function wheel(
  periodMs: number,
  slots = Math.min(1024, Math.max(1, Math.round(periodMs / 25))),
  scheduler: SchedulerLike = asyncScheduler,
): Observable<void> {
  if (!(periodMs >= 1)) throw new RangeError(`periodMs must be at least 1, got ${periodMs}`)
  if (!(Number.isInteger(slots) && slots >= 1))
    throw new RangeError(`slots must be a whole number ≥ 1, got ${slots}`)
  const rim = Array.from({ length: slots }, () => new Set<Subscriber<void>>())
  const slotMs = periodMs / slots
  let at = 0
  let dueAt = 0 // when the slot after `at` is
  let wakeAt = 0
  let subscribers = 0
  let turning: Subscription | undefined

  function advance(): void {
    dueAt += slotMs
    at = (at + 1) % slots
  }

  // Timers are late, each by up to a millisecond or what goes on: the clock says how many slots are over.
  function turn(): void {
    const now = scheduler.now()
    if (now < wakeAt - slotMs) dueAt -= wakeAt - now // the clock was set back
    if (now > wakeAt + periodMs - slotMs) dueAt = now - periodMs + slotMs // after a stall all tick, once
    while (dueAt <= now) {
      advance()
      for (const out of [...(rim[at] ?? [])]) out.next() // a copy: who joins now has a whole period to wait
    }
  }

  /** How long until somebody is due: to wake for each slot, in vain, costs an idle service more than all else it does. */
  function untilDue(): number {
    const now = scheduler.now()
    let slotsAway = 1
    while (slotsAway < slots && rim[(at + slotsAway) % slots]?.size === 0) slotsAway++
    const delayMs = Math.min(Math.max(0, dueAt + (slotsAway - 1) * slotMs - now), 2 ** 31 - 1) // no timer is longer
    wakeAt = now + delayMs
    return delayMs
  }

  // A timer of its own each time: RxJS lets one repeat whose delay is the same, and Node counts that from before the ticks.
  function sleep(): void {
    const slept = (turning = scheduler.schedule(() => {
      turn()
      if (turning === slept && subscribers > 0) sleep()
    }, untilDue()))
  }

  function start(): void {
    dueAt = scheduler.now() + slotMs
    sleep()
  }

  /** Passes by the slots that are over and that nobody was woken for. */
  function passEmpty(): void {
    const now = scheduler.now()
    while (dueAt <= now && rim[(at + 1) % slots]?.size === 0) advance()
  }

  return produce((out) => {
    if (subscribers > 0) passEmpty()
    const slot = rim[at]
    slot?.add(out)
    if (subscribers++ === 0) start()
    return () => {
      slot?.delete(out)
      if (--subscribers === 0) turning?.unsubscribe()
    }
  })
}
