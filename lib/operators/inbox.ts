import type { Subscriber } from 'rxjs'
import { Holding } from './holding.js'
import type { Hand, InboxOptions } from './mailboxOptions.js'
import { Release } from './release.js'
import type { Turns, Waiter } from './turns.js'

/**
 * What a mailbox subscribes to its source: it holds, and hands batches on. It ends with `out`, whose `next` may be the
 * hand.
 *
 * A class and not closures: there is one for every open session, and this way it takes a third of the memory.
 */
export class Inbox<T> extends Holding<T> implements Waiter {
  #isReleasing = false
  #hasPlace = false
  readonly #turns: Turns | null
  readonly #hand: Hand<T>
  #releasing: Release | null = null
  #sourceCompleted = false
  readonly #out: Subscriber<unknown>

  constructor(options: InboxOptions<T>, out: Subscriber<unknown>, hand: Hand<T>) {
    super(options, out)
    this.#turns = options.turns ?? null
    this.#hand = hand
    this.#out = out
    out.add(this) // last, since one that has ended unsubscribes it at once
  }

  protected override onNext(value: T): void {
    this.account.routed++
    if (!this.hold(value)) {
      if (this.#mayLeaveEarly()) this.letGo()
      if (this.#out.closed) {
        this.discard(1) // that release was the end
        return
      }
      if (!this.hold(value) && !this.squeezeIn(value, this.#out)) return
    }
    if (!this.#isReleasing) this.#askForRelease()
  }

  #mayLeaveEarly(): boolean {
    const { account, options } = this
    return account.waiting > 0 && options.overflow !== 'latest' && options.canRelease?.() === true
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
    try {
      this.#releasing = new Release(this.#out, this)
      this.options.releaseSelector().subscribe(this.#releasing)
    } catch (error) {
      this.#out.error(error)
    }
  }

  isReady(): boolean {
    try {
      return this.#isReleasing && this.options.canRelease?.() === true
    } catch (error) {
      this.#out.error(error)
      return false
    }
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
    const batch = this.take()
    this.account.delivered += batch.length
    try {
      if (this.#hand.next(batch) === false) {
        this.account.delivered -= batch.length
        this.discard(batch.length)
      }
    } catch (error) {
      this.#out.error(error) // and not who released: that one has ended, and knows nobody to tell
    }
    this.#completeWhenDone()
    return batch.length
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
      if (this.#out.closed) this.#discardAll()
      else this.#out.add(() => this.#discardAll())
    }
  }

  #discardAll(): void {
    this.#askForNone()
    this.discard(this.take().length)
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
