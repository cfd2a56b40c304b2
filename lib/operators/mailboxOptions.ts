import type { Observable } from 'rxjs'
import type { HeldAccount, HeldOptions } from './held.js'
import type { Turns } from './turns.js'

/** A mailbox's bounds, what gives way, and when it lets go. */
export interface MailboxOptions<T> extends HeldOptions<T> {
  /** When what is held may leave: subscribed once a batch, by the first value held. */
  readonly releaseSelector: () => Observable<unknown>
  /**
   * Whether a batch would be taken at once. If so, one leaves when a value comes that `capacity` or the bytes leave no
   * room for, so that nothing gives way that need not; but none under `latest`, which is there to skip what is overtaken.
   * Default: it would not.
   */
  readonly canRelease?: () => boolean
  /** Counters to keep, of this mailbox alone, for reading at any time. */
  readonly account?: HeldAccount
}

/** What is left to others where there are thousands of mailboxes. */
export interface InboxOptions<T> extends MailboxOptions<T> {
  /**
   * Whose turns it waits for. When its own has come, a batch leaves if `canRelease`, and else waits for the release.
   * Default: it waits for the release alone.
   */
  readonly turns?: Turns | undefined
  /** Told how many values reach nobody: held when the end came, or of a batch that nobody took. */
  readonly onDiscarded?: (count: number) => void
}

/** Who is given the batches. */
export interface Hand<T> {
  /** @returns False where nobody took the batch: its values then count as discarded. */
  next(batch: T[]): unknown
}

/** @throws RangeError where `capacity` is below 1 or `maxBytes` below 0. */
export function checkBounds({ capacity, maxBytes = Infinity }: HeldOptions<never>): void {
  if (!(capacity >= 1)) throw new RangeError(`capacity must be at least 1, got ${capacity}`)
  if (!(maxBytes >= 0)) throw new RangeError(`maxBytes must be at least 0, got ${maxBytes}`)
}
