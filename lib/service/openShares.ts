import { EMPTY, type Observable } from 'rxjs'
import type { AccessTokenVerifier } from '../auth/accessToken.js'
import { type Shares, shares } from '../shares/shares.js'
import type { Log } from '../stats/log.js'
import { complained } from './complained.js'
import { credentialsOf } from './credentials.js'
import type { Stores } from './openStores.js'
import type { Settings } from './settings.js'

/** Shares, and who may connect. */
export interface OpenedShares {
  readonly shares: Shares
  /** With `AUTH_MODE=jwt`; issuers may show an access token in every mode. */
  readonly accessTokens: AccessTokenVerifier | undefined
  /** Keeps the keys for access tokens fresh while subscribed. Emits nothing and never errors. */
  readonly running$: Observable<never>
}

/** Makes shares from the settings. `portOf` tells where the service listens, once somebody asks for a link. */
export function openShares(
  settings: Settings,
  stores: Pick<Stores, 'lastKnown' | 'shares'>,
  log: Log,
  portOf: () => number,
): OpenedShares {
  const { ring, verifier } = credentialsOf(settings)
  const notFetched = 'The keys for access tokens could not be fetched'
  return {
    shares: shares({
      ring,
      store: stores.shares,
      lastKnown: stores.lastKnown,
      fields: new Set(settings.SHARE_FIELDS),
      maxTtlMs: 1000 * settings.SHARE_MAX_TTL_SECS,
      shareUrl: (token) => shareUrl(settings.PUBLIC_URL ?? `http://localhost:${portOf()}`, token),
      issuerKey: settings.SHARE_ISSUER_KEY,
      verifier,
    }),
    accessTokens: settings.AUTH_MODE === 'jwt' ? verifier : undefined,
    running$: verifier === undefined ? EMPTY : complained(verifier.refreshed$, log, notFetched),
  }
}

/** The link that carries a token in its fragment, which no request and no log holds. */
export function shareUrl(base: string, token: string): string {
  const url = new URL(base)
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}/share#${token}`
}
