import type { FeedMessage } from './decode.js'

/**
 * How many bytes the MQTT packet has that begins at `at`, those before its content included (MQTT 3.1.1 and 5, 2.1): 0
 * where too few are there to tell, Infinity where it is no packet.
 */
export function packetLength(bytes: Buffer, at: number, end = bytes.length): number {
  let content = 0
  for (let next = at + 1, shift = 0; next < end; next++, shift += 7) {
    const byte = bytes[next] ?? 0
    content |= (byte & 0x7f) << shift
    if (byte < 0x80) return next + 1 - at + content
    if (shift === 21) return Infinity // a length has four bytes at most
  }
  return 0
}

/** Reads PUBLISH packets of QoS 0, which nobody answers. A topic is read anew only where it is not that of the packet before. */
export class PublishReader {
  readonly #hasProperties: boolean
  #topic = ''
  #topicBytes = Buffer.alloc(0)

  /** @param hasProperties As in MQTT 5. */
  constructor(hasProperties: boolean) {
    this.#hasProperties = hasProperties
  }

  /** The message of the packet from `at` to `end`; undefined where it is another packet, or takes more to understand. */
  read(bytes: Buffer, at: number, end: number): FeedMessage | undefined {
    if (((bytes[at] ?? 0) & 0xfe) !== 0x30) return undefined // retained or not
    const topicAt = contentOf(bytes, at) + 2
    if (topicAt > end) return undefined
    const topicEnd = topicAt + bytes.readUInt16BE(topicAt - 2)
    const payloadAt = this.#hasProperties ? behindProperties(bytes, topicEnd, end) : topicEnd
    if (payloadAt > end || !this.#isTopic(bytes, topicAt, topicEnd)) return undefined
    return { topic: this.#topic, payload: bytes.subarray(payloadAt, end) }
  }

  #isTopic(bytes: Buffer, from: number, to: number): boolean {
    const isSame = this.#topicBytes.length === to - from && this.#topicBytes.compare(bytes, from, to) === 0
    if (!isSame) {
      this.#topicBytes = Buffer.from(bytes.subarray(from, to))
      this.#topic = this.#topicBytes.toString()
    }
    return this.#topic !== '' // in MQTT 5 an empty one stands for an earlier one
  }
}

/** Where the content of the packet at `at` begins. */
function contentOf(bytes: Buffer, at: number): number {
  let next = at + 1
  while ((bytes[next] ?? 0) >= 0x80) next++
  return next + 1
}

/** Where what follows the properties begins; beyond `end` where they don't fit. */
function behindProperties(bytes: Buffer, at: number, end: number): number {
  // Their length is written as a packet's is, which has one byte before it.
  const length = packetLength(bytes, at - 1, end)
  return length === 0 ? Infinity : at - 1 + length
}
