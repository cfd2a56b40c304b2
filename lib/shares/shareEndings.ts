import {
  asyncScheduler,
  catchError,
  defer,
  EMPTY,
  filter,
  finalize,
  from,
  map,
  merge,
  type Observable,
  of,
  share,
  switchMap,
  take,
  timeout,
} from 'rxjs'
import { isMade, type ShareStore, type StoredShare } from '../auth/shareStore.js'
import { type ExpiryClocks, expiryOf } from '../operators/takeUntilExpiry.js'
import type { OpenShare } from './shareState.js'

/** Why an open share ended. */
export type ShareEnding =
  | { readonly kind: 'expired' }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'arrived'; readonly deviceId: string }

/** Tells how open shares end. */
export interface ShareEndings {
  /** Emits once and completes when the share has ended; never errors. */
  endingOf(open: OpenShare): Observable<ShareEnding>
}

/** How long the last look at a record may take, in milliseconds; without an answer the expiry that is known stands. */
export const lastLookMs = 150

/**
 * Makes what tells how open shares end. An ending emits once and completes: at the share's expiry, which moves as its
 * record does; when it is revoked; or when one of its devices has arrived. A record is looked at once more when its
 * expiry has come, so that an extension that was committed before wins. A store that doesn't answer ends nothing.
 */
export function shareEndings(
  store: Pick<ShareStore, 'get' | 'changed$'>,
  clocks: ExpiryClocks = {},
): ShareEndings {
  const { scheduler = asyncScheduler } = clocks
  const followed = new Map<string, Observable<StoredShare>>()

  function read(shareId: string): Observable<StoredShare> {
    return defer(() => from(store.get(shareId))).pipe(
      catchError(() => EMPTY),
      filter((stored) => stored !== undefined),
    )
  }

  // One reading for all who watch the share.
  function changesOf(shareId: string): Observable<StoredShare> {
    const known$ = followed.get(shareId)
    if (known$ !== undefined) return known$
    const changes$ = store.changed$.pipe(
      filter((changed) => changed === null || changed === shareId),
      switchMap(() => read(shareId)),
      finalize(() => followed.delete(shareId)),
      share(),
    )
    followed.set(shareId, changes$)
    return changes$
  }

  function lastLook(shareId: string): Observable<StoredShare | undefined> {
    return defer(() => from(store.get(shareId))).pipe(
      timeout({ first: lastLookMs, scheduler }),
      catchError(() => of(undefined)),
    )
  }

  function expired(
    shareId: string,
    expiresAt: number,
    records$: Observable<StoredShare>,
  ): Observable<ShareEnding> {
    const moved$ = records$.pipe(
      filter(isMade),
      map((record) => record.expiresAt),
    )
    return expiryOf(merge(of(expiresAt), moved$), clocks).pipe(
      switchMap((at) => lastLook(shareId).pipe(map((stored) => ({ at, stored })))),
      switchMap(({ at, stored }): Observable<ShareEnding> => {
        const ending = stored === undefined ? undefined : endingIn(stored)
        if (ending !== undefined) return of(ending)
        const isExtended = stored?.kind === 'made' && stored.expiresAt > at
        return isExtended ? expired(shareId, stored.expiresAt, records$) : of({ kind: 'expired' })
      }),
    )
  }

  const endings: ShareEndings = {
    endingOf({ shareId, expiresAt, hasRecord }) {
      const alone$ = expiryOf(expiresAt, clocks).pipe(map((): ShareEnding => ({ kind: 'expired' })))
      if (shareId === undefined) return alone$
      // Read at once as well: it may have changed since the token was judged.
      const records$ = merge(changesOf(shareId), read(shareId)).pipe(share())
      const ended$ = records$.pipe(
        map(endingIn),
        filter((ending) => ending !== undefined),
      )
      return merge(hasRecord ? expired(shareId, expiresAt, records$) : alone$, ended$).pipe(take(1))
    },
  }
  return endings
}

function endingIn(stored: StoredShare): ShareEnding | undefined {
  if (stored.revokedAt !== undefined) return { kind: 'revoked' }
  const arrived = stored.kind === 'made' ? stored.arrived : undefined
  return arrived === undefined ? undefined : { kind: 'arrived', deviceId: arrived.deviceId }
}
