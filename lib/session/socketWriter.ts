import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { type ByteString, pongFrame } from '../feed/frame.js'
import {
  type DescriptorKeeper,
  descriptorOf,
  directWrite,
  giveUpDescriptor,
  noDescriptor,
} from './directWrite.js'
import { type Framed, inOnePiece, intoScratch, outOfScratch, scratch } from './onePiece.js'

// Who sends as many while it reads nothing is cut off.
const mostOwedPongs = 60
const nothing = Buffer.alloc(0)

function giveUpAndClose(this: WebSocket, code?: number, reason?: string | Buffer): void {
  giveUpDescriptor(streamOf(this))
  const prototype = Object.getPrototypeOf(this) as WebSocket
  prototype.close.call(this, code, reason)
}

/**
 * Writes to a `ws` socket, below it: frame after frame, straight to the descriptor wherever nothing waits in the stream.
 * For it to know what waits, nobody else writes there: not `ws` either, whose own pongs are turned off in `upgrade.ts`,
 * and whose close frame is the last. It is `ws` that begins to close where the peer does, or breaks the protocol: hence
 * `close` tells. To ask each time whether it is closing would touch one more object of each session.
 */
export abstract class SocketWriter implements DescriptorKeeper {
  // What each write looks at stands first.
  #descriptor: number
  #isQueued = false
  #isFull = false
  protected readonly socket: WebSocket
  #owedPongs = 0
  #lastPing: ByteString = ''

  constructor(socket: WebSocket) {
    this.#descriptor = descriptorOf(streamOf(socket), this)
    this.socket = socket
    socket.close = giveUpAndClose
    if (this.#stream.writableLength > 0) this.#queue(nothing) // and be told when what waits there has left
  }

  /** The socket was full, and nothing waits there any more. */
  protected abstract drained(): void

  /** Whether it holds more than it should. It takes what comes all the same. */
  protected get isFull(): boolean {
    return this.#isFull
  }

  /** Whether the peer has ended its half: nobody knows whether it reads on, and `ws` waits for ever. */
  protected get isHalfClosed(): boolean {
    return this.#stream.readableEnded
  }

  /** False where the socket is closing. */
  protected put(bytes: Buffer): boolean {
    const taken = this.#isQueued ? 0 : directWrite(this.#descriptor, bytes)
    return taken === bytes.length || this.#wait(bytes.subarray(taken))
  }

  protected putMany(batch: readonly Framed[]): boolean {
    const length = this.#isQueued ? 0 : intoScratch(batch)
    if (length === 0) return this.put(inOnePiece(batch))
    const taken = directWrite(this.#descriptor, scratch, length)
    return taken === length || this.#wait(outOfScratch(taken, length))
  }

  /** Answers a ping; of those that come while something waits, the most recent one alone (RFC 6455, 5.5.3), and not too many. */
  protected pong(ping: ByteString): void {
    if (!this.#isQueued) {
      this.put(pongFrame(ping))
      return
    }
    this.#lastPing = ping
    if (++this.#owedPongs > mostOwedPongs) this.socket.terminate()
  }

  gaveUp(): void {
    this.#descriptor = noDescriptor
  }

  // `ws` writes frame by frame; a batch of finished frames goes to the stream below it, in one piece.
  get #stream(): Duplex {
    return streamOf(this.socket)
  }

  #wait(bytes: Buffer): boolean {
    if (this.socket.readyState !== this.socket.OPEN) return false
    this.#queue(bytes)
    return true
  }

  #queue(bytes: Buffer): void {
    this.#isQueued = true
    if (this.#stream.write(bytes, () => this.#written()) || this.#isFull) return
    this.#isFull = true
    this.#stream.once('drain', () => {
      this.#isFull = false
      this.drained()
    })
  }

  #written(): void {
    this.#isQueued = this.#stream.writableLength > 0
    if (this.#owedPongs === 0 || this.#isQueued) return
    this.#owedPongs = 0
    this.pong(this.#lastPing)
  }
}

function streamOf(socket: WebSocket): Duplex {
  return (socket as unknown as { _socket: Duplex })._socket
}
