import type { OperatorFunction } from 'rxjs'
import { Inbox } from './inbox.js'
import { operate } from './link.js'
import { checkBounds, type Hand, type InboxOptions } from './mailboxOptions.js'

/**
 * Holds what its source emits as `mailbox` does, hands each batch to an observer, and emits nothing.
 *
 * ```
 * source     a-b-c----d---|
 * release    ----x              subscribed at a
 *                     --x       subscribed at d
 * handed     ----y------z       capacity 2, dropNewest: y = [a, b], z = [d]; c was dropped
 * mailboxTo  -------------|
 * ```
 *
 * Law: it is `mailbox(options)` and `deliver(hand)`, in one Subscriber: among thousands of sessions another one for each
 * message is on a cold page (scripts/bench, S4). With `turns`, its release is its turn, or the release that follows it.
 *
 * @throws RangeError as `mailbox` does.
 */
export function mailboxTo<T>(options: InboxOptions<T>, hand: Hand<T>): OperatorFunction<T, never> {
  checkBounds(options)
  return operate((source$, out) => {
    source$.subscribe(new Inbox(options, out, hand))
  })
}
