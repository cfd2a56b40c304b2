import {
  asyncScheduler,
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  type Observable,
  of,
  type SchedulerLike,
  switchMap,
  timer,
  toArray,
} from 'rxjs'
import { isMade, type ShareRecord, type ShareStore, type StoredShare } from '../auth/shareStore.js'

/** A share store whose revocations outlive it. */
export interface KeptRevocations extends ShareStore {
  /**
   * While subscribed, says every revocation that is kept here again to the store, whenever it comes back; emits how
   * many it had lost, or the error of an attempt that failed and is made again. Never ends.
   */
  readonly asserted$: Observable<number | Error>
}

/** How long after an attempt that failed the next one comes, in milliseconds. */
export const assertAgainMs = 5_000

/**
 * Keeps what this instance revoked in a second store as well (Redis is the first, lmdb the second), since a Redis that
 * loses its memory would otherwise open revoked links again. What is revoked here reads as revoked, whatever the first
 * store says.
 */
export function keptRevocations(
  store: ShareStore,
  kept: ShareStore & { allRevoked: () => Promise<readonly StoredShare[]> },
  connected$: Observable<boolean>,
  scheduler: SchedulerLike = asyncScheduler,
): KeptRevocations {
  const withRevocation = (stored: StoredShare | undefined, here: StoredShare | undefined) => {
    if (here?.revokedAt === undefined || stored?.revokedAt !== undefined) return stored
    return stored === undefined ? here : revokedAs(stored, here.revokedAt)
  }

  async function wasLost(revoked: StoredShare): Promise<boolean> {
    let isLost = false
    await store.update(revoked.shareId, (stored) => {
      isLost = stored?.revokedAt === undefined && revoked.revokedAt !== undefined
      if (!isLost || revoked.revokedAt === undefined) return undefined
      return stored === undefined ? revoked : revokedAs(stored, revoked.revokedAt)
    })
    return isLost
  }

  // One that fails keeps no other from being said, and is said again itself.
  function assertEach(all: readonly StoredShare[], lostBefore = 0): Observable<number | Error> {
    const said$ = from(all).pipe(
      concatMap((revoked) =>
        from(wasLost(revoked)).pipe(catchError((error: unknown) => of({ revoked, error: errorOf(error) }))),
      ),
      toArray(),
    )
    return said$.pipe(
      concatMap((outcomes) => {
        const failed = outcomes.filter((outcome) => typeof outcome !== 'boolean')
        const lost = lostBefore + outcomes.filter((outcome) => outcome === true).length
        const again = failed.map(({ revoked }) => revoked)
        return failed[0] === undefined
          ? of(lost)
          : concat(of(failed[0].error), later(assertEach(again, lost)))
      }),
    )
  }

  function assertAll(): Observable<number | Error> {
    return defer(() => kept.allRevoked()).pipe(
      catchError((error: unknown) => of(errorOf(error))),
      concatMap((all) => (all instanceof Error ? concat(of(all), later(defer(assertAll))) : assertEach(all))),
    )
  }

  function later(attempt$: Observable<number | Error>): Observable<number | Error> {
    return timer(assertAgainMs, scheduler).pipe(concatMap(() => attempt$))
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
    asserted$: connected$.pipe(switchMap((isConnected) => (isConnected ? assertAll() : EMPTY))),
  }
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error('unknown')
}

function revokedAs(stored: StoredShare, revokedAt: number): StoredShare {
  return { ...stored, revokedAt }
}

function isSame(held: StoredShare | undefined, next: StoredShare): boolean {
  return held !== undefined && JSON.stringify(held) === JSON.stringify(next)
}
