import { catchError, defer, finalize, map, type Observable, switchMap } from 'rxjs'
import type { AccessTokenVerifier } from '../auth/accessToken.js'
import { accessCredential } from '../auth/credential.js'
import { type AccessGrant, type Grant, openGrant, permits } from '../auth/grant.js'
import type { DeviceStreams } from '../feed/deviceStreams.js'
import { textFrame } from '../feed/frame.js'
import type { LastKnown } from '../feed/lastKnown.js'
import { expiryOf } from '../operators/takeUntilExpiry.js'
import { type Closing, closings } from '../session/closing.js'
import type { Begin, openSession } from '../session/openSession.js'
import type { LastKnownFrame } from '../session/delivery.js'
import type { SessionPlan } from '../session/session.js'
import { BadRequest, type StreamRequest, streamRequest } from '../session/streamRequest.js'
import { tokenPlaces } from './tokenPlaces.js'
import type { Visitor } from './visitor.js'

export interface StreamDoorOptions {
  readonly takeOver: ReturnType<typeof openSession>
  readonly watch: DeviceStreams['watch']
  readonly lastKnown: Pick<LastKnown, 'has' | 'get'>
  /** Devices that one session watches, at most; 0 means no limit. */
  readonly maxDevicesPerSession: number
  /** Sessions of one token, at most; 0 means no limit. */
  readonly maxSessionsPerToken?: number
  /** What verifies who comes. Default: everybody may. */
  readonly accessTokens?: Pick<AccessTokenVerifier, 'verify'>
}

/** The door of the private stream: turns who comes into a session, or refuses what it asks for (CONTRACT 1.2, 2.4). */
export function streamDoor(options: StreamDoorOptions): (visitor: Visitor) => Observable<Closing> {
  const { takeOver, watch, lastKnown, maxDevicesPerSession, maxSessionsPerToken = 0, accessTokens } = options
  const places = tokenPlaces(maxSessionsPerToken)

  function planOf(request: StreamRequest, { expiresAt }: Pick<Grant, 'expiresAt'>): SessionPlan {
    const { deviceIds, overflow, isSnapshotWanted } = request
    return {
      overflow,
      messagesSelector: (showFirst) => {
        if (!isSnapshotWanted) return watch(deviceIds)
        // In one turn, so that no message comes between.
        return defer(() => {
          showFirst(snapshots(deviceIds, lastKnown))
          return watch(deviceIds)
        })
      },
      ...(expiresAt === Infinity ? {} : { ending$: expiryOf(expiresAt).pipe(map(() => closings.expired)) }),
    }
  }

  function admit(
    token: string,
    request: StreamRequest,
    grant: AccessGrant,
    begin: Begin,
  ): Observable<Closing> {
    if (!request.deviceIds.every((deviceId) => permits(grant, deviceId)))
      return begin(closings.forbiddenDevice)
    // Not the whole token, whose signature can be spelled in more than one way.
    const free = places.take(grant.tokenId ?? token.slice(0, token.lastIndexOf('.')))
    if (free === undefined) return begin(closings.tooManySessions)
    return begin(planOf(request, grant)).pipe(finalize(free))
  }

  return ({ socket, query, headers }) => {
    const request = streamRequest(query, maxDevicesPerSession)
    const isBad = request instanceof BadRequest
    const begin: Begin = takeOver(socket, !isBad && request.overflow === 'latest')
    if (isBad) return begin(request)
    if (accessTokens === undefined) return begin(planOf(request, openGrant))
    const token = accessCredential({ headers, query })
    if (token === undefined) return begin(closings.badToken)
    return defer(() => accessTokens.verify(token)).pipe(
      switchMap((verified) => {
        switch (verified.kind) {
          case 'granted':
            return admit(token, request, verified.grant, begin)
          case 'expired':
            return begin(closings.expiredToken)
          case 'unavailable':
            return begin(closings.verifierUnavailable)
          case 'invalid':
            return begin(closings.badToken)
        }
      }),
      catchError(() => begin(closings.failed)),
    )
  }
}

function* snapshots(
  deviceIds: readonly string[],
  lastKnown: StreamDoorOptions['lastKnown'],
): Generator<LastKnownFrame> {
  for (const deviceId of deviceIds) {
    if (!lastKnown.has(deviceId)) continue
    const makeFrame = () => {
      const known = lastKnown.get(deviceId)
      return known && textFrame(`{"event":"snapshot","data":${known.payload.toString('latin1')}}`)
    }
    yield { deviceId, makeFrame }
  }
}
