import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

const none = -1 // as Node says on Windows

// Node keeps the handle in a field of its own, which is null from the moment on that the descriptor is closed.
interface Handled {
  readonly _handle?: { readonly fd?: number } | null
}

/** The descriptor of the socket below a stream; none where there is more than that, TLS say, or it can't be had. */
export function descriptorOf(stream: Duplex): number {
  if (Object.getPrototypeOf(stream) !== Socket.prototype) return none
  return (stream as Handled)._handle?.fd ?? none
}

/**
 * Writes what the kernel takes of `bytes` at once, with one system call and nothing else: the books that a stream keeps
 * of each write, for what may have to wait, cost as much as all that a session does (scripts/bench, S2). Nothing is
 * written where something waits in the stream, nor once the socket is closed, whose descriptor is another's by then.
 *
 * @returns How many bytes were taken. What was not is the stream's, which will also meet what failed here.
 */
export function directWrite(stream: Duplex, descriptor: number, bytes: Buffer): number {
  if (descriptor < 0 || stream.writableLength > 0 || !(stream as Handled)._handle) return 0
  try {
    return writeSync(descriptor, bytes)
  } catch {
    return 0
  }
}
