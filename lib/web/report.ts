/** Where something is, WGS 84, in degrees. */
export interface Place {
  readonly latitude: number
  readonly longitude: number
}

/** What a vehicle said of itself, whichever of the service's shapes it came in. */
export interface Report {
  readonly deviceId: string
  /** Null where it didn't know. */
  readonly place: Place | null
  /** In km/h. */
  readonly speed: number | null
  /** Degrees clockwise from north. */
  readonly course: number | null
  /** When the vehicle made it, by its own clock, in milliseconds since 1970; null where it can't be believed. */
  readonly madeAt: number | null
  /** When the service took it, by the service's clock, in milliseconds since 1970; null where that isn't told. */
  readonly heardAt: number | null
}

type Fields = Readonly<Record<string, unknown>>

const numeral = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const clockToleranceMs = 5 * 60_000 // as the service judges a receiver's clock

/** Reads the payload of a `message` (then `heardAt` is now) or of a `snapshot` (then it is null). */
export function reportOfPayload(payload: unknown, now: number, heardAt: number | null): Report | null {
  const { data, timestamp } = fieldsOf(payload)
  const fields = fieldsOf(data)
  const deviceId = deviceIdOf(fields.DEVICE_ID)
  if (deviceId === null) return null
  const epoch = numberIn(fields, 'GPS_EPOCH')
  return {
    deviceId,
    place: placeOf(
      numberIn(fields, 'LAT', 'LATITUD', 'LATITUDE'),
      numberIn(fields, 'LON', 'LONGITUD', 'LONGITUDE'),
    ),
    speed: numberIn(fields, 'SPEED'),
    course: numberIn(fields, 'COURSE', 'HEADING'),
    madeAt:
      believed(epoch !== null && epoch <= 1e11 ? epoch * 1000 : epoch, now) ??
      believed(utc(fields.GPS_DATETIME), now) ??
      believed(utc(timestamp), now),
    heardAt,
  }
}

/** Reads the `last_communication` of `/init`. */
export function reportOfLastKnown(lastKnown: unknown, now: number): Report | null {
  const fields = fieldsOf(lastKnown)
  const deviceId = deviceIdOf(fields.device_id)
  if (deviceId === null) return null
  return {
    deviceId,
    place: placeOf(numberIn(fields, 'latitude'), numberIn(fields, 'longitude')),
    speed: numberIn(fields, 'speed'),
    course: numberIn(fields, 'course'),
    madeAt: believed(utc(fields.gps_datetime), now),
    heardAt: utc(fields.received_at),
  }
}

/** An ISO 8601 instant, or such a text without an offset taken as UTC, in milliseconds since 1970. */
export function utc(value: unknown): number | null {
  if (typeof value !== 'string') return null
  const text = value.trim().replace(' ', 'T')
  const time = Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`)
  return Number.isNaN(time) ? null : time
}

function believed(time: number | null, now: number): number | null {
  return time !== null && time > 0 && time <= now + clockToleranceMs ? time : null
}

function placeOf(latitude: number | null, longitude: number | null): Place | null {
  if (latitude === null || longitude === null) return null
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null
}

function deviceIdOf(value: unknown): string | null {
  return typeof value === 'string' && value !== ''
    ? value
    : Number.isSafeInteger(value)
      ? String(value)
      : null
}

function numberIn(fields: Fields, ...names: readonly string[]): number | null {
  for (const name of names) {
    const value = fields[name]
    const number = typeof value === 'string' && numeral.test(value) ? Number(value) : value
    if (typeof number === 'number' && Number.isFinite(number)) return number
  }
  return null
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {} // each field is judged where it is read
}
