import type { Observable, Subscriber } from 'rxjs'
import { Held, heldAccount, type HeldAccount, type HeldOptions } from './held.js'
import { type Link, LinkedSubscriber } from './link.js'
import { isQueue, type Waiter } from './queue.js'

/** A mailbox's bounds, what gives way, and when it lets go. */
export interface MailboxOptions<T> extends HeldOptions<T> {
  /** When what is held may leave: subscribed once a batch, by the first value held. */
  readonly releaseSelector: () => Observable<unknown>
  /**
   * Whether a batch would be taken at once. If so, one leaves when a value comes that `capacity` or the bytes leave no
   * room for, so that nothing gives way that need not. Default: it would not.
   */
  readonly canRelease?: () => boolean
  /** Counters to keep, for reading at any time. */
  readonly account?: HeldAccount
}

/** Who is given the batches. */
export type Hand<T> = Pick<Link<T[]>, 'next'>

/** @throws RangeError where `capacity` is below 1 or `maxBytes` below 0. */
export function checkBounds({ capacity, maxBytes = Infinity }: HeldOptions<never>): void {
  if (!(capacity >= 1)) throw new RangeError(`capacity must be at least 1, got ${capacity}`)
  if (!(maxBytes >= 0)) throw new RangeError(`maxBytes must be at least 0, got ${maxBytes}`)
}

/**
 * What a mailbox subscribes to its source: it holds, and hands batches on. It ends with `out`, whose `next` may be the
 * hand.
 *
 * A class and not closures: there is one for every open session, and this way it takes a third of the memory.
 */
export class Inbox<T> extends LinkedSubscriber<T> implements Waiter {
  readonly #options: MailboxOptions<T>
  readonly #out: Subscriber<unknown>
  readonly #hand: Hand<T>
  readonly #account: HeldAccount
  readonly #held: Held<T>
  #isReleasing = false
  #releasing: Release | null = null // none in a queue
  #hasPlace = false
  #sourceCompleted = false

  constructor(options: MailboxOptions<T>, out: Subscriber<unknown>, hand: Hand<T>) {
    super(out)
    this.#options = options
    this.#out = out
    this.#hand = hand
    this.#account = options.account ?? heldAccount()
    this.#held = new Held(options, this.#account)
    out.add(this) // last, since one that has ended unsubscribes it at once
  }

  protected override onNext(value: T): void {
    const account = this.#account
    account.routed++
    if (!this.#held.add(value)) {
      if (account.waiting > 0 && this.#options.canRelease?.() === true) this.letGo()
      if (this.#out.closed) {
        account.discarded++ // that release was the end
        return
      }
      if (!this.#held.add(value)) this.#held.squeezeIn(value)
    }
    if (!this.#isReleasing) this.#askForRelease()
  }

  #askForRelease(): void {
    this.#isReleasing = true
    const release$ = this.#options.releaseSelector()
    if (isQueue(release$)) {
      if (this.#hasPlace) return // from before an early batch, and good enough
      this.#hasPlace = true
      release$.enqueue(this)
    } else {
      this.#releasing = new Release(this.#out, this)
      release$.subscribe(this.#releasing)
    }
  }

  protected override _complete(): void {
    this.guard(() => {
      this.#sourceCompleted = true
      this.#completeWhenDone()
    })
  }

  /** Its turn in a queue has come. By now it may wait for something else. */
  release(): void {
    this.#hasPlace = false
    if (this.#isReleasing && this.#releasing === null) this.letGo()
  }

  /** Hands on what it holds. */
  letGo(): void {
    this.#askForNone()
    const batch = this.#held.take()
    this.#account.delivered += batch.length
    this.#give(batch)
    this.#completeWhenDone()
  }

  // It fails here, and not in who released: that one has ended, and knows nobody to tell.
  #give(batch: T[]): void {
    try {
      this.#hand.next(batch)
    } catch (error) {
      this.#out.error(error)
    }
  }

  /** No release came, and this one won't. */
  notReleased(): void {
    this.#askForNone()
    this.#completeWhenDone()
  }

  override unsubscribe(): void {
    if (this.closed) return
    try {
      super.unsubscribe()
    } finally {
      // The source's end is not the end of what is held.
      if (this.#out.closed) this.#discard()
      else this.#out.add(() => this.#discard())
    }
  }

  #discard(): void {
    this.#askForNone()
    this.#account.discarded += this.#held.take().length
  }

  #askForNone(): void {
    this.#isReleasing = false
    if (this.#releasing === null) return
    this.#releasing.unsubscribe()
    this.#releasing = null
  }

  #completeWhenDone(): void {
    if (this.#sourceCompleted && !this.#isReleasing) this.#out.complete()
  }
}

interface Releasable {
  letGo(): void
  notReleased(): void
}

/** What lets an inbox go. */
class Release extends LinkedSubscriber<unknown> {
  readonly #inbox: Releasable

  constructor(out: Subscriber<unknown>, inbox: Releasable) {
    super(out)
    this.#inbox = inbox
  }

  protected override onNext(): void {
    this.#inbox.letGo()
  }

  protected override _complete(): void {
    this.guard(() => this.#inbox.notReleased())
  }
}
