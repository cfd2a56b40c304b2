import { isUtf8 } from 'node:buffer'
import type { OperatorFunction } from 'rxjs'
import { linked, operate } from '../operators/link.js'
import { deviceIdOf, type DeviceIdPlace } from './deviceId.js'
import { type Body, Envelope } from './envelope.js'

/** Why a payload is no device message. */
export const malformedReasons = [
  'oversize',
  'bad_utf8',
  'bad_json',
  'too_deep',
  'not_an_object',
  'no_device',
  'bad_device',
] as const
export type MalformedReason = (typeof malformedReasons)[number]

/** What the feed delivers: an MQTT message, or anything with a topic and bytes. */
export interface FeedMessage {
  readonly topic: string
  readonly payload: Buffer
}

export interface DecodeOptions {
  /** A larger payload is malformed, in bytes. Default 256 KiB. */
  readonly maxPayloadBytes?: number
  /** Where the device's id stands. Default `data.DEVICE_ID`. */
  readonly deviceIdPlace?: DeviceIdPlace
  /** Told what was skipped, and why. */
  readonly onMalformed?: (reason: MalformedReason, message: FeedMessage) => void
}

// Deeper JSON is valid, and breaks clients all the same: Python's parser gives up at about a thousand.
const maxDepth = 500

/**
 * Turns what the feed delivers into envelopes, and skips what is no device message. A payload is read once, here,
 * whoever watches.
 *
 * ```
 * source  a-x-b-|      x is malformed
 * decode  A---B-|      onMalformed is told x
 * ```
 *
 * Law: it is `map` and `filter` in one; it never errors of itself.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs'
 * import { decode } from 'afluente'
 *
 * const payload = Buffer.from('{"data":{"DEVICE_ID":"A"}}')
 * of({ topic: 'tracking/data', payload }).pipe(decode()).subscribe({ next: ({ deviceId }) => console.log(deviceId) }) // A
 * ```
 */
export function decode(options: DecodeOptions = {}): OperatorFunction<FeedMessage, Envelope> {
  const { maxPayloadBytes = 256 * 1024, deviceIdPlace = ['data', 'DEVICE_ID'], onMalformed } = options

  function read(message: FeedMessage): Envelope | MalformedReason {
    const { payload } = message
    if (payload.length > maxPayloadBytes) return 'oversize'
    if (!isUtf8(payload)) return 'bad_utf8'
    if (payload.length > 2 * maxDepth && isTooDeep(payload)) return 'too_deep'
    const text = payload.toString()
    const body = parse(text)
    if (body === undefined) return 'bad_json'
    if (!isBody(body)) return 'not_an_object'
    const deviceId = deviceIdOf(deviceIdPlace, body, message.topic)
    if (deviceId === undefined) return 'no_device'
    if (deviceId === null) return 'bad_device'
    // As many characters as bytes: it is ASCII, and the text is the bytes.
    const bytes = text.length === payload.length ? text : payload.toString('latin1')
    return new Envelope(deviceId, bytes, Date.now(), body)
  }

  return operate((source$, out) => {
    const inner = linked<FeedMessage>(out, {
      next(message) {
        const envelope = read(message)
        if (typeof envelope === 'string') onMalformed?.(envelope, message)
        else out.next(envelope)
      },
    })
    source$.subscribe(inner)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // which JSON.parse never gives
  }
}

function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether brackets outside of strings nest deeper than `maxDepth`; on bad JSON the answer doesn't matter. */
function isTooDeep(payload: Buffer): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < payload.length; at++) {
    const byte = payload[at]
    if (byte === 0x22) quoted = !quoted
    else if (quoted) at += byte === 0x5c ? 1 : 0
    else if ((byte === 0x5b || byte === 0x7b) && ++depth > maxDepth) return true
    else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return false
}
