import type { ByteString } from '../feed/frame.js'
import { type KnownMessage, type Recency, replaces } from '../feed/lastKnown.js'

// A stored value: when it arrived, the device's own time (NaN for none), whether it has a position, then the payload.
const headBytes = 17
// A message reaches all processes within it; a device that says the same again later has been heard from again.
const sameMomentMs = 5_000

/** What stands before a stored payload. */
export interface KnownHead {
  readonly receivedAt: number
  readonly recency: Recency
}

/** A device's key. UTF-16 keeps ids apart that UTF-8 can't write: JSON may hold half a surrogate pair. */
export function keyOf(deviceId: string): Buffer {
  return Buffer.from(deviceId, 'utf16le')
}

/** The device of a key. */
export function deviceIdOf(key: Buffer): string {
  return key.toString('utf16le')
}

/** Makes what is stored of a message. */
export function valueOf(bytes: ByteString, receivedAt: number, { deviceTime, hasPosition }: Recency): Buffer {
  const value = Buffer.allocUnsafe(headBytes + bytes.length)
  value.writeDoubleLE(receivedAt, 0)
  value.writeDoubleLE(deviceTime ?? NaN, 8)
  value.writeUInt8(hasPosition ? 1 : 0, 16)
  value.write(bytes, headBytes, 'latin1')
  return value
}

/** Reads what stands before a stored payload. */
export function readHead(value: Buffer): KnownHead {
  const deviceTime = value.readDoubleLE(8)
  return {
    receivedAt: value.readDoubleLE(0),
    recency: {
      deviceTime: Number.isNaN(deviceTime) ? null : deviceTime,
      hasPosition: value.readUInt8(16) === 1,
    },
  }
}

/** Reads a stored message. */
export function readKnown(value: Buffer): KnownMessage {
  return { payload: Buffer.from(value.subarray(headBytes)), receivedAt: value.readDoubleLE(0) }
}

/**
 * Whether what is `held` of a device is at least as new as `value`, which another process may have had from the same
 * feed: then it arrived there at another moment.
 */
export function isStored(held: Buffer | undefined, value: Buffer | null): boolean {
  if (held === undefined || value === null) return held === undefined && value === null
  const [one, other] = [readHead(held), readHead(value)]
  const isSameMoment = Math.abs(one.receivedAt - other.receivedAt) < sameMomentMs
  if (isSameMoment && held.subarray(headBytes).equals(value.subarray(headBytes))) return true
  const isReplaced = replaces(one.recency, other.recency)
  if (isReplaced !== replaces(other.recency, one.recency)) return !isReplaced
  return one.receivedAt >= other.receivedAt
}
