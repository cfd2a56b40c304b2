import type { KnownMessage } from '../feed/lastKnown.js'
import type { Area } from '../operators/within.js'
import { publicFrame } from './publicFrame.js'
import { shownBody } from './shownBody.js'

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
    const body = known && shownBody(known, within)
    return body && publicFrame('snapshot', body, fields)
  }
}
