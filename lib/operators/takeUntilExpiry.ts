import {
  asyncScheduler,
  defer,
  distinctUntilChanged,
  filter,
  isObservable,
  map,
  type MonoTypeOperatorFunction,
  type Observable,
  of,
  repeat,
  scan,
  type SchedulerLike,
  switchMap,
  take,
  takeUntil,
  timer,
} from 'rxjs'

/** The longest wait, in milliseconds, between two looks at the clocks; far below the 2^31 ms that a timer can hold. */
export const expiryLookMs = 30_000

/** An instant: a Date, or milliseconds since the Unix epoch. */
export type Instant = Date | number

/** The two clocks by which an expiry is judged. */
export interface ExpiryClocks {
  /** Tells the wall time and holds the timers; `asyncScheduler` by default. */
  scheduler?: SchedulerLike
  /** Milliseconds on a clock that nobody can set; `performance.now()` by default. */
  monotonicNow?: () => number
}

interface Armed {
  readonly at: number
  readonly limit: number
}

/**
 * Emits the deadline, in milliseconds since the epoch, once it has passed, and completes. In other words: a `timer`
 * whose deadline may move either way, may lie centuries ahead, and follows the wall clock when it jumps forward but
 * not when it is set back.
 *
 * ```text
 * expiry$:  a--------b---------        (a: frame 6, b: frame 12)
 * expiryOf: -                          had it stayed a: ------(a|)
 * ```
 *
 * When a deadline arrives, the time left is also noted on the monotonic clock: whatever happens to the wall clock
 * after that, the wait ends when either says so. A later deadline notes both anew; an earlier one never ends later
 * than the monotonic limit before it allowed. The clocks are read at least every 30 s, so a jump forward or a sleep
 * is noticed within 30 s. Law: with steady clocks, `expiryOf(at)` emits when `timer(new Date(at))` does.
 *
 * Errors with what `expiry$` errors with, and with a `TypeError` when a deadline is no instant. When `expiry$`
 * completes, its last deadline stands.
 *
 * @example
 * ```ts
 * import { expiryOf } from 'afluente/operators'
 *
 * const ended$ = expiryOf(Date.now() + 1_000)
 * ```
 */
export function expiryOf(
  expiry$: Observable<Instant> | Instant,
  { scheduler = asyncScheduler, monotonicNow = () => performance.now() }: ExpiryClocks = {},
): Observable<number> {
  const arm = (before: Armed | undefined, at: number): Armed => {
    const limit = monotonicNow() + at - scheduler.now()
    const shortened = before !== undefined && at < before.at
    return { at, limit: shortened ? Math.min(limit, before.limit - (before.at - at)) : limit }
  }
  const remainingMs = ({ at, limit }: Armed) => Math.min(at - scheduler.now(), limit - monotonicNow())
  const deadline$ = isObservable(expiry$) ? expiry$ : of(expiry$)
  return deadline$.pipe(
    map(millisecondsOf),
    distinctUntilChanged(),
    scan<number, Armed, undefined>(arm, undefined),
    switchMap((armed) =>
      defer(() => timer(Math.max(0, Math.min(remainingMs(armed), expiryLookMs)), scheduler)).pipe(
        repeat(),
        filter(() => remainingMs(armed) <= 0),
        map(() => armed.at),
      ),
    ),
    take(1),
  )
}

/**
 * Mirrors its source until the deadline has passed, then completes. In other words: `takeUntil` with a deadline that
 * is an Observable itself and that survives what a timer doesn't; see `expiryOf`.
 *
 * ```text
 * source:  -1--2--3--4--5--6-
 * expiry$: a-----b-----------        (a: frame 8, b: frame 14)
 * result:  -1--2--3--4--|
 * ```
 *
 * Law: with steady clocks and a deadline that stays, it equals `takeUntil(timer(new Date(deadline)))` as far as a
 * timer reaches (2^31 ms, 24.8 days). Errors with what `expiry$` errors with, and with a `TypeError` when a deadline
 * is no instant; before `expiry$` has said one, nothing ends the source.
 *
 * @example
 * ```ts
 * import { interval } from 'rxjs'
 * import { takeUntilExpiry } from 'afluente/operators'
 *
 * const halfAnHour$ = interval(1_000).pipe(takeUntilExpiry(Date.now() + 1_800_000))
 * ```
 */
export function takeUntilExpiry<T>(
  expiry$: Observable<Instant> | Instant,
  clocks: ExpiryClocks = {},
): MonoTypeOperatorFunction<T> {
  return takeUntil(expiryOf(expiry$, clocks))
}

function millisecondsOf(instant: Instant): number {
  const at = instant instanceof Date ? instant.getTime() : instant
  if (typeof at !== 'number' || Number.isNaN(at))
    throw new TypeError(`expiry must be an instant, not ${String(instant)}`)
  return at
}
