const textOpcode = 0x81 // FIN and opcode 1
const nothing = Buffer.alloc(0)

/**
 * One finished WebSocket text frame, unmasked, as a server sends it (RFC 6455, 5.2): header, `prefix`, `payload`,
 * `suffix`. All three are UTF-8 bytes. The frame owns its memory: it shares none with a pool or with its parts, so
 * that a frame which is held long retains itself alone.
 *
 * @example
 * ```ts
 * import { textFrame } from 'afluente'
 *
 * textFrame(Buffer.from('hi')) // <Buffer 81 02 68 69>
 * ```
 */
export function textFrame(
  payload: Uint8Array,
  prefix: Uint8Array = nothing,
  suffix: Uint8Array = nothing,
): Buffer {
  const length = prefix.length + payload.length + suffix.length
  const header = frameHeaderBytes(length)
  const frame = Buffer.allocUnsafeSlow(header + length)
  frame[0] = textOpcode
  if (header === 2) {
    frame[1] = length
  } else if (header === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeUIntBE(0, 2, 2)
    frame.writeUIntBE(length, 4, 6)
  }
  frame.set(prefix, header)
  frame.set(payload, header + prefix.length)
  frame.set(suffix, header + prefix.length + payload.length)
  return frame
}

/** How many bytes the header of an unmasked frame of `length` bytes takes. */
export function frameHeaderBytes(length: number): number {
  if (length < 126) return 2
  return length < 65_536 ? 4 : 10
}

/** A frame of one of our own events. */
export function eventFrame(event: string, data: unknown): Buffer {
  return textFrame(Buffer.from(JSON.stringify({ event, data })))
}
