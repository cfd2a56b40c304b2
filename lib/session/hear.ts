import type { WebSocket } from 'ws'
import { type Closing, left } from './closing.js'

/** Who is told what a peer does. */
export interface Hearer {
  /** It sent data. */
  said(): void
  /** It sent a frame of the protocol's; a pong is none of those that count. */
  heard(isFrame: boolean): void
  /** It answered a ping. */
  answered(ping: string): void
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

function onPing(this: WebSocket): void {
  hearers.get(this)?.heard(true)
}

function onPong(this: WebSocket, data: Buffer): void {
  const hearer = hearers.get(this)
  hearer?.heard(false)
  hearer?.answered(data.toString())
}

function onError(): void {
  // 'close' follows, and tells the code.
}

function onClose(this: WebSocket, code: number): void {
  hearers.get(this)?.ended(left(code))
}
