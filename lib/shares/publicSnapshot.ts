import type { Body } from '../feed/envelope.js'
import { textFrame } from '../feed/frame.js'
import type { KnownMessage } from '../feed/lastKnown.js'
import { positionOf } from '../feed/position.js'
import { type Area, isWithin } from '../operators/within.js'
import { publicProjection } from './publicProjection.js'

/**
 * Makes what gives the `snapshot` frame of a device as a share's viewers get it; undefined where the device never
 * reported, or is outside of the area.
 */
export function publicSnapshot(
  lastKnown: (deviceId: string) => KnownMessage | undefined,
  fields: ReadonlySet<string>,
): (deviceId: string, within: Area | undefined) => Buffer | undefined {
  return (deviceId, within) => {
    const known = lastKnown(deviceId)
    if (known === undefined) return undefined
    // It was parsed when it came from the feed, so it is an object.
    const body = JSON.parse(known.payload.toString()) as Body
    if (within !== undefined && !isWithin(within, positionOf(body))) return undefined
    const data = Buffer.from(publicProjection(body, fields)).toString('latin1')
    return textFrame(`{"event":"snapshot","data":${data}}`)
  }
}
