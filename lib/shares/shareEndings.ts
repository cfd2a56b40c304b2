import {
  asyncScheduler,
  catchError,
  defer,
  EMPTY,
  exhaustMap,
  filter,
  finalize,
  from,
  map,
  merge,
  type Observable,
  of,
  retry,
  share,
  Subject,
  switchMap,
  take,
  takeUntil,
  timeout,
  timer,
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

// What is known of a share to all who watch it.
interface Followed {
  readonly records$: Observable<StoredShare>
  /** Has it read again, by somebody whose own reading failed. */
  readonly onMissed: () => void
}

/** How long the last look at a record may take, in milliseconds; without an answer the expiry that is known stands. */
export const lastLookMs = 150

const retryMs = 1_000
/** How long after a reading that failed the next one comes, at the longest, in milliseconds. */
export const longestRetryMs = 3_000

/**
 * Makes what tells how open shares end. An ending emits once and completes: at the share's expiry, which moves as its
 * record does; when it is revoked; or when one of its devices has arrived. A record is looked at once more when its
 * expiry has come, so that an extension that was committed before wins. A store that doesn't answer ends nothing,
 * and is asked again until it does.
 */
export function shareEndings(
  store: Pick<ShareStore, 'get' | 'changed$'>,
  clocks: ExpiryClocks = {},
): ShareEndings {
  const { scheduler = asyncScheduler } = clocks
  const followed = new Map<string, Followed>()

  function read(shareId: string): Observable<StoredShare> {
    return defer(() => from(store.get(shareId))).pipe(filter((stored) => stored !== undefined))
  }

  // A change whose reading failed would else be known to nobody until the next one.
  function untilRead(shareId: string): Observable<StoredShare> {
    return read(shareId).pipe(retry({ delay: (_, failures) => pause(failures) }))
  }

  function pause(failures: number): Observable<unknown> {
    return timer(Math.min(retryMs * 1.2 ** (failures - 1), longestRetryMs), scheduler)
  }

  // One reading for all who watch the share.
  function follow(shareId: string): Followed {
    const known = followed.get(shareId)
    if (known !== undefined) return known
    const missed$ = new Subject<void>()
    const changed$ = store.changed$.pipe(filter((changed) => changed === null || changed === shareId))
    const missedAgain$ = missed$.pipe(
      exhaustMap(() =>
        pause(1).pipe(
          switchMap(() => untilRead(shareId)),
          takeUntil(changed$),
        ),
      ),
    )
    const records$ = merge(changed$.pipe(switchMap(() => untilRead(shareId))), missedAgain$).pipe(
      finalize(() => followed.delete(shareId)),
      share(),
    )
    const made = { records$, onMissed: () => missed$.next() }
    followed.set(shareId, made)
    return made
  }

  function recordsOf(shareId: string): Observable<StoredShare> {
    const { records$, onMissed } = follow(shareId)
    // Read at once as well: it may have changed since the token was judged.
    const first$ = read(shareId).pipe(
      catchError(() => {
        onMissed()
        return EMPTY
      }),
    )
    return merge(records$, first$).pipe(share())
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
      const records$ = recordsOf(shareId)
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
