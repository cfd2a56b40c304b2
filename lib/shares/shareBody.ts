import { z } from 'zod'
import { isWritableInstant, parseInstant } from '../auth/instant.js'
import { AfluenteError } from '../errors.js'
import type { Area, Circle } from '../operators/within.js'

/** What an issuer asks for, checked. Instants are milliseconds since the epoch. */
export interface ShareWish {
  readonly deviceIds: readonly string[]
  readonly unitId: string | undefined
  readonly notBefore: number | undefined
  readonly expiresAt: number
  readonly label: string | undefined
  readonly maxViewers: number | undefined
  readonly within: Area | undefined
  readonly arrive: Circle | undefined
}

const defaultTtlSecs = 1_800
const mostDevices = 100
const halfEquatorMetres = 20_037_508

const deviceId = z.union(
  [z.string().min(1).max(256), z.int().min(0).transform(String)],
  'must be a device id',
)
const longitude = z.number().min(-180).max(180)
const latitude = z.number().min(-90).max(90)
const circle = z.strictObject({
  center: z.tuple([longitude, latitude]),
  radius_m: z.number().positive().max(halfEquatorMetres),
})
const box = z.strictObject({
  bbox: z
    .tuple([longitude, latitude, longitude, latitude])
    .refine(([, south, , north]) => south <= north, 'minLat must not be above maxLat'),
})
const instant = z.string().transform((text, context) => {
  const at = parseInstant(text)
  if (at !== undefined) return at
  context.addIssue({
    code: 'custom',
    message: 'must be an instant with an offset, such as 2025-12-03T15:00:00Z',
  })
  return z.NEVER
})
const ttlSecs = z.number().positive()

const makeSchema = z.strictObject({
  device_id: deviceId.optional(),
  device_ids: z.array(deviceId).min(1).max(mostDevices).optional(),
  unit_id: z.string().min(1).max(128).optional(),
  ttl_secs: ttlSecs.default(defaultTtlSecs),
  not_before: instant.optional(),
  label: z.string().max(200).optional(),
  max_viewers: z.int().min(1).optional(),
  within: z.record(z.string(), z.unknown()).optional(),
  arrive: circle.optional(),
})

const changeSchema = z.strictObject({ expires_at: instant.optional(), ttl_secs: ttlSecs.optional() })

/**
 * Reads the body that asks for a share. `ttl_secs` counts from `not_before` where that is ahead, else from `now`.
 *
 * @throws AfluenteError `ERR_BAD_REQUEST`; the message names each bad field.
 */
export function readShareWish(body: unknown, now: number, maxTtlMs: number): ShareWish {
  const wish = read(makeSchema, body)
  const { device_id: first, device_ids: several, not_before: notBefore, within } = wish
  if ((first === undefined) === (several === undefined))
    throw refusal('device_id or device_ids must be given, one of them')
  const expiresAt = Math.round(Math.max(now, notBefore ?? now) + wish.ttl_secs * 1_000)
  const field = notBefore === undefined ? 'ttl_secs' : 'not_before and ttl_secs'
  checkReach(field, expiresAt, now, maxTtlMs)
  return {
    deviceIds: [...new Set(several ?? [first ?? ''])],
    unitId: wish.unit_id,
    notBefore,
    expiresAt,
    label: wish.label,
    maxViewers: wish.max_viewers,
    within: within === undefined ? undefined : readArea(within),
    arrive: wish.arrive,
  }
}

/**
 * Reads the body that moves a share's expiry, and gives the new one in milliseconds since the epoch.
 *
 * @throws AfluenteError `ERR_BAD_REQUEST`; the message names each bad field.
 */
export function readShareChange(body: unknown, now: number, maxTtlMs: number): number {
  const { expires_at: at, ttl_secs: ttl } = read(changeSchema, body)
  if (at !== undefined && ttl !== undefined)
    throw refusal('expires_at or ttl_secs must be given, one of them')
  const expiresAt = at ?? (ttl === undefined ? undefined : Math.round(now + ttl * 1_000))
  if (expiresAt === undefined) throw refusal('expires_at or ttl_secs must be given')
  checkReach(at === undefined ? 'ttl_secs' : 'expires_at', expiresAt, now, maxTtlMs)
  return expiresAt
}

// Not a union in the schema, whose error would name neither form's field.
function readArea(area: Record<string, unknown>): Area {
  return 'bbox' in area ? read(box, area, 'within') : read(circle, area, 'within')
}

function checkReach(field: string, expiresAt: number, now: number, maxTtlMs: number): void {
  if (expiresAt - now > maxTtlMs)
    throw refusal(`${field}: a share must end at most ${Math.floor(maxTtlMs / 1_000)} seconds from now`)
  if (!isWritableInstant(expiresAt)) throw refusal(`${field}: a share must end before the year 10000`)
}

function read<T extends z.ZodType>(schema: T, body: unknown, place?: string): z.output<T> {
  const { success, data, error } = schema.safeParse(body)
  if (success) return data
  throw refusal(error.issues.map((issue) => describe(issue, place)).join('; '))
}

function describe(issue: z.core.$ZodIssue, place: string | undefined): string {
  const path = [...(place === undefined ? [] : [place]), ...issue.path.map(String)]
  if (issue.code === 'unrecognized_keys')
    return `${[...path, issue.keys.join(', ')].join('.')}: unknown field`
  return `${path.length === 0 ? 'body' : path.join('.')}: ${issue.message}`
}

function refusal(message: string): AfluenteError<'ERR_BAD_REQUEST'> {
  return new AfluenteError('ERR_BAD_REQUEST', message)
}
