import type { Observable, OperatorFunction, Subscriber } from 'rxjs'
import { Held, heldAccount, type HeldAccount, type HeldOptions } from './held.js'
import { linked, operate } from './link.js'

/** A mailbox's bounds, what gives way, and when it lets go. */
export interface MailboxOptions<T> extends HeldOptions<T> {
  /** When what is held may leave: subscribed once a batch, by the first value held. */
  readonly releaseSelector: () => Observable<unknown>
  /**
   * Whether a batch would be taken at once. If so, one leaves as soon as `capacity` values are held in all, or the
   * bytes are full, so that nothing gives way that need not. Default: it would not.
   */
  readonly canRelease?: () => boolean
  /** Counters to keep, for reading at any time. */
  readonly account?: HeldAccount
  /** Told each value that gives way, at once. */
  readonly onDropped?: (value: T) => void
}

/**
 * Holds what its source emits, at most `capacity` values a key and `maxBytes` in all, and lets all of it go as one
 * batch when the Observable that `releaseSelector` gives emits. In other words: a bounded, lossy buffer between a
 * fast source and a slow outlet, that counts what it loses; `audit` with a memory.
 *
 * Values of one key keep their order. What is held outlives the source's completion, as `audit`'s value does. A
 * batch is empty only where values gave way and none could be held. A release that completes without emitting lets
 * nothing go; the next value asks for another.
 *
 * ```
 * source   a-b-c----d---|
 * release  ----x              subscribed at a
 *                   --x       subscribed at d
 * mailbox  ----y------z-|     capacity 2, dropNewest: y = [a, b], z = [d]; c was dropped
 * ```
 *
 * Laws: with capacity 1 and `dropOldest` or `latest` it is `audit(releaseSelector)`, each value in an array of one.
 * Released at once, it is its source, each value in an array of one.
 *
 * @throws RangeError at creation, where `capacity` is below 1 or `maxBytes` below 0.
 *
 * @example
 * ```ts
 * import { interval, timer } from 'rxjs'
 * import { mailbox } from 'afluente/operators'
 *
 * const batches$ = interval(10).pipe(mailbox({ capacity: 5, releaseSelector: () => timer(1_000) }))
 * batches$.subscribe({ next: (batch) => console.log(batch), error: console.error }) // [0, 1, 2, 3, 4], …
 * ```
 */
export function mailbox<T>(options: MailboxOptions<T>): OperatorFunction<T, T[]> {
  const { capacity, maxBytes = Infinity, releaseSelector, canRelease, onDropped } = options
  if (!(capacity >= 1)) throw new RangeError(`capacity must be at least 1, got ${capacity}`)
  if (!(maxBytes >= 0)) throw new RangeError(`maxBytes must be at least 0, got ${maxBytes}`)
  return operate((source$, out) => {
    const account = options.account ?? heldAccount()
    const held = new Held(options, account, onDropped)
    let releasing: Subscriber<unknown> | null = null
    let sourceCompleted = false

    function completeWhenDone(): void {
      if (sourceCompleted && releasing === null) out.complete()
    }

    function release(): void {
      releasing?.unsubscribe()
      releasing = null
      const batch = held.take()
      account.delivered += batch.length
      out.next(batch)
      completeWhenDone()
    }

    const onRelease = {
      next: release,
      complete() {
        releasing = null
        completeWhenDone()
      },
    }

    const inner = linked<T>(out, {
      next(value) {
        account.routed++
        if (!held.add(value)) {
          if (account.waiting > 0 && canRelease?.() === true) release()
          if (!held.add(value)) held.squeezeIn(value)
        }
        if (releasing !== null) return
        releasing = linked(out, onRelease)
        releaseSelector().subscribe(releasing)
      },
      complete() {
        sourceCompleted = true
        completeWhenDone()
      },
    })
    source$.subscribe(inner)

    return () => {
      account.discarded += held.take().length
    }
  })
}
