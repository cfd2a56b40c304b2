import { formatInstant } from '../auth/instant.js'
import type { ShareRecord, StoredShare } from '../auth/shareStore.js'
import type { OpenedShareToken, ShareClaims } from '../auth/shareToken.js'
import type { Area } from '../operators/within.js'

/** A share that a viewer may open now, or once it has begun. Instants are milliseconds since the epoch. */
export interface OpenShare {
  /** Undefined where the token has none, and so can't be revoked. */
  readonly shareId: string | undefined
  /** Never empty; the first is the token's. */
  readonly deviceIds: readonly string[]
  readonly unitId: string
  readonly expiresAt: number
  /** The expiry as text: as in the token, or of the record. */
  readonly expiresAtText: string
  /** Replay reaches no further back; undefined where only the connection says. */
  readonly startsAt: number | undefined
  readonly notBefore: number | undefined
  readonly maxViewers: number | undefined
  /** Outside of it nothing is shown. */
  readonly within: Area | undefined
  /** Whether a record of it is kept here, which may move its expiry. */
  readonly hasRecord: boolean
}

/** What a share token is worth now. */
export type ShareState =
  | { readonly kind: 'open'; readonly share: OpenShare }
  /** Its `not_before` is ahead: the socket opens, and shows nothing. */
  | { readonly kind: 'notBegun'; readonly share: OpenShare }
  | { readonly kind: 'expired' }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'invalid'; readonly missing?: 'device_id' }

/**
 * Judges an opened share token and what is stored about its share, at `now`. Invalid beats revoked, and revoked beats
 * expired.
 */
export function shareState(
  opened: OpenedShareToken,
  stored: StoredShare | undefined,
  now: number,
): ShareState {
  if (opened.kind === 'invalid') return opened
  const { claims } = opened
  if (stored?.revokedAt !== undefined) return { kind: 'revoked' }
  const record = stored?.kind === 'made' ? stored : undefined
  if (record === undefined && claims.needsRecord) return { kind: 'invalid' }
  if (record?.arrived !== undefined) return { kind: 'expired' }
  const share = record === undefined ? ofClaims(claims) : ofRecord(record, claims)
  if (now >= share.expiresAt) return { kind: 'expired' }
  return { kind: share.notBefore !== undefined && now < share.notBefore ? 'notBegun' : 'open', share }
}

/** What a record says of its share now. */
export function recordState(
  record: ShareRecord,
  now: number,
): 'open' | 'notBegun' | 'expired' | 'revoked' | 'arrived' {
  if (record.revokedAt !== undefined) return 'revoked'
  if (record.arrived !== undefined) return 'arrived'
  if (now >= record.expiresAt) return 'expired'
  return record.notBefore !== undefined && now < record.notBefore ? 'notBegun' : 'open'
}

function ofClaims({ shareId, deviceId, unitId, expiresAt, exp, issuedAt }: ShareClaims): OpenShare {
  return {
    shareId,
    deviceIds: [deviceId],
    unitId,
    expiresAt,
    expiresAtText: exp,
    startsAt: issuedAt,
    notBefore: undefined,
    maxViewers: undefined,
    within: undefined,
    hasRecord: false,
  }
}

function ofRecord(record: ShareRecord, { deviceId }: ShareClaims): OpenShare {
  const { shareId, unitId, expiresAt, notBefore, issuedAt, maxViewers, within } = record
  return {
    shareId,
    deviceIds: [deviceId, ...record.deviceIds.filter((other) => other !== deviceId)],
    unitId,
    expiresAt,
    expiresAtText: formatInstant(expiresAt),
    startsAt: notBefore ?? issuedAt,
    notBefore,
    maxViewers,
    within,
    hasRecord: true,
  }
}
