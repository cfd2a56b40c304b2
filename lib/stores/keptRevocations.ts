import { catchError, concatMap, filter, from, map, type Observable, of } from 'rxjs'
import { isMade, type ShareRecord, type ShareStore, type StoredShare } from '../auth/shareStore.js'

/** A share store whose revocations outlive it. */
export interface KeptRevocations extends ShareStore {
  /**
   * While subscribed, says every revocation that is kept here again to the store, whenever it comes back; emits how
   * many it had lost, or the error of an attempt that failed. Never ends.
   */
  readonly asserted$: Observable<number | Error>
}

/**
 * Keeps what this instance revoked in a second store as well (Redis is the first, lmdb the second), since a Redis that
 * loses its memory would otherwise open revoked links again. What is revoked here reads as revoked, whatever the first
 * store says.
 */
export function keptRevocations(
  store: ShareStore,
  kept: ShareStore & { allRevoked: () => Promise<readonly StoredShare[]> },
  connected$: Observable<boolean>,
): KeptRevocations {
  const withRevocation = (stored: StoredShare | undefined, here: StoredShare | undefined) => {
    if (here?.revokedAt === undefined || stored?.revokedAt !== undefined) return stored
    return stored === undefined ? here : revokedAs(stored, here.revokedAt)
  }

  async function assertAll(): Promise<number> {
    let lost = 0
    for (const revoked of await kept.allRevoked()) {
      await store.update(revoked.shareId, (stored) => {
        if (stored?.revokedAt !== undefined || revoked.revokedAt === undefined) return undefined
        lost += 1
        return stored === undefined ? revoked : revokedAs(stored, revoked.revokedAt)
      })
    }
    return lost
  }

  return {
    ...store,
    get: async (shareId) => withRevocation(await store.get(shareId), await kept.get(shareId)),
    update: async (shareId, change) => {
      const here = await kept.get(shareId)
      const next = await store.update(shareId, (stored) => change(withRevocation(stored, here)))
      if (next?.revokedAt !== undefined)
        await kept.update(shareId, (held) => (isSame(held, next) ? undefined : next))
      return next
    },
    list: async (subject) => {
      const withKept = async (share: ShareRecord) => withRevocation(share, await kept.get(share.shareId))
      const shares = await Promise.all((await store.list(subject)).map(withKept))
      return shares.filter((share) => share !== undefined).filter(isMade)
    },
    removeEnded: async (now) => (await kept.removeEnded(now)) + (await store.removeEnded(now)),
    close: async () => {
      await store.close()
      await kept.close()
    },
    asserted$: connected$.pipe(
      filter((isConnected) => isConnected),
      concatMap(() =>
        from(assertAll()).pipe(
          map((lost): number | Error => lost),
          catchError((error: unknown) => of(error instanceof Error ? error : new Error('unknown'))),
        ),
      ),
    ),
  }
}

function revokedAs(stored: StoredShare, revokedAt: number): StoredShare {
  return { ...stored, revokedAt }
}

function isSame(held: StoredShare | undefined, next: StoredShare): boolean {
  return held !== undefined && JSON.stringify(held) === JSON.stringify(next)
}
