import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export const noDescriptor = -1 // as Node says on Windows

/** Who keeps a descriptor, and must give it up in time. */
export interface DescriptorKeeper {
  /** From now on nothing more may be written, and soon the descriptor may be another's. */
  gaveUp(): void
}

// Node keeps the handle in a field of its own. `_destroy` is what every stream closes what is below it by.
interface Handled extends Duplex {
  readonly _handle?: { readonly fd?: number } | null
}

// One function for all sockets; who is told is found by the socket.
const keepers = new WeakMap<Duplex, DescriptorKeeper>()

/** Has the descriptor below a stream given up, if anybody keeps it. */
export function giveUpDescriptor(stream: Duplex): void {
  keepers.get(stream)?.gaveUp()
}

function tellAndEnd(this: Socket, ...last: Parameters<Socket['end']>): Socket {
  giveUpDescriptor(this)
  return Socket.prototype.end.apply(this, last)
}

function tellAndDestroy(this: Socket, error: Error | null, done: (error?: Error | null) => void): void {
  giveUpDescriptor(this)
  Socket.prototype._destroy.call(this, error, done)
}

/**
 * The descriptor of the socket below a stream; none where there is more than that, TLS say, or it can't be had.
 *
 * @param keeper Told before the stream ends, as where its peer has, and before the descriptor is closed. 'close' would be
 * too late: until then another socket may have got its number.
 */
export function descriptorOf(stream: Duplex, keeper: DescriptorKeeper): number {
  if (Object.getPrototypeOf(stream) !== Socket.prototype) return noDescriptor
  const descriptor = (stream as Handled)._handle?.fd ?? noDescriptor
  if (descriptor === noDescriptor) return noDescriptor
  keepers.set(stream, keeper)
  stream.end = tellAndEnd as unknown as Duplex['end'] // which has overloads
  stream._destroy = tellAndDestroy
  return descriptor
}

/**
 * Writes what the kernel takes of the first `length` bytes at once, with one system call and nothing else: the books that
 * a stream keeps of each write, for what may have to wait, cost as much as all that a session does (scripts/bench, S2).
 * Whoever calls it knows that nothing waits in the stream: to look there, which among thousands is never at hand, took a
 * tenth of S2.
 *
 * @returns How many bytes were taken. What was not is the stream's, which will also meet what failed here.
 */
export function directWrite(descriptor: number, bytes: Buffer, length = bytes.length): number {
  if (descriptor === noDescriptor) return 0
  try {
    return writeSync(descriptor, bytes, 0, length)
  } catch {
    return 0
  }
}
