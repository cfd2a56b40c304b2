import { eventFrame } from '../feed/frame.js'
import type { Framed } from './onePiece.js'

/** The frame of the keep-alive, the same for all. */
export const keepAliveFrame = eventFrame('ping', { type: 'keep-alive' })

/** Why a request can't be served. */
export function errorEvent(message: string): Framed {
  return { frame: eventFrame('error', { message }) }
}

/** How many messages of a device gave way. */
export function droppedEvent(deviceId: string, count: number): Framed {
  return { frame: eventFrame('dropped', { device_id: deviceId, count }) }
}

/** The service ends; each client comes back at a moment of its own, so that they don't all come at once. */
export function drainingEvent(): Framed {
  return { frame: eventFrame('draining', { retry_after_ms: Math.round(500 + Math.random() * 4500) }) }
}
