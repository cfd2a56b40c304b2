import { filter, type MonoTypeOperatorFunction } from 'rxjs'

/** A box in degrees, WGS 84: minLon, minLat, maxLon, maxLat; across the antimeridian when minLon > maxLon. */
export interface Box {
  readonly bbox: readonly [number, number, number, number]
}

/** A circle on the ground: `[lon, lat]` in degrees, WGS 84, and a radius in metres. */
export interface Circle {
  readonly center: readonly [number, number]
  readonly radius_m: number
}

/** A part of the earth's surface. */
export type Area = Box | Circle

/** A place, WGS 84, in degrees. */
export interface Place {
  readonly latitude: number
  readonly longitude: number
}

/** The earth's mean radius in metres, R₁ of the IUGG. */
const earthRadius = 6_371_008.8
const radians = Math.PI / 180

/** The great-circle distance in metres, by the haversine formula (Sinnott 1984); within 0.6 % of the ellipsoid's. */
export function distanceMetres(a: Place, b: Place): number {
  const sinLatitude = Math.sin(((b.latitude - a.latitude) * radians) / 2)
  const sinLongitude = Math.sin(((b.longitude - a.longitude) * radians) / 2)
  const cosines = Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians)
  const half = sinLatitude ** 2 + cosines * sinLongitude ** 2
  return 2 * earthRadius * Math.asin(Math.min(1, Math.sqrt(half)))
}

/**
 * Whether a place lies in an area, its edge included. What has no place (null or undefined) is outside.
 *
 * @example
 * ```ts
 * import { isWithin } from 'afluente/operators'
 *
 * const fiji = { bbox: [176, -20, -178, -15] } as const
 * const isThere = isWithin(fiji, { latitude: -17, longitude: 179.5 }) // true
 * ```
 */
export function isWithin(area: Area, place: Place | null | undefined): boolean {
  if (place === null || place === undefined) return false
  if ('bbox' in area) return isInBox(area.bbox, place)
  const [longitude, latitude] = area.center
  return distanceMetres({ latitude, longitude }, place) <= area.radius_m
}

function isInBox([minLon, minLat, maxLon, maxLat]: Box['bbox'], { latitude, longitude }: Place): boolean {
  if (latitude < minLat || latitude > maxLat) return false
  if (minLon <= maxLon) return isBetween(minLon, longitude, maxLon)
  return longitude >= minLon || longitude <= maxLon
}

// The antimeridian has two names, and a box may end at either.
function isBetween(minLon: number, longitude: number, maxLon: number): boolean {
  if (longitude >= minLon && longitude <= maxLon) return true
  return Math.abs(longitude) === 180 && (minLon === -180 || maxLon === 180)
}

/**
 * Passes on the values whose place lies in the area. In other words: a `filter` by place.
 *
 * ```text
 * source:       -a-b-c-|        (b is outside)
 * within(area): -a---c-|
 * ```
 *
 * Law: `within(area, placeOf)` equals `filter((value) => isWithin(area, placeOf(value)))`.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs'
 * import { within } from 'afluente/operators'
 *
 * const near$ = of({ latitude: 20.65, longitude: -100.39 }).pipe(
 *   within({ center: [-100.39, 20.65], radius_m: 500 }, (place) => place),
 * )
 * ```
 */
export function within<T>(
  area: Area,
  placeOf: (value: T) => Place | null | undefined,
): MonoTypeOperatorFunction<T> {
  return filter((value) => isWithin(area, placeOf(value)))
}
