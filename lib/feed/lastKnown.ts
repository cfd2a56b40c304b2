import type { Envelope } from './envelope.js'
import { deviceTimeOf, positionOf } from './position.js'

/** A device's last known message: where it is now, as far as anybody knows. */
export interface KnownMessage {
  /** The bytes as they came. */
  readonly payload: Buffer
  /** When it arrived, in milliseconds since 1970. */
  readonly receivedAt: number
}

/** Last known messages, bounded. They outlive a device's silence and its actor. */
export interface LastKnown {
  /** Takes a message into account. Called for every message, so it returns at once and never throws. */
  note(envelope: Envelope): void
  /** Whether there is one of a device, without reading it. */
  has(deviceId: string): boolean
  /** The last known message of a device. */
  get(deviceId: string): KnownMessage | undefined
}

/** What decides which of two messages is the later one. */
export interface Recency {
  /** In milliseconds since 1970; null where the message tells none. */
  readonly deviceTime: number | null
  readonly hasPosition: boolean
}

export function recencyOf({ body, receivedAt }: Pick<Envelope, 'body' | 'receivedAt'>): Recency {
  return { deviceTime: deviceTimeOf(body, receivedAt), hasPosition: positionOf(body) !== null }
}

/**
 * Whether `next`, which arrived later, is the last known message rather than `held`: the one with the newer device
 * time, by arrival where either has none and between equals; but one with a position goes before one without.
 */
export function replaces(held: Recency, next: Recency): boolean {
  if (held.hasPosition !== next.hasPosition) return next.hasPosition
  return held.deviceTime === null || next.deviceTime === null || next.deviceTime >= held.deviceTime
}
