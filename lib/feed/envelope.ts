import { frameHeaderBytes, textFrame } from './frame.js'

const prefix = Buffer.from('{"event":"message","data":')
const suffix = Buffer.from('}')

/** What a payload is by JSON.parse: an object. */
export type Body = Readonly<Record<string, unknown>>

/**
 * One device message on its way: the one thing that travels from the feed to the sessions. What not everybody needs
 * is made lazily, and once, however many watch.
 */
export class Envelope {
  readonly deviceId: string
  /** When it arrived here, in milliseconds since 1970. */
  readonly receivedAt: number
  /** The payload by JSON.parse. */
  readonly body: Body
  /** Its number among its device's messages, given by the device's actor; 0 before that. */
  seq = 0
  #payload: Buffer
  #frame: Buffer | null = null

  constructor(deviceId: string, payload: Buffer, receivedAt: number, body: Body) {
    this.deviceId = deviceId
    this.receivedAt = receivedAt
    this.body = body
    this.#payload = payload
  }

  /** The bytes as they came: valid UTF-8, and one JSON object. */
  get payload(): Buffer {
    return this.#payload
  }

  /** The finished WebSocket frame, `{"event":"message","data":<payload>}`, the same for every session. */
  get frame(): Buffer {
    if (this.#frame === null) {
      this.#frame = textFrame(this.#payload, prefix, suffix)
      // The payload that came is a part of the network's read buffer, which would be kept for as long as this is held.
      const start = frameHeaderBytes(prefix.length + this.#payload.length + suffix.length) + prefix.length
      this.#payload = this.#frame.subarray(start, -suffix.length)
    }
    return this.#frame
  }
}
