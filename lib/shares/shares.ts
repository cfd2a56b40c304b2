import {
  catchError,
  defer,
  EMPTY,
  exhaustMap,
  ignoreElements,
  merge,
  type Observable,
  tap,
  timer,
} from 'rxjs'
import type { AccessTokenVerifier } from '../auth/accessToken.js'
import { emptyKeyRing, type KeyRing } from '../auth/keyRing.js'
import type { ShareStore } from '../auth/shareStore.js'
import type { Envelope } from '../feed/envelope.js'
import type { KnownMessage, LastKnown } from '../feed/lastKnown.js'
import type { Area } from '../operators/within.js'
import { arrivals } from './arrivals.js'
import { type InitAnswer, initAnswer } from './initAnswer.js'
import { type Issuer, issuerOf } from './issuer.js'
import { publicMessages, type PublicMessage } from './publicMessages.js'
import { publicSnapshot } from './publicSnapshot.js'
import { shareEndings, type ShareEndings } from './shareEndings.js'
import { shareRegistry, type ShareRegistry } from './shareRegistry.js'
import type { ShareState } from './shareState.js'
import { shareTokens } from './shareTokens.js'
import { type Viewers, viewers } from './viewers.js'

/** What shares are made of. */
export interface SharesOptions {
  readonly ring: KeyRing
  readonly store: ShareStore
  readonly lastKnown: Pick<LastKnown, 'has' | 'get'>
  /** The fields of `data` that a stranger sees. */
  readonly fields: ReadonlySet<string>
  /** The longest time that a share may last, in milliseconds. */
  readonly maxTtlMs: number
  /** The link that carries a token. */
  readonly shareUrl: (token: string) => string
  /** `SHARE_ISSUER_KEY`. */
  readonly issuerKey: string | undefined
  /** Of access tokens, by which issuers may show themselves too. */
  readonly verifier: Pick<AccessTokenVerifier, 'verify'> | undefined
}

/** Everything about shares, for who serves them: the stream, `/init`, and the issuers' routes. */
export interface Shares {
  /** What a share token is worth now. Rejects with `ERR_STORE_UNAVAILABLE` where that can't be known. */
  readonly judge: (token: string) => Promise<ShareState>
  readonly endingOf: ShareEndings['endingOf']
  readonly viewers: Viewers
  /** A message as a viewer gets it. */
  readonly publicOf: (envelope: Envelope) => PublicMessage
  /** Whether a device has a last known message. */
  readonly isKnown: (deviceId: string) => boolean
  /** The frame of a device's last known message as a viewer gets it; undefined where there is none to show. */
  readonly snapshotOf: (deviceId: string, within: Area | undefined) => Buffer | undefined
  /** The answer of `/init` for a share that may be opened, or will be. */
  readonly initOf: (state: ShareState & { kind: 'open' | 'notBegun' }) => InitAnswer
  /** Who sends this bearer credential: see `issuerOf`. */
  readonly issuerOf: (credential: string | undefined) => Promise<Issuer>
  readonly registry: ShareRegistry
  /** Judges a message for those shares that end on arrival; undefined where there can be none. */
  readonly note: ((envelope: Envelope) => void) | undefined
  /** Whether a message comes after the one by which a share arrived. */
  readonly isPast: (shareId: string, envelope: Envelope) => boolean
  /** Follows the store, and clears what has ended, while subscribed. Emits nothing and never ends. */
  readonly running$: Observable<never>
}

const clearingMs = 3_600_000

/** Puts together what is known and done about shares. */
export function shares(options: SharesOptions): Shares {
  const { ring, store, lastKnown, fields } = options
  const watching = viewers()
  const ended = shareEndings(store)
  const { note, isPast, forgetEnded, followed$ } = arrivals(store)
  const known = (deviceId: string): KnownMessage | undefined => lastKnown.get(deviceId)
  const cleared$ = timer(clearingMs, clearingMs).pipe(
    tap(forgetEnded),
    exhaustMap(() => defer(() => store.removeEnded(Date.now())).pipe(catchError(() => EMPTY))),
    ignoreElements(),
  )
  return {
    judge: shareTokens(ring, store),
    endingOf: (share) => ended.endingOf(share),
    viewers: watching,
    publicOf: publicMessages(fields),
    isKnown: (deviceId) => lastKnown.has(deviceId),
    snapshotOf: publicSnapshot(known, fields),
    initOf: (state) => initAnswer(state, known),
    issuerOf: (credential) => issuerOf(credential, options),
    registry: shareRegistry({ ...options, viewersOf: watching.count }),
    note: ring === emptyKeyRing ? undefined : note,
    isPast,
    running$: merge(followed$, cleared$),
  } satisfies Shares
}
