import type { OverflowStrategy } from '../operators/held.js'
import type { Hand, InboxOptions } from '../operators/mailboxOptions.js'
import type { Turns } from '../operators/turns.js'
import type { Counters } from '../stats/counters.js'
import type { Losses } from './losses.js'
import type { Framed } from './onePiece.js'
import type { Outlet } from './outlet.js'

/** A device's message as a session delivers it. An envelope is one. */
export interface DeviceMessage extends Framed {
  readonly deviceId: string
}

/** A device's last known message, whose frame is made only where there is room for it. */
export interface LastKnownFrame {
  readonly deviceId: string
  /** The frame; undefined where it turns out that there is nothing to show. */
  readonly makeFrame: () => Buffer | undefined
}

export interface DeliveryOptions {
  /** Messages held per device, at least 1. */
  readonly mailboxCapacity: number
  /** Bytes held in all; 0 means no limit. */
  readonly mailboxBytes: number
  readonly counters: Counters
  /** When the batches of all sessions leave. Default: each as soon as its outlet can take it. */
  readonly turns?: Turns
}

/**
 * How a session delivers: the options of its mailbox, and what is done with a batch that leaves it.
 *
 * A class and not closures, and one object rather than two, since there is one for every open session.
 */
export class Delivery implements InboxOptions<DeviceMessage>, Hand<DeviceMessage> {
  // What each batch looks at stands first.
  readonly #outlet: Outlet
  readonly #options: DeliveryOptions
  #lost: Losses | null = null
  readonly overflow: OverflowStrategy
  readonly #newLosses: () => Losses

  /** @param newLosses Makes what keeps its losses, once there are any. */
  constructor(overflow: OverflowStrategy, outlet: Outlet, options: DeliveryOptions, newLosses: () => Losses) {
    this.overflow = overflow
    this.#outlet = outlet
    this.#options = options
    this.#newLosses = newLosses
  }

  get capacity(): number {
    return this.#options.mailboxCapacity
  }

  get maxBytes(): number {
    return this.#options.mailboxBytes === 0 ? Infinity : this.#options.mailboxBytes
  }

  keySelector({ deviceId }: DeviceMessage): string {
    return deviceId
  }

  bytesSelector({ frame }: DeviceMessage): number {
    return frame.length
  }

  releaseSelector(): Outlet['writable$'] {
    return this.#outlet.writable$
  }

  get turns(): Turns | undefined {
    return this.#options.turns
  }

  canRelease(): boolean {
    return this.#outlet.isWritable
  }

  onDropped(message: DeviceMessage): void {
    this.#options.counters.dropped++
    this.#lose(message)
  }

  onDiscarded(count: number): void {
    this.#options.counters.discarded += count
  }

  /** Writes last known messages. One that is lost is told, and in no account: it was never routed. */
  showFirst(snapshots: Iterable<LastKnownFrame>): void {
    const shown: Framed[] = []
    let bytes = 0
    for (const { deviceId, makeFrame } of snapshots) {
      const frame = bytes > this.maxBytes ? null : makeFrame()
      if (frame === undefined) continue
      bytes += frame?.length ?? 0
      if (frame !== null && bytes <= this.maxBytes) shown.push({ frame })
      else this.#lose({ deviceId })
    }
    if (this.#outlet.write(shown)) this.#options.counters.snapshots += shown.length
  }

  /** Writes a batch, and tells a loss where its gap is. False where the peer is closing already, and it reaches nobody. */
  next(batch: readonly DeviceMessage[]): boolean {
    const { overflow } = this
    const { counters } = this.#options
    const told = this.untold()
    const isTaken = this.#outlet.write(
      told.length === 0 ? batch : overflow === 'dropNewest' ? [...batch, ...told] : [...told, ...batch],
    )
    if (isTaken) counters.delivered += batch.length
    return isTaken
  }

  /** What was lost and not told yet. From then on it counts as told. */
  untold(): readonly Framed[] {
    return this.#lost?.tell() ?? nothing
  }

  #lose(message: Pick<DeviceMessage, 'deviceId'>): void {
    this.#lost ??= this.#newLosses()
    this.#lost.note(message)
  }
}

const nothing: readonly Framed[] = []
