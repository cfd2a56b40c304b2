import type { Subscriber } from 'rxjs'
import { Held, type HeldAccount } from './held.js'
import { LinkedSubscriber } from './link.js'
import type { InboxOptions } from './mailboxOptions.js'

const none = Symbol('none')

/**
 * What an inbox holds: the first value itself, several in a `Held`. Where nothing is kept for the caller, it is its own
 * account. Among thousands of sessions each object more is one more that the processor waits for (scripts/bench, S4).
 */
export abstract class Holding<T> extends LinkedSubscriber<T> implements HeldAccount {
  // What each value looks at stands first.
  routed = 0
  waiting = 0
  #first: T | typeof none = none
  #several: Held<T> | null = null // until they leave
  protected readonly account: HeldAccount
  readonly #bytesSelector: ((value: T) => number) | null
  readonly #maxBytes: number
  protected readonly options: InboxOptions<T>
  delivered = 0
  dropped = 0
  discarded = 0

  constructor(options: InboxOptions<T>, out: Subscriber<unknown>) {
    super(out)
    this.account = options.account ?? this
    this.#bytesSelector = options.bytesSelector ?? null
    this.#maxBytes = options.maxBytes ?? Infinity
    this.options = options
  }

  /** Holds a value where nothing can be over its share for it; false where something might. */
  protected hold(value: T): boolean {
    if (this.#several !== null || this.#first !== none || !this.#fitsAlone(value))
      return this.#held().add(value)
    this.#first = value
    this.account.waiting++
    return true
  }

  /** Holds a value, or lets it or older ones give way; false where to be told of that was the end. */
  protected squeezeIn(value: T, out: Subscriber<unknown>): boolean {
    const held = this.#held()
    held.squeezeIn(value)
    if (!out.closed) return true
    this.discard(this.account.waiting)
    held.take()
    return false
  }

  /** Lets all go. */
  protected take(): T[] {
    const first = this.#first
    if (first !== none) {
      this.#first = none
      this.account.waiting--
      return [first]
    }
    const several = this.#several
    this.#several = null
    return several?.take() ?? []
  }

  /** Counts what reaches nobody. */
  protected discard(count: number): void {
    if (count === 0) return
    this.account.discarded += count
    this.options.onDiscarded?.(count)
  }

  #fitsAlone(value: T): boolean {
    return this.#bytesSelector === null || this.#bytesSelector.call(this.options, value) <= this.#maxBytes
  }

  /** What holds several values, with the first one among them. */
  #held(): Held<T> {
    if (this.#several !== null) return this.#several
    const held = (this.#several = new Held(this.options, this.account))
    const first = this.#first
    if (first === none) return held
    this.#first = none
    this.account.waiting--
    held.add(first)
    return held
  }
}
