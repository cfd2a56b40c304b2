import type { Place } from './report.js'

const earthRadius = 6_371_008.8 // metres, the mean radius (IUGG)
const radians = Math.PI / 180

/** The great-circle distance in metres (haversine). */
export function distanceBetween(from: Place, to: Place): number {
  const half = (degrees: number) => Math.sin((degrees * radians) / 2) ** 2
  const part =
    half(to.latitude - from.latitude) +
    Math.cos(from.latitude * radians) *
      Math.cos(to.latitude * radians) *
      half(turn(from.longitude, to.longitude))
  return 2 * earthRadius * Math.asin(Math.min(1, Math.sqrt(part)))
}

/** The initial bearing of the great circle, in degrees clockwise from north, 0 to 360. */
export function bearingBetween(from: Place, to: Place): number {
  const byLongitude = turn(from.longitude, to.longitude) * radians
  const fromLatitude = from.latitude * radians
  const toLatitude = to.latitude * radians
  const east = Math.sin(byLongitude) * Math.cos(toLatitude)
  const north =
    Math.cos(fromLatitude) * Math.sin(toLatitude) -
    Math.sin(fromLatitude) * Math.cos(toLatitude) * Math.cos(byLongitude)
  return wrapped(Math.atan2(east, north) / radians)
}

/** The way from one angle to another, the short way round: -180 to 180 degrees. */
export function turn(from: number, to: number): number {
  return wrapped(to - from + 180) - 180
}

/** An angle as 0 to 360 degrees. */
export function wrapped(degrees: number): number {
  return ((degrees % 360) + 360) % 360
}

/** The point at `fraction` of the way, 0 to 1: straight on the chart, the short way round the globe. */
export function placeBetween(from: Place, to: Place, fraction: number): Place {
  const longitude = from.longitude + turn(from.longitude, to.longitude) * fraction
  return {
    latitude: from.latitude + (to.latitude - from.latitude) * fraction,
    longitude: wrapped(longitude + 180) - 180,
  }
}

/** Which of the eight winds a bearing is nearest to: 0 is north, 1 north-east, and so on clockwise. */
export function windOf(bearing: number): number {
  return Math.round(wrapped(bearing) / 45) % 8
}
