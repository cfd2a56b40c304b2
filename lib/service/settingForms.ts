import { z } from 'zod'
import type { DeviceIdPlace } from '../feed/deviceId.js'
import type { AllowedOrigins } from '../http/origins.js'

// How the text of a variable becomes its value; what has another form is an issue that says what was expected.

/** A whole number from `least` up. */
export const count = (least: number) => z.coerce.number(`expected a whole number ≥ ${least}`).int().min(least)
/** A time in seconds, a millisecond at least. */
export const seconds = z.coerce.number('expected seconds, at least 0.001').min(0.001)
/** `true` or `false`. */
export const flag = z.enum(['true', 'false'], 'expected true or false').transform((value) => value === 'true')
/** A URL of one of these schemes, such as `https?`. */
export const urlOf = (schemes: string, expected: string) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && new RegExp(`^${schemes}:$`).test(new URL(text).protocol),
      expected,
    )

/** The URL of a Redis; credentials may stand in it, and the number of a database behind it. */
export function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return /^rediss?:$/.test(url.protocol) && /^(\/\d*)?$/.test(url.pathname) && hasReadableCredentials(url)
}

// A URL may hold a % that starts no escape, at which its client would throw once the service runs.
function hasReadableCredentials({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username)
    decodeURIComponent(password)
    return true
  } catch {
    return false
  }
}

function refuse(context: z.RefinementCtx, expected: string): never {
  context.addIssue({ code: 'custom', message: `expected ${expected}` })
  return undefined as never // zod discards what a transform with an issue returns
}

/** `host`, `host:port` or a URL, as a URL. */
export function brokerUrlOf(text: string, context: z.RefinementCtx): string {
  const address = /^[a-z]+:\/\//i.test(text) ? text : `mqtt://${text}`
  if (URL.canParse(address)) {
    const url = new URL(address)
    const isBroker = /^(mqtts?|wss?):$/.test(url.protocol) && url.hostname !== ''
    if (isBroker && hasReadableCredentials(url)) return url.href
  }
  return refuse(context, 'host, host:port or a URL of mqtt:, mqtts:, ws: or wss:')
}

/** A comma list of MQTT topic filters (MQTT 3.1.1, 4.7): `#` only as the last level, `+` and `#` only as whole ones. */
export function topicFiltersOf(text: string, context: z.RefinementCtx): string[] {
  const filters = itemsOf(text)
  if (filters === undefined) return refuse(context, 'a list, separated by commas')
  const isFilter = (filter: string) => /^([^+#]*|\+)(\/([^+#/]*|\+))*(\/#)?$|^#$/.test(filter)
  return filters.every(isFilter)
    ? filters
    : refuse(context, 'topic filters, where # is the last level and + a whole one')
}

/** A comma list or a JSON array of origins, or `*`. */
export function originsOf(text: string, context: z.RefinementCtx): AllowedOrigins {
  const origins = text.trim().startsWith('[') ? jsonListOf(text) : itemsOf(text)
  if (origins === undefined) return refuse(context, 'a comma list or a JSON array of origins')
  return origins.includes('*') ? '*' : origins.map((origin) => origin.replace(/\/$/, ''))
}

/** Keys that lead to the id, or `topic:N`. */
export function deviceIdPlaceOf(text: string, context: z.RefinementCtx): DeviceIdPlace {
  const level = /^topic:(\d+)$/.exec(text)?.[1]
  if (level !== undefined) return { topicLevel: Number(level) }
  const keys = text.split('.')
  return keys.every((key) => key !== '') ? keys : refuse(context, 'keys separated by dots, or topic:N')
}

/** A comma list of names. */
export function namesOf(text: string, context: z.RefinementCtx): string[] {
  return itemsOf(text) ?? refuse(context, 'names, separated by commas')
}

/** A comma list, trimmed; undefined where an item is blank. */
function itemsOf(text: string): string[] | undefined {
  const items = text.split(',').map((item) => item.trim())
  return items.includes('') ? undefined : items
}

function jsonListOf(text: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
  } catch {
    return undefined
  }
}
