/** What gives way when a key's share is full: the value that just arrived, the oldest held, all but the newest, or the whole stream. */
export type OverflowStrategy = 'dropNewest' | 'dropOldest' | 'latest' | 'disconnect'

/** How much is held, and what gives way. One object may serve any number of mailboxes. */
export interface HeldOptions<T> {
  /** Values held per key, at least 1; under `latest` always 1. */
  readonly capacity: number
  /** What is held in all, in bytes as `bytesSelector` counts them. Default: no limit. */
  readonly maxBytes?: number
  /** What gives way. Default `dropNewest`. */
  readonly overflow?: OverflowStrategy
  /** The key whose share a value takes. Default: one share for all. */
  readonly keySelector?: (value: T) => string
  /** A value's size in bytes. Default 0. */
  readonly bytesSelector?: (value: T) => number
  /** Told each value that gives way, at once. */
  readonly onDropped?: (value: T) => void
}

/** What became of the values: `routed = delivered + dropped + discarded + waiting`, at any moment. */
export interface HeldAccount {
  /** Values that arrived. */
  routed: number
  /** Values that were let go in a batch. */
  delivered: number
  /** Values that gave way to overflow. */
  dropped: number
  /** Values that were held when the end came. */
  discarded: number
  /** Values held now. */
  waiting: number
}

/** A new account, all zero. */
export function heldAccount(): HeldAccount {
  return { routed: 0, delivered: 0, dropped: 0, discarded: 0, waiting: 0 }
}

/** Ends a mailbox whose strategy is `disconnect` when a share is full. */
export class OverflowError extends Error {
  constructor() {
    super('a share of the mailbox is full')
    this.name = 'OverflowError'
  }
}

/**
 * The values that a mailbox holds, bounded per key and in bytes. While no more than `capacity` are held, no key
 * can be over its share, so nothing is counted by key: they stand in the order of their arrival. From then on until
 * the next `take` they stand by key.
 */
export class Held<T> {
  #inOrder: T[] | null = null
  #byKey: Map<string, T[]> | null = null
  #bytes = 0
  readonly #options: HeldOptions<T>
  readonly #account: HeldAccount
  readonly #limit: number
  readonly #maxBytes: number

  constructor(options: HeldOptions<T>, account: HeldAccount) {
    this.#options = options
    this.#account = account
    this.#limit = options.overflow === 'latest' ? 1 : options.capacity
    this.#maxBytes = options.maxBytes ?? Infinity
  }

  /** Holds a value where nothing can be over its share for it; false where something might. */
  add(value: T): boolean {
    if (this.#byKey !== null || this.#account.waiting >= this.#limit) return false
    const bytes = this.#bytesOf(value)
    if (this.#bytes + bytes > this.#maxBytes) return false
    // An array begun with a value has room for it alone; one that is pushed to has room for seventeen.
    if (this.#inOrder === null) this.#inOrder = [value]
    else this.#inOrder.push(value)
    this.#count(bytes)
    return true
  }

  /** Holds a value, or lets it or older ones give way. @throws OverflowError under `disconnect`. */
  squeezeIn(value: T): void {
    const { overflow = 'dropNewest', keySelector } = this.#options
    const byKey = (this.#byKey ??= this.#sortByKey())
    const key = keySelector?.(value) ?? ''
    const share = byKey.get(key) ?? []
    const bytes = this.#bytesOf(value)
    const givesWayItself = overflow === 'dropNewest' || overflow === 'disconnect'
    const freeable = givesWayItself ? 0 : share.reduce((sum, held) => sum + this.#bytesOf(held), 0)
    if ((givesWayItself && share.length >= this.#limit) || this.#bytes - freeable + bytes > this.#maxBytes) {
      this.#drop(value)
      if (overflow === 'disconnect') throw new OverflowError()
      return
    }
    while (share.length >= this.#limit || this.#bytes + bytes > this.#maxBytes) {
      const oldest = share.shift()
      if (oldest === undefined) break
      this.#account.waiting--
      this.#bytes -= this.#bytesOf(oldest)
      this.#drop(oldest)
    }
    byKey.set(key, share)
    share.push(value)
    this.#count(bytes)
  }

  /** Lets all go. */
  take(): T[] {
    const values = this.#byKey === null ? (this.#inOrder ?? []) : [...this.#byKey.values()].flat()
    this.#inOrder = this.#byKey = null
    this.#bytes = 0
    this.#account.waiting = 0
    return values
  }

  #count(bytes: number): void {
    this.#account.waiting++
    this.#bytes += bytes
  }

  #sortByKey(): Map<string, T[]> {
    const byKey = new Map<string, T[]>()
    for (const value of this.#inOrder ?? []) {
      const key = this.#options.keySelector?.(value) ?? ''
      const share = byKey.get(key)
      if (share === undefined) byKey.set(key, [value])
      else share.push(value)
    }
    this.#inOrder = null
    return byKey
  }

  #drop(value: T): void {
    this.#account.dropped++
    this.#options.onDropped?.(value)
  }

  #bytesOf(value: T): number {
    return this.#options.bytesSelector?.(value) ?? 0
  }
}
