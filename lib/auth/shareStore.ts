import type { Observable } from 'rxjs'
import type { Area, Circle } from '../operators/within.js'

/** A share that was made here. Instants are milliseconds since the epoch. */
export interface ShareRecord {
  readonly kind: 'made'
  readonly shareId: string
  /** Whose it is: the `sub` of who made it; null where that was the holder of `SHARE_ISSUER_KEY`. */
  readonly subject: string | null
  /** Never empty; the first stands in the token. */
  readonly deviceIds: readonly string[]
  readonly unitId: string
  readonly issuedAt: number
  /** The `exp` in its token. */
  readonly sealedExpiresAt: number
  /** Base64url of the token's nonce, so that the same link can be made again without keeping the link. */
  readonly nonce: string
  /** The expiry that counts. */
  readonly expiresAt: number
  readonly notBefore?: number
  readonly label?: string
  readonly maxViewers?: number
  readonly within?: Area
  readonly arrive?: Circle
  readonly revokedAt?: number
  readonly arrived?: { readonly at: number; readonly deviceId: string }
}

/** The other issuer's share, known here by its revocation alone. */
export interface ForeignRevocation {
  readonly kind: 'foreign'
  readonly shareId: string
  readonly revokedAt: number
  /** The latest `exp` seen in a token of this share; until one was seen, the revocation is kept. */
  readonly tokenExpiresAt?: number
}

/** What is kept about a share. */
export type StoredShare = ShareRecord | ForeignRevocation

/** Makes what is to be stored from what is stored; undefined leaves it as it is. It may be called more than once. */
export type ShareChange = (stored: StoredShare | undefined) => StoredShare | undefined

/**
 * Where shares are kept. Every promise rejects with `ERR_STORE_UNAVAILABLE` where the store doesn't answer, can't be
 * read or can't be written.
 */
export interface ShareStore {
  get: (shareId: string) => Promise<StoredShare | undefined>
  /**
   * Changes one share, whoever else changes it meanwhile, and resolves to what is stored then. What was changed is
   * durable when it resolves: on disk, or confirmed by Redis.
   */
  update: (shareId: string, change: ShareChange) => Promise<StoredShare | undefined>
  /** The shares that a subject made; without a subject, everybody's. */
  list: (subject?: string) => Promise<readonly ShareRecord[]>
  /** Removes what no token could be presented for any more, and resolves to how many that were. */
  removeEnded: (now: number) => Promise<number>
  /** The ids of shares that changed, here or on another instance; null when any may have, unnoticed. Never ends. */
  readonly changed$: Observable<string | null>
  close: () => Promise<void>
}

/** How long a share that ended is kept, in milliseconds, so that who opens its link late is told that it expired. */
export const keptAfterEndMs = 7 * 86_400_000

/** Until when a share is kept: past every token's `exp`, and for ever where that isn't known. */
export function keptUntil(share: StoredShare): number {
  if (share.kind === 'foreign') return share.tokenExpiresAt ?? Infinity
  return Math.max(share.expiresAt, share.sealedExpiresAt) + keptAfterEndMs
}

/** Reads what a store holds about a share. */
export function shareIn(text: Buffer | string): StoredShare {
  // Only this package wrote it.
  return JSON.parse(text.toString()) as StoredShare
}

/** Whether a share was made here, and so has a record. */
export const isMade = (share: StoredShare): share is ShareRecord => share.kind === 'made'
