import type { Body } from './envelope.js'

/** Names that mean the same, in the order in which they are asked. */
export const latitudeNames = ['LAT', 'LATITUD', 'LATITUDE'] as const
export const longitudeNames = ['LON', 'LONGITUD', 'LONGITUDE'] as const
export const courseNames = ['COURSE', 'HEADING'] as const
const epochNames = ['GPS_EPOCH'] as const

/** Where a device says that it is, WGS 84, in degrees. */
export interface Position {
  readonly latitude: number
  readonly longitude: number
}

// Each part can match in one way alone, so that no text takes longer than its length; and none of ours is this long.
const numeral = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/
const maxTextLength = 64
const clockTolerance = 5 * 60_000 // how far a device's clock may be ahead of ours, in milliseconds
const nothing: Body = {}

/** What stands in a message's `data`; empty where it has none. */
export function dataOf(body: Body): Body {
  const { data } = body
  return typeof data === 'object' && data !== null ? (data as Body) : nothing
}

/** The first of `names` that holds a finite number, or a text that is one. */
export function numberIn(data: Body, names: readonly string[]): number | null {
  for (const name of names) {
    const value = data[name]
    const number = typeof value === 'string' ? numberOf(value) : value
    if (typeof number === 'number' && Number.isFinite(number)) return number
  }
  return null
}

function numberOf(text: string): number | null {
  return text.length <= maxTextLength && numeral.test(text) ? Number(text) : null
}

/** The position that a message tells: two finite numbers, in range; else null. */
export function positionOf(body: Body): Position | null {
  const data = dataOf(body)
  const latitude = numberIn(data, latitudeNames)
  const longitude = numberIn(data, longitudeNames)
  if (latitude === null || longitude === null) return null
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null
}

/**
 * When a message says that it was made, in milliseconds since 1970: `GPS_EPOCH`, else `GPS_DATETIME` as UTC, else the
 * top-level `timestamp`. One that is ≤ 0 or more than five minutes after `receivedAt` counts as none.
 */
export function deviceTimeOf(body: Body, receivedAt: number): number | null {
  const data = dataOf(body)
  const epoch = numberIn(data, epochNames)
  const latest = receivedAt + clockTolerance
  const isBelievable = (time: number | null) => time !== null && time > 0 && time <= latest
  const fromEpoch = epoch !== null && epoch <= 1e11 ? epoch * 1000 : epoch
  if (isBelievable(fromEpoch)) return fromEpoch
  const fromDatetime = utc(data.GPS_DATETIME)
  if (isBelievable(fromDatetime)) return fromDatetime
  const fromTimestamp = utc(body.timestamp)
  return isBelievable(fromTimestamp) ? fromTimestamp : null
}

function utc(value: unknown): number | null {
  if (typeof value !== 'string' || value.length > maxTextLength) return null
  const plain = plainUtc(value)
  if (!Number.isNaN(plain)) return plain
  const text = value.trim().replace(' ', 'T')
  const time = Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`)
  return Number.isNaN(time) ? null : time
}

/**
 * `2025-10-18 00:51:16` without Date.parse and all that is around it, which was a twentieth of what a message costs that
 * nobody watches (scripts/bench/decode.mjs). NaN where a text is anything else.
 */
function plainUtc(text: string): number {
  if (text.length !== 19 || text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':')
    return NaN
  if (text[10] !== ' ' && text[10] !== 'T') return NaN
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2)
  const [month, day] = [twoDigits(text, 5), twoDigits(text, 8)]
  const [hour, minute, second] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)]
  const isPlain =
    year >= 100 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 31 &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  return isPlain ? Date.UTC(year, month - 1, day, hour, minute, second) : NaN
}

function twoDigits(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at) - 0x30, text.charCodeAt(at + 1) - 0x30]
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : NaN
}
