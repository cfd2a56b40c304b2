import { formatInstant, parseInstant } from './instant.js'
import type { KeyRing } from './keyRing.js'

/** What a sound share token says. Whether it has expired is another question: a record of the share may answer it. */
export interface ShareClaims {
  /** By which it can be revoked; undefined where the token has none. */
  readonly shareId: string | undefined
  readonly unitId: string
  readonly deviceId: string
  /** As in the token. */
  readonly exp: string
  /** `exp` in milliseconds since the epoch. */
  readonly expiresAt: number
  /** `iat` in milliseconds since the epoch, where it says one. */
  readonly issuedAt: number | undefined
  /** Made here: without its record it is invalid. */
  readonly needsRecord: boolean
}

/** What came of opening a share token. `invalid` never says why beyond what the contract tells a viewer. */
export type OpenedShareToken =
  | { readonly kind: 'sound'; readonly claims: ShareClaims }
  | { readonly kind: 'invalid'; readonly missing?: 'device_id' }

/** What goes into a share token made here. Instants are milliseconds since the epoch. */
export interface ShareSeal {
  readonly shareId: string
  readonly unitId: string
  readonly deviceId: string
  readonly issuedAt: number
  readonly expiresAt: number
}

const scope = 'public-location-share'
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const invalid: OpenedShareToken = { kind: 'invalid' }

/**
 * Opens a share token and judges its claims by CONTRACT 1.4. `now` is in milliseconds since the epoch and decides
 * about `nbf` alone: expired is for the caller to say, who knows the share's record.
 */
export async function openShareToken(ring: KeyRing, token: string, now: number): Promise<OpenedShareToken> {
  const opened = await ring.open(token)
  // A footer is outside the contract, and an empty one would make a second spelling of the same token.
  if (opened === undefined || opened.footer.byteLength > 0) return invalid
  const claims = objectIn(opened.message)
  return claims === undefined ? invalid : judge(claims, now)
}

/**
 * Seals a share token in the other issuer's claim shape, and `record: true` beside it. The same nonce gives the same
 * token again.
 *
 * @throws RangeError when an instant lies beyond the year 9999.
 */
export async function sealShareToken(
  seal: NonNullable<KeyRing['seal']>,
  share: ShareSeal,
  nonce?: Uint8Array,
): Promise<string> {
  const claims = {
    share_id: share.shareId,
    unit_id: share.unitId,
    device_id: share.deviceId,
    scope,
    iat: formatInstant(share.issuedAt),
    exp: formatInstant(share.expiresAt),
    record: true,
  }
  return seal(claims, nonce)
}

/** A share's id as it is compared and kept: a UUID is one in capitals as well. */
export function normalShareId(shareId: string): string {
  return uuid.test(shareId) ? shareId.toLowerCase() : shareId
}

function judge(claims: Record<string, unknown>, now: number): OpenedShareToken {
  const { share_id: shareId, unit_id: unitId, device_id: deviceId, exp, iat, nbf, record } = claims
  const expiresAt = parseInstant(exp)
  if (claims.scope !== scope || typeof exp !== 'string' || expiresAt === undefined) return invalid
  if (typeof unitId !== 'string' || unitId === '') return invalid
  if (nbf !== undefined && !((parseInstant(nbf) ?? Infinity) <= now)) return invalid
  if (shareId !== undefined && shareId !== null && (typeof shareId !== 'string' || shareId === ''))
    return invalid
  if (deviceId === undefined || deviceId === null || deviceId === '')
    return { kind: 'invalid', missing: 'device_id' }
  if (typeof deviceId !== 'string' || deviceId.length > 256) return invalid
  return {
    kind: 'sound',
    claims: {
      shareId: typeof shareId === 'string' ? normalShareId(shareId) : undefined,
      unitId,
      deviceId,
      exp,
      expiresAt,
      issuedAt: parseInstant(iat),
      // Anything but its absence: a token that was meant to need its record never does without.
      needsRecord: record !== undefined && record !== false,
    },
  }
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
