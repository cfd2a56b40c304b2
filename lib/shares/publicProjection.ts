import type { Body } from '../feed/envelope.js'
import { courseNames, dataOf, latitudeNames, longitudeNames } from '../feed/position.js'

/** The fields of `data` that a stranger sees unless `SHARE_FIELDS` says otherwise. */
export const defaultShareFields: readonly string[] = [
  'DEVICE_ID',
  ...latitudeNames,
  ...longitudeNames,
  ...courseNames,
  ...['ALTITUDE', 'SPEED', 'GPS_DATETIME', 'GPS_EPOCH', 'ENGINE_STATUS', 'FIX_', 'SATELLITES', 'ODOMETER'],
  ...['MAIN_BATTERY_VOLTAGE', 'BACKUP_BATTERY_VOLTAGE'],
]

/**
 * Cuts a message down to what a stranger may see: `timestamp`, `uuid`, and of `data` the named fields, in the message's
 * own order; never anything else. The JSON text has values equal to the message's under JSON.parse.
 */
export function publicProjection(body: Body, fields: ReadonlySet<string>): string {
  const parts = ['timestamp', 'uuid'].filter((name) => Object.hasOwn(body, name))
  const members = parts.map((name) => memberText(name, body[name]))
  const data = Object.entries(dataOf(body)).filter(([name]) => fields.has(name))
  members.push(`"data":{${data.map(([name, value]) => memberText(name, value)).join(',')}}`)
  return `{${members.join(',')}}`
}

function memberText(name: string, value: unknown): string {
  return `${JSON.stringify(name)}:${jsonText(value)}`
}

// JSON.stringify writes -0 as 0, and Infinity (which is how JSON.parse reads 1e999) as null.
function jsonText(value: unknown): string {
  if (typeof value === 'number') return numberText(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  return `{${Object.entries(value)
    .map(([name, member]) => memberText(name, member))
    .join(',')}}`
}

function numberText(value: number): string {
  if (Object.is(value, -0)) return '-0'
  if (Number.isFinite(value)) return String(value)
  return value > 0 ? '1e999' : '-1e999'
}
