import { bearingBetween, distanceBetween } from './geometry.js'
import type { Place, Report } from './report.js'
import type { Ending, ShareNews } from './shareNews.js'
import { extended, type Trail } from './trail.js'

/** A vehicle as the page knows it. */
export interface Vehicle {
  readonly deviceId: string
  readonly place: Place
  /** In km/h; null where it didn't say. */
  readonly speed: number | null
  /** Degrees clockwise from north, as it said or as it moved; null where neither is known. */
  readonly heading: number | null
  /** When it was last heard, by the service's clock, in milliseconds since 1970; null where that isn't known. */
  readonly heardAt: number | null
  readonly madeAt: number | null
  readonly trail: Trail
}

export type Phase =
  | { readonly name: 'connecting' | 'open' }
  | { readonly name: 'waiting'; readonly until: number }
  | { readonly name: 'ended'; readonly ending: Ending }

/** All that the page shows. */
export interface ShareState {
  readonly phase: Phase
  /** Whether the link ever opened here: then a new attempt is a reconnection. */
  readonly wasOpen: boolean
  /** Whether the last connection was refused because too many watch. */
  readonly isBusy: boolean
  readonly expiresAt: number | null
  readonly notBefore: number | null
  readonly clockAheadMs: number
  readonly deviceIds: readonly string[]
  readonly vehicles: ReadonlyMap<string, Vehicle>
}

export const firstState: ShareState = {
  phase: { name: 'connecting' },
  wasOpen: false,
  isBusy: false,
  expiresAt: null,
  notBefore: null,
  clockAheadMs: 0,
  deviceIds: [],
  vehicles: new Map(),
}

/** What stands on the screen. */
export type Screen = 'connecting' | 'reconnecting' | 'notBegun' | 'noPosition' | 'live' | 'busy' | Ending

const gapMs = 180_000 // longer silences break the trail
const standing = 1.5 // km/h: below, a receiver's course is noise
const leastMove = 6 // metres, from which a direction can be told

/** The state after some news. */
export function nextState(state: ShareState, news: ShareNews): ShareState {
  switch (news.type) {
    case 'connecting':
      return { ...state, phase: { name: 'connecting' } }
    case 'valid': {
      const { expiresAt, notBefore, clockAheadMs, deviceIds, lastKnown } = news
      const known = { ...state, expiresAt, notBefore, clockAheadMs, deviceIds }
      return lastKnown === null ? known : withReport(known, lastKnown)
    }
    case 'opened':
      return { ...state, phase: { name: 'open' }, wasOpen: true, isBusy: false }
    case 'reported':
      return withReport(state, news.report)
    case 'waiting':
      return { ...state, phase: { name: 'waiting', until: news.until }, isBusy: news.reason === 'busy' }
    case 'ended':
      return {
        ...state,
        phase: { name: 'ended', ending: news.ending },
        // Where it arrived may be seen; what is no longer shared is not kept.
        vehicles: news.ending === 'arrived' ? state.vehicles : new Map(),
      }
  }
}

/** Which screen a state is shown on, at a moment of the service's clock. */
export function screenOf(state: ShareState, now: number): Screen {
  const { phase, vehicles, wasOpen, isBusy, notBefore } = state
  if (phase.name === 'ended') return phase.ending
  if (isBusy) return 'busy'
  if (vehicles.size > 0) return 'live'
  if (phase.name === 'open') return notBefore !== null && notBefore > now ? 'notBegun' : 'noPosition'
  return wasOpen || phase.name === 'waiting' ? 'reconnecting' : 'connecting'
}

function withReport(state: ShareState, report: Report): ShareState {
  const before = state.vehicles.get(report.deviceId)
  const vehicle = nextVehicle(before, report)
  if (vehicle === undefined || vehicle === before) return state
  return { ...state, vehicles: new Map(state.vehicles).set(report.deviceId, vehicle) }
}

function nextVehicle(before: Vehicle | undefined, report: Report): Vehicle | undefined {
  const { deviceId, place, speed, madeAt } = report
  const heardAt = heardAtOf(before, report)
  if (before === undefined) {
    if (place === null) return undefined
    return { deviceId, place, speed, heading: courseOf(report), heardAt, madeAt, trail: [[place]] }
  }
  const isOlder = madeAt !== null && before.madeAt !== null && madeAt < before.madeAt
  // Buffered history that arrives late is a sign of life, and not where the vehicle is now.
  if (isOlder || place === null) return { ...before, heardAt }
  const afterGap = before.heardAt !== null && heardAt !== null && heardAt - before.heardAt > gapMs
  return {
    deviceId,
    place,
    speed,
    heading: courseOf(report) ?? moved(before, place) ?? before.heading,
    heardAt,
    madeAt: madeAt ?? before.madeAt,
    trail: extended(before.trail, place, afterGap),
  }
}

/** A snapshot doesn't say when it was heard: if it is what `/init` told, then it is known; else by the vehicle's clock. */
function heardAtOf(before: Vehicle | undefined, { heardAt, madeAt }: Report): number | null {
  if (before === undefined) return heardAt ?? madeAt
  const told =
    heardAt ?? (madeAt !== null && before.madeAt !== null && madeAt > before.madeAt ? madeAt : null)
  return told === null || (before.heardAt !== null && told < before.heardAt) ? before.heardAt : told
}

function courseOf({ course, speed }: Report): number | null {
  return course === null || (speed !== null && speed < standing) ? null : course
}

function moved(before: Vehicle, place: Place): number | null {
  return distanceBetween(before.place, place) < leastMove ? null : bearingBetween(before.place, place)
}
