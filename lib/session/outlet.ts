import type { Observable, Subscriber } from 'rxjs'
import type { WebSocket } from 'ws'
import { type ByteString, pingFrame } from '../feed/frame.js'
import { type Link, linked, produce } from '../operators/link.js'
import { Attention } from './attention.js'
import { type Closing, closings, left } from './closing.js'
import { keepAliveFrame } from './events.js'
import { hear, type Hearer } from './hear.js'
import type { Framed } from './onePiece.js'
import type { Pace } from './pace.js'
import { SocketWriter } from './socketWriter.js'

/** The writing end of a session. */
export interface Outlet {
  /** Emits once, as soon as a batch can be taken: at once, or when nothing waits in a socket that was full. */
  readonly writable$: Observable<void>
  /** Whether a batch can be taken now, or given up at once. */
  readonly isWritable: boolean
  /** Emits how the peer ended it: it left, fell silent, or flooded us. Keeps the peer awake while it is subscribed. */
  readonly ended$: Observable<Closing>
  /** Writes a batch, in its order and as one piece. False where the socket is closing and takes nothing. */
  write(batch: readonly Framed[]): boolean
  /** Writes an event of our own, whatever waits. */
  tell(event: Framed): void
  /** Ends the socket: with a close frame, or at once where the peer is gone or has ended its half. */
  close(closing: Closing): void
}

export interface OutletOptions {
  /** Emits once a keep-alive period, which is `keepAliveMs` long. */
  readonly keepAlive$: Observable<unknown>
  readonly keepAliveMs: number
  /** More inbound frames in one second end the session; 0 means no limit. Pongs don't count. */
  readonly maxFramesPerSecond: number
  /** Told each inbound data frame. */
  readonly onFrame: () => void
  readonly pace: Pace
}

/**
 * The outlet of a `ws` socket.
 *
 * @param isPaced Whether to wait for a pong after each batch. The kernel takes megabytes for a slow peer before a socket
 * counts as full; this way what is sent is never older than one round trip.
 */
export function outlet(socket: WebSocket, options: OutletOptions, isPaced = false): Outlet {
  return new SocketOutlet(socket, options, isPaced)
}

// A class and not closures: there is one for every open session, and this way it takes a sixth of the memory.
class SocketOutlet extends SocketWriter implements Outlet, Hearer, Link<unknown> {
  readonly #options: OutletOptions
  readonly #isPaced: boolean
  #unanswered = 0
  readonly #attention = new Attention()
  #pings = 0
  #waiter: Subscriber<void> | null = null
  #ending: Subscriber<Closing> | null = null

  constructor(socket: WebSocket, options: OutletOptions, isPaced: boolean) {
    super(socket)
    this.#options = options
    this.#isPaced = isPaced
    options.pace.cameIn()
    hear(socket, this)
  }

  get writable$(): Observable<void> {
    return produce((out) => {
      if (this.isWritable) out.next()
      else this.#waiter = out
    })
  }

  get ended$(): Observable<Closing> {
    return produce((out) => {
      this.#ending = out
      if (this.socket.readyState === this.socket.CLOSED) out.next(left(1006)) // nothing more will tell
      this.#options.keepAlive$.subscribe(linked(out, this))
    })
  }

  write(batch: readonly Framed[]): boolean {
    const first = batch[0] // and no iterator
    if (first === undefined) return true
    if (!(batch.length === 1 && !this.#isPaced ? this.put(first.frame) : this.putMany(this.#asked(batch))))
      return false
    if (this.#isPaced) this.#unanswered = this.#pings
    return true
  }

  tell({ frame }: Framed): void {
    this.put(frame)
  }

  close(closing: Closing): void {
    if (closing === closings.silent || this.isHalfClosed) this.socket.terminate()
    else this.socket.close(closing.code, closing.reason)
  }

  #heard(isFrame: boolean): void {
    this.#attention.heard(isFrame)
    if (this.#attention.isFlooded(this.#options.maxFramesPerSecond)) this.ended(closings.flood)
  }

  said(): void {
    this.#options.onFrame()
    this.#heard(true)
  }

  pinged(ping: ByteString): void {
    this.#heard(true)
    this.pong(ping)
  }

  answered(ping: ByteString): void {
    this.#heard(false)
    // A peer may answer the most recent ping alone (RFC 6455, 5.5.3), and so all that went before.
    if (this.#unanswered === 0 || !(Number(ping) >= this.#unanswered)) return
    this.#unanswered = 0
    this.#release()
  }

  ended(closing: Closing): void {
    this.#ending?.next(closing)
  }

  get isWritable(): boolean {
    return !this.isFull && this.#unanswered === 0
  }

  protected override drained(): void {
    this.#release()
  }

  #release(): void {
    if (!this.isWritable) return
    const waiter = this.#waiter
    this.#waiter = null
    waiter?.next()
  }

  /** A keep-alive period has passed. */
  next(): void {
    const isSilent = () => this.#attention.isSilent(this.#options.keepAliveMs)
    if (!isSilent()) this.#keepAlive()
    // Perhaps it was us who didn't listen: what came meanwhile is read before this turn is over.
    else setImmediate(() => (isSilent() ? this.ended(closings.silent) : this.#keepAlive()))
  }

  #keepAlive(): void {
    this.putMany([{ frame: keepAliveFrame }, this.#ping()])
    this.#attention.pinged() // though it took nothing: one that is closing may not wait for ever
  }

  /** A batch with the ping whose answer tells that it has arrived, where that is waited for. */
  #asked(batch: readonly Framed[]): readonly Framed[] {
    return this.#isPaced ? [...batch, this.#ping()] : batch
  }

  #ping(): Framed {
    return { frame: pingFrame(String(++this.#pings)) }
  }
}
