import type { Subscriber } from 'rxjs'
import { Held, type HeldAccount } from './held.js'
import { LinkedSubscriber } from './link.js'
import type { Hand, InboxOptions } from './mailboxOptions.js'
import { Release } from './release.js'
import type { Turns, Waiter } from './turns.js'

const none = Symbol('none')

/**
 * What a mailbox subscribes to its source: it holds, and hands batches on. It ends with `out`, whose `next` may be the
 * hand.
 *
 * A class and not closures: there is one for every open session, and this way it takes a third of the memory. What
 * arrives touches this one object, its account and the first value included: among thousands of sessions each object
 * more is one more that the processor has to wait for (scripts/bench, S4).
 */
export class Inbox<T> extends LinkedSubscriber<T> implements Waiter, HeldAccount {
  routed = 0
  waiting = 0
  #isReleasing = false
  #hasPlace = false
  #only: T | typeof none = none
  readonly #turns: Turns | null
  readonly #account: HeldAccount
  readonly #bytesSelector: ((value: T) => number) | null
  readonly #maxBytes: number
  readonly #options: InboxOptions<T>
  readonly #hand: Hand<T>
  #releasing: Release | null = null
  delivered = 0
  #sourceCompleted = false
  readonly #out: Subscriber<unknown>
  #held: Held<T> | null = null // from a second value on
  dropped = 0
  discarded = 0

  constructor(options: InboxOptions<T>, out: Subscriber<unknown>, hand: Hand<T>) {
    super(out)
    this.#turns = options.turns ?? null
    this.#account = options.account ?? this
    this.#bytesSelector = options.bytesSelector ?? null
    this.#maxBytes = options.maxBytes ?? Infinity
    this.#options = options
    this.#hand = hand
    this.#out = out
    out.add(this) // last, since one that has ended unsubscribes it at once
  }

  protected override onNext(value: T): void {
    const account = this.#account
    account.routed++
    if (account.waiting === 0 && this.#fitsAlone(value)) {
      this.#only = value
      account.waiting = 1
    } else if (!this.#holdMore(value)) {
      return
    }
    if (!this.#isReleasing) this.#askForRelease()
  }

  #fitsAlone(value: T): boolean {
    return this.#bytesSelector === null || this.#bytesSelector.call(this.#options, value) <= this.#maxBytes
  }

  /** False where a batch that left early was the end. */
  #holdMore(value: T): boolean {
    const held = (this.#held ??= new Held(this.#options, this.#account))
    if (this.#only !== none) {
      this.#account.waiting = 0
      held.add(this.#only)
      this.#only = none
    }
    if (held.add(value)) return true
    if (this.#account.waiting > 0 && this.#mayLeaveEarly()) this.letGo()
    if (this.#out.closed) {
      this.#discarded(1)
      return false
    }
    if (!held.add(value)) held.squeezeIn(value)
    return true
  }

  #mayLeaveEarly(): boolean {
    return this.#options.overflow !== 'latest' && this.#options.canRelease?.() === true
  }

  #take(): T[] {
    if (this.#only === none) return this.#held?.take() ?? []
    const values = [this.#only]
    this.#only = none
    this.#account.waiting = 0
    return values
  }

  #askForRelease(): void {
    this.#isReleasing = true
    if (this.#turns === null) {
      this.#awaitRelease()
    } else if (!this.#hasPlace) {
      // It may have one from before an early batch, which is good enough.
      this.#hasPlace = true
      this.#turns.enqueue(this)
    }
  }

  #awaitRelease(): void {
    this.#releasing = new Release(this.#out, this)
    this.#options.releaseSelector().subscribe(this.#releasing)
  }

  isReady(): boolean {
    return this.#isReleasing && this.#options.canRelease?.() === true
  }

  release(): number {
    this.#hasPlace = false
    return this.#isReleasing ? this.letGo() : 0
  }

  stay(): void {
    this.#hasPlace = false
    if (this.#isReleasing) this.#awaitRelease()
  }

  protected override _complete(): void {
    this.guard(() => {
      this.#sourceCompleted = true
      this.#completeWhenDone()
    })
  }

  /** Hands on what it holds. @returns How many values. */
  letGo(): number {
    this.#askForNone()
    const batch = this.#take()
    this.#account.delivered += batch.length
    if (!this.#isTaken(batch)) {
      this.#account.delivered -= batch.length
      this.#account.discarded += batch.length
    }
    this.#completeWhenDone()
    return batch.length
  }

  // It fails here, and not in who released: that one has ended, and knows nobody to tell.
  #isTaken(batch: T[]): boolean {
    try {
      return this.#hand.next(batch) !== false
    } catch (error) {
      this.#out.error(error)
      return true
    }
  }

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
    this.#discarded(this.#take().length)
  }

  #discarded(count: number): void {
    if (count === 0) return
    this.#account.discarded += count
    this.#options.onDiscarded?.(count)
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
