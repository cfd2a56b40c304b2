/**
 * Bytes as a string, one character a byte ('latin1'). Such a string lives in V8's heap: a short one pins no pool and no
 * network buffer, and to keep it costs nothing.
 */
export type ByteString = string

// FIN, and the opcode
const text = 0x81
const ping = 0x89
const pong = 0x8a

/**
 * One finished WebSocket text frame, unmasked, as a server sends it (RFC 6455, 5.2). It owns its memory and shares no
 * pool, so that a frame which is held long retains itself alone.
 *
 * @param payload UTF-8 bytes.
 *
 * @example
 * ```ts
 * import { textFrame } from 'afluente'
 *
 * textFrame('hi') // <Buffer 81 02 68 69>
 * ```
 */
export function textFrame(payload: ByteString): Buffer {
  return frameOf(text, payload)
}

/** A ping as a frame, whose answer will say the same (RFC 6455, 5.5.2). @param payload At most 125 bytes. */
export function pingFrame(payload: ByteString): Buffer {
  return frameOf(ping, payload)
}

/** The answer to a ping, as a frame. @param payload What the ping said. */
export function pongFrame(payload: ByteString): Buffer {
  return frameOf(pong, payload)
}

function frameOf(firstByte: number, payload: ByteString): Buffer {
  const { length } = payload
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafeSlow(headerBytes + length)
  frame[0] = firstByte
  if (headerBytes === 2) {
    frame[1] = length
  } else if (headerBytes === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(payload, headerBytes, 'latin1')
  return frame
}

/** A frame of one of our own events. */
export function eventFrame(event: string, data: unknown): Buffer {
  return textFrame(Buffer.from(JSON.stringify({ event, data })).toString('latin1'))
}
