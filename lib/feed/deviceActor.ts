import type { Subscriber } from 'rxjs'
import type { Envelope } from './envelope.js'

/** A request to a device: somebody begins or ends to watch it. */
export interface WatchRequest {
  readonly deviceId: string
  readonly watcher: Subscriber<Envelope>
  readonly begins: boolean
}

/**
 * One device: its sequence number and its watchers. What reaches it comes one after another.
 *
 * The watchers are Subscribers in a plain list, and not a Subject's: a session registers one Subscriber with all of
 * its devices and takes it back by one teardown, which costs 8 bytes a device where a Subject's subscription costs
 * about 250.
 */
export class DeviceActor {
  readonly deviceId: string
  readonly #watchers: (Subscriber<Envelope> | null)[] = []
  #watching = 0
  #seq: number
  #heardAt: number
  #routing = 0

  /** @param floor The highest seq that any freed actor used. @param now In milliseconds since 1970. */
  constructor(deviceId: string, floor: number, now: number) {
    this.deviceId = deviceId
    this.#seq = floor
    this.#heardAt = now
  }

  /** The number of the last message routed. */
  get seq(): number {
    return this.#seq
  }

  /** How many watch it now. */
  get watching(): number {
    return this.#watching
  }

  /** Whether nobody watches it and nothing was heard of it since `instant`, in milliseconds since 1970. */
  isIdleSince(instant: number): boolean {
    return this.#watching === 0 && this.#heardAt <= instant
  }

  /** Numbers a message and hands it to everybody who watches. @returns How many those were. */
  route(envelope: Envelope): number {
    envelope.seq = ++this.#seq
    this.#heardAt = envelope.receivedAt
    if (this.#watching === 0) return 0
    const watchers = this.#watchers
    this.#routing++
    // Who joins while this message is routed gets the next one.
    for (let at = 0, end = watchers.length; at < end; at++) watchers[at]?.next(envelope)
    envelope.forgetBody()
    if (--this.#routing === 0 && watchers.length !== this.#watching) this.#closeGaps()
    return watchers.length
  }

  add(watcher: Subscriber<Envelope>): void {
    this.#watchers.push(watcher)
    this.#watching++
  }

  /** @returns Whether it was watching. */
  remove(watcher: Subscriber<Envelope>): boolean {
    const at = this.#watchers.lastIndexOf(watcher)
    if (at === -1) return false
    this.#watching--
    if (this.#routing > 0) {
      // Moving another here now could leave it out of this message, so a gap stays until that is routed.
      this.#watchers[at] = null
    } else {
      const last = this.#watchers.pop() ?? null
      if (at < this.#watchers.length) this.#watchers[at] = last
    }
    return true
  }

  #closeGaps(): void {
    let kept = 0
    for (const watcher of this.#watchers) if (watcher !== null) this.#watchers[kept++] = watcher
    this.#watchers.length = kept
  }
}
