import { randomBytes, randomUUID } from 'node:crypto'
import { emptyKeyRing, type KeyRing, maxTokenLength } from '../auth/keyRing.js'
import type { ShareRecord, ShareStore, StoredShare } from '../auth/shareStore.js'
import { normalShareId, sealShareToken } from '../auth/shareToken.js'
import { AfluenteError } from '../errors.js'
import { forbidden, type Issuer, mayShare, owns } from './issuer.js'
import { type ListedAnswer, listedAnswer, type MadeAnswer, madeAnswer } from './shareAnswers.js'
import { readShareChange, readShareWish, type ShareWish } from './shareBody.js'
import { recordState } from './shareState.js'

/** What the registry of shares works with. */
export interface ShareRegistryOptions {
  readonly store: ShareStore
  readonly ring: KeyRing
  /** `SHARE_MAX_TTL_SECS`, in milliseconds. */
  readonly maxTtlMs: number
  /** The link that carries a token. */
  readonly shareUrl: (token: string) => string
  /** Who watches a share now. */
  readonly viewersOf: (shareId: string) => number
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/**
 * What an issuer does with shares: the rules of CONTRACT 2.5, without HTTP. Every promise may reject with an
 * `AfluenteError`: `ERR_BAD_REQUEST` (422), `ERR_FORBIDDEN` (403), `ERR_NOT_FOUND` (404), `ERR_SHARE_EXPIRED` (409),
 * `ERR_SHARE_REVOKED` (410), `ERR_NOT_CONFIGURED` and `ERR_STORE_UNAVAILABLE` (503).
 */
export interface ShareRegistry {
  readonly make: (body: unknown, issuer: Issuer) => Promise<MadeAnswer>
  /** The issuer's shares that have not ended; the operator's list is everybody's. */
  readonly list: (issuer: Issuer) => Promise<readonly ListedAnswer[]>
  /** The same link again, and how it stands. */
  readonly read: (shareId: string, issuer: Issuer) => Promise<MadeAnswer & ListedAnswer>
  /** Moves its expiry. */
  readonly change: (shareId: string, body: unknown, issuer: Issuer) => Promise<ListedAnswer>
  /** Resolves when the revocation is durable; again and again. */
  readonly revoke: (shareId: string, issuer: Issuer) => Promise<void>
}

// No token that is short enough to be read holds a longer one.
const longestShareId = 1_500

/** Makes the registry of shares over a store. */
export function shareRegistry(options: ShareRegistryOptions): ShareRegistry {
  const { store, ring, maxTtlMs, shareUrl, viewersOf, now = Date.now } = options
  const listed = (record: ShareRecord) => listedAnswer(record, viewersOf(record.shareId), now())

  function seal(record: ShareRecord): Promise<string> {
    const { shareId, unitId, deviceIds, issuedAt, sealedExpiresAt: expiresAt } = record
    if (ring.seal === undefined) throw notConfigured()
    const share = { shareId, unitId, deviceId: deviceIds[0] ?? '', issuedAt, expiresAt }
    return sealShareToken(ring.seal, share, Buffer.from(record.nonce, 'base64url'))
  }

  async function make(body: unknown, issuer: Issuer): Promise<MadeAnswer> {
    if (ring.seal === undefined) throw notConfigured()
    const issuedAt = now()
    const record = recordOf(readShareWish(body, issuedAt, maxTtlMs), issuer, issuedAt)
    if (!mayShare(issuer, record.deviceIds))
      throw forbidden('The token does not permit every device of this share')
    const token = await seal(record)
    if (token.length > maxTokenLength) throw badRequest('device_id and unit_id: too long for a share token')
    await store.update(record.shareId, () => record)
    return madeAnswer(record, token, shareUrl(token))
  }

  async function read(shareId: string, issuer: Issuer): Promise<MadeAnswer & ListedAnswer> {
    checkConfigured()
    const record = owned(await store.get(idIn(shareId)), issuer)
    if (!mayShare(issuer, record.deviceIds))
      throw forbidden('The token does not permit every device of this share')
    const token = await seal(record)
    return { ...listed(record), ...madeAnswer(record, token, shareUrl(token)) }
  }

  async function change(shareId: string, body: unknown, issuer: Issuer): Promise<ListedAnswer> {
    checkConfigured()
    const expiresAt = readShareChange(body, now(), maxTtlMs)
    const changed = await store.update(idIn(shareId), (stored) => {
      if (stored?.kind === 'foreign' && issuer.kind === 'operator') throw revoked()
      const record = owned(stored, issuer)
      const state = recordState(record, now())
      if (state === 'revoked') throw revoked()
      if (state === 'expired' || state === 'arrived') {
        throw new AfluenteError('ERR_SHARE_EXPIRED', 'The share has already expired')
      }
      if (expiresAt > record.expiresAt && !mayShare(issuer, record.deviceIds)) {
        throw forbidden('The token does not permit every device of this share')
      }
      return { ...record, expiresAt }
    })
    return listed(owned(changed, issuer))
  }

  async function revoke(shareId: string, issuer: Issuer): Promise<void> {
    checkConfigured()
    const id = idIn(shareId)
    await store.update(id, (stored) => {
      const isForeign = stored?.kind !== 'made'
      if (!isForeign) owned(stored, issuer)
      else if (issuer.kind !== 'operator') throw notFound()
      // Written again, so that whoever missed the word of it, or lost it, has it now.
      if (stored?.revokedAt !== undefined) return stored
      if (isForeign) return { kind: 'foreign', shareId: id, revokedAt: now() }
      return { ...stored, revokedAt: now() }
    })
  }

  async function list(issuer: Issuer): Promise<readonly ListedAnswer[]> {
    checkConfigured()
    const records = await store.list(issuer.kind === 'operator' ? undefined : issuer.subject)
    const hasNotEnded = (record: ShareRecord) => ['open', 'notBegun'].includes(recordState(record, now()))
    return records.filter(hasNotEnded).map(listed)
  }

  function checkConfigured(): void {
    if (ring === emptyKeyRing) throw notConfigured()
  }

  return { make, list, read, change, revoke }
}

function recordOf(wish: ShareWish, issuer: Issuer, issuedAt: number): ShareRecord {
  const { deviceIds, unitId = randomUUID(), expiresAt, notBefore, label, maxViewers, within, arrive } = wish
  return {
    kind: 'made',
    shareId: randomUUID(),
    subject: issuer.kind === 'operator' ? null : issuer.subject,
    deviceIds,
    unitId,
    issuedAt,
    sealedExpiresAt: expiresAt,
    nonce: randomBytes(32).toString('base64url'),
    expiresAt,
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(label === undefined ? {} : { label }),
    ...(maxViewers === undefined ? {} : { maxViewers }),
    ...(within === undefined ? {} : { within }),
    ...(arrive === undefined ? {} : { arrive }),
  }
}

function owned(stored: StoredShare | undefined, issuer: Issuer): ShareRecord {
  if (stored?.kind !== 'made' || !owns(issuer, stored.subject)) throw notFound()
  return stored
}

function idIn(shareId: string): string {
  if (shareId === '' || shareId.length > longestShareId) throw notFound()
  return normalShareId(shareId)
}

const notFound = () => new AfluenteError('ERR_NOT_FOUND', 'There is no such share')
const revoked = () => new AfluenteError('ERR_SHARE_REVOKED', 'The share was revoked')
const badRequest = (message: string) => new AfluenteError('ERR_BAD_REQUEST', message)
const notConfigured = () => new AfluenteError('ERR_NOT_CONFIGURED', 'PASETO_SECRET_KEY is not set')
