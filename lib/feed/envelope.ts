import { type ByteString, textFrame } from './frame.js'

/** What a payload is by JSON.parse: an object. */
export type Body = Readonly<Record<string, unknown>>

/**
 * One device message on its way: the one thing that travels from the feed to the sessions. What not everybody needs
 * is made lazily, and once, however many watch.
 */
export class Envelope {
  readonly deviceId: string
  /** The payload as it came, byte for byte: valid UTF-8, and one JSON object. */
  readonly bytes: ByteString
  /** When it arrived here, in milliseconds since 1970. */
  readonly receivedAt: number
  /** Its number among its device's messages, given by the device's actor; 0 before that. */
  seq = 0
  #body: Body | null
  #frame: Buffer | null = null

  constructor(deviceId: string, bytes: ByteString, receivedAt: number, body: Body) {
    this.deviceId = deviceId
    this.bytes = bytes
    this.receivedAt = receivedAt
    this.#body = body
  }

  /** The payload by JSON.parse. Once it is routed, it is parsed anew for each who asks. */
  get body(): Body {
    return this.#body ?? (JSON.parse(this.payload.toString()) as Body)
  }

  /**
   * Lets go of what the payload was parsed to, several times its size: a mailbox may hold the message for long, and no
   * session looks at its body any more.
   */
  forgetBody(): void {
    this.#body = null
  }

  /** The payload as it came, in a Buffer of its own. */
  get payload(): Buffer {
    return Buffer.from(this.bytes, 'latin1')
  }

  /** The finished WebSocket frame, `{"event":"message","data":<payload>}`, the same for every session. */
  get frame(): Buffer {
    return (this.#frame ??= textFrame(`{"event":"message","data":${this.bytes}}`))
  }
}
