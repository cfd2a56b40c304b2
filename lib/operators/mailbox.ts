import type { OperatorFunction } from 'rxjs'
import { Inbox } from './inbox.js'
import { operate } from './link.js'
import { checkBounds, type MailboxOptions } from './mailboxOptions.js'

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
 * Released at once it is its source, each value in an array of one.
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
  checkBounds(options)
  return operate((source$, out) => {
    source$.subscribe(new Inbox(options, out, out))
  })
}
