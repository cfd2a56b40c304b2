import type { Body } from '../feed/envelope.js'
import { courseNames, dataOf, latitudeNames, longitudeNames, numberIn } from '../feed/position.js'

/** A last known message as `/init` shows it (CONTRACT 1.5); null where the message has no such field. */
export interface LastCommunication {
  readonly device_id: string
  readonly latitude: number | null
  readonly longitude: number | null
  readonly speed: number | null
  readonly course: number | null
  /** ISO 8601 with a `T` and no offset, in UTC; else the message's own `timestamp`. */
  readonly gps_datetime: string | null
  /** When it arrived here, ISO 8601 UTC. */
  readonly received_at: string
  readonly engine_status: string | null
  readonly fix_status: string | null
  readonly satellites: number | null
  readonly backup_battery_voltage: number | null
  readonly main_battery_voltage: number | null
  readonly odometer: number | null
}

const datetime = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:?\d\d)?$/

/** Reads a message that arrived at `receivedAt`, in milliseconds since the epoch. */
export function lastCommunication(deviceId: string, body: Body, receivedAt: number): LastCommunication {
  const data = dataOf(body)
  return {
    device_id: deviceId,
    latitude: numberIn(data, latitudeNames),
    longitude: numberIn(data, longitudeNames),
    speed: numberIn(data, ['SPEED']),
    course: numberIn(data, courseNames),
    gps_datetime: withoutOffset(data.GPS_DATETIME) ?? textIn(body.timestamp),
    received_at: new Date(receivedAt).toISOString(),
    engine_status: textIn(data.ENGINE_STATUS),
    fix_status: textIn(data.FIX_),
    satellites: numberIn(data, ['SATELLITES']),
    backup_battery_voltage: numberIn(data, ['BACKUP_BATTERY_VOLTAGE']),
    main_battery_voltage: numberIn(data, ['MAIN_BATTERY_VOLTAGE']),
    odometer: numberIn(data, ['ODOMETER']),
  }
}

function textIn(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}

function withoutOffset(value: unknown): string | null {
  const match = typeof value === 'string' ? datetime.exec(value.trim()) : null
  if (match === null) return null
  const [, day = '', time = '', offset = 'Z'] = match
  if (offset === 'Z') return `${day}T${time}`
  const at = new Date(`${day}T${time}${offset}`)
  return Number.isNaN(at.getTime()) ? null : at.toISOString().replace(/(\.000)?Z$/, '')
}
