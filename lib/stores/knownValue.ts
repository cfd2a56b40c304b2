import type { ByteString } from '../feed/frame.js'
import type { KnownMessage, Recency } from '../feed/lastKnown.js'

// A stored value: when it arrived, the device's own time (NaN for none), whether it has a position, then the payload.
const headBytes = 17

/** What stands before a stored payload. */
export interface KnownHead {
  readonly deviceId: string
  readonly receivedAt: number
  readonly recency: Recency
}

/** A device's key. UTF-16 keeps ids apart that UTF-8 can't write: JSON may hold half a surrogate pair. */
export function keyOf(deviceId: string): Buffer {
  return Buffer.from(deviceId, 'utf16le')
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
export function readHead(key: Buffer, value: Buffer): KnownHead {
  const deviceTime = value.readDoubleLE(8)
  return {
    deviceId: key.toString('utf16le'),
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
