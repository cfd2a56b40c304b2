import type { WebSocket } from 'ws'
import type { ByteString } from '../feed/frame.js'
import { type Closing, left } from './closing.js'

/** Who is told what a peer does. */
export interface Hearer {
  /** It sent data. */
  said(): void
  /** It sent a ping, which nobody has answered yet (`upgrade.ts`). */
  pinged(ping: ByteString): void
  /** It answered a ping. */
  answered(ping: ByteString): void
  /** It is gone. */
  ended(closing: Closing): void
}

// The listeners are the same functions for all sockets; who is told is found by the socket.
const hearers = new WeakMap<WebSocket, Hearer>()

/** Tells `hearer` what the peer of a `ws` socket does. */
export function hear(socket: WebSocket, hearer: Hearer): void {
  hearers.set(socket, hearer)
  socket.on('message', onMessage)
  socket.on('ping', onPing)
  socket.on('pong', onPong)
  socket.on('error', onError)
  socket.on('close', onClose)
}

function onMessage(this: WebSocket): void {
  hearers.get(this)?.said()
}

function onPing(this: WebSocket, data: Buffer): void {
  hearers.get(this)?.pinged(data.toString('latin1'))
}

function onPong(this: WebSocket, data: Buffer): void {
  hearers.get(this)?.answered(data.toString('latin1'))
}

function onError(): void {
  // 'close' follows, and tells the code.
}

function onClose(this: WebSocket, code: number): void {
  hearers.get(this)?.ended(left(code))
}
