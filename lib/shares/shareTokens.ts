import type { KeyRing } from '../auth/keyRing.js'
import type { ShareStore, StoredShare } from '../auth/shareStore.js'
import { openShareToken, type ShareClaims } from '../auth/shareToken.js'
import { type ShareState, shareState } from './shareState.js'

/**
 * Makes what tells what a share token is worth now: its claims and the record of its share together. The promise
 * rejects with `ERR_STORE_UNAVAILABLE` where that can't be known (503, or 1013).
 */
export function shareTokens(
  ring: KeyRing,
  store: Pick<ShareStore, 'get' | 'update'>,
  now: () => number = Date.now,
): (token: string) => Promise<ShareState> {
  // A foreign revocation is kept until its token's `exp` was seen and is past; here is where it is seen.
  function noteExpiry({ shareId, expiresAt }: ShareClaims, stored: StoredShare | undefined): void {
    const isLater = (held: StoredShare | undefined) =>
      held?.kind === 'foreign' && expiresAt > (held.tokenExpiresAt ?? -Infinity)
    if (shareId === undefined || !isLater(stored)) return
    const change = (held: StoredShare | undefined) =>
      held?.kind === 'foreign' && isLater(held) ? { ...held, tokenExpiresAt: expiresAt } : undefined
    // Without it the revocation is only kept longer.
    store.update(shareId, change).catch(() => undefined)
  }

  return async (token) => {
    const opened = await openShareToken(ring, token, now())
    const claims = opened.kind === 'sound' ? opened.claims : undefined
    if (claims?.shareId === undefined) return shareState(opened, undefined, now())
    // Nothing that is stored could make a foreign token good again that has expired.
    const isOver = !claims.needsRecord && now() >= claims.expiresAt
    const stored = await store.get(claims.shareId).catch((error: unknown) => {
      if (!isOver) throw error
      return undefined
    })
    noteExpiry(claims, stored)
    return shareState(opened, stored, now())
  }
}
