import type { Body } from '../feed/envelope.js'
import type { KnownMessage } from '../feed/lastKnown.js'
import { positionOf } from '../feed/position.js'
import { type Area, isWithin } from '../operators/within.js'

/** What a last known message says; undefined where its place lies outside of the share's area. */
export function shownBody({ payload }: KnownMessage, within: Area | undefined): Body | undefined {
  // It was parsed when it came from the feed, so it is an object.
  const body = JSON.parse(payload.toString()) as Body
  return within === undefined || isWithin(within, positionOf(body)) ? body : undefined
}
