import {
  catchError,
  delay,
  defer,
  filter,
  finalize,
  map,
  merge,
  type Observable,
  of,
  shareReplay,
  switchMap,
  take,
  takeUntil,
} from 'rxjs'
import { shareCredential } from '../auth/credential.js'
import type { DeviceStreams } from '../feed/deviceStreams.js'
import type { Envelope } from '../feed/envelope.js'
import { positionOf } from '../feed/position.js'
import { expiryOf } from '../operators/takeUntilExpiry.js'
import { isWithin } from '../operators/within.js'
import { arrived, type Closing, closings } from '../session/closing.js'
import type { Begin, openSession } from '../session/openSession.js'
import type { DeviceMessage, LastKnownFrame } from '../session/delivery.js'
import type { SessionPlan } from '../session/session.js'
import { BadRequest, type StreamOptions, streamOptions } from '../session/streamRequest.js'
import type { Shares } from '../shares/shares.js'
import type { OpenShare, ShareState } from '../shares/shareState.js'
import type { Counters } from '../stats/counters.js'
import { tokenPlaces } from './tokenPlaces.js'
import { turnstile } from './turnstile.js'
import type { Visitor } from './visitor.js'

export interface ShareDoorOptions {
  readonly takeOver: ReturnType<typeof openSession>
  readonly watch: DeviceStreams['watch']
  readonly shares: Shares
  readonly counters: Counters
  /** Sessions of one token, at most; 0 means no limit. */
  readonly maxSessionsPerToken?: number
}

/** How long a reader that stalls may take for the position of an arrival, in milliseconds. */
const arrivalMs = 1_000

/** The door of the public stream: who shows a share token sees what its share permits (CONTRACT 1.6, 2.5). */
export function shareDoor(options: ShareDoorOptions): (visitor: Visitor) => Observable<Closing> {
  const { takeOver, watch, shares, counters, maxSessionsPerToken = 0 } = options
  const places = tokenPlaces(maxSessionsPerToken)
  const turn$ = turnstile()

  /** What is shown of a share from the moment that it has begun. */
  function begun({ shareId, deviceIds, within }: OpenShare): Observable<DeviceMessage> {
    const isShown = (envelope: Envelope) => {
      // Once it has arrived, where it goes is nobody's business.
      if (shareId !== undefined && shares.isPast(shareId, envelope)) return false
      if (within === undefined || isWithin(within, positionOf(envelope.body))) return true
      counters.filtered++
      return false
    }
    return watch(deviceIds).pipe(filter(isShown), map(shares.publicOf))
  }

  function* snapshots({ deviceIds, within }: OpenShare): Generator<LastKnownFrame> {
    for (const deviceId of deviceIds) {
      if (shares.isKnown(deviceId)) yield { deviceId, makeFrame: () => shares.snapshotOf(deviceId, within) }
    }
  }

  function planOf(share: OpenShare, { overflow, isSnapshotWanted }: StreamOptions): SessionPlan {
    const ended$ = shares.endingOf(share).pipe(shareReplay({ bufferSize: 1, refCount: true }))
    const arrived$ = ended$.pipe(
      filter((ending) => ending.kind === 'arrived'),
      map(({ deviceId }) => arrived(deviceId)),
    )
    return {
      overflow,
      messagesSelector: (showFirst) => {
        // In one turn, so that no message comes between.
        const begin = () => {
          if (isSnapshotWanted) showFirst(snapshots(share))
          return begun(share)
        }
        const shown$ =
          share.notBefore === undefined ? defer(begin) : expiryOf(share.notBefore).pipe(switchMap(begin))
        return shown$.pipe(takeUntil(arrived$))
      },
      ending$: merge(
        ended$.pipe(
          filter(({ kind }) => kind !== 'arrived'),
          map(({ kind }) => (kind === 'revoked' ? closings.revoked : closings.expired)),
        ),
        arrived$.pipe(delay(arrivalMs)),
      ),
      last$: arrived$,
    }
  }

  function admit(token: string, share: OpenShare, wanted: StreamOptions, begin: Begin): Observable<Closing> {
    const { shareId, maxViewers } = share
    const free = places.take(token)
    if (free === undefined) return begin(closings.tooManySessions)
    const leave = shareId === undefined ? () => undefined : shares.viewers.admit(shareId, maxViewers)
    if (leave === undefined) return begin(closings.tooManyViewers).pipe(finalize(free))
    return begin(planOf(share, wanted)).pipe(finalize(free), finalize(leave))
  }

  return ({ socket, query, headers }) => {
    const wanted = streamOptions(query)
    const isBad = wanted instanceof BadRequest
    const begin: Begin = takeOver(socket, !isBad && wanted.overflow === 'latest')
    if (isBad) return begin(wanted)
    const token = shareCredential({ headers, query })
    if (token === undefined) return begin(closings.badToken)
    return turn$.pipe(
      take(1),
      switchMap(() => shares.judge(token)),
      // Its only failure is that of the store.
      catchError(() => of({ kind: 'unknown' } as const)),
      switchMap((state) => {
        return 'share' in state ? admit(token, state.share, wanted, begin) : begin(refusalOf(state))
      }),
      catchError(() => begin(closings.failed)),
    )
  }
}

function refusalOf(state: Exclude<ShareState, { share: OpenShare }> | { kind: 'unknown' }): Closing {
  switch (state.kind) {
    case 'expired':
      return closings.expiredToken
    case 'revoked':
      return closings.revokedToken
    case 'unknown':
      return closings.storeUnavailable
    case 'invalid':
      return state.missing === 'device_id' ? closings.badTokenDevice : closings.badToken
  }
}
