import { createHash, timingSafeEqual } from 'node:crypto'
import type { AccessTokenVerifier } from '../auth/accessToken.js'
import { type GrantedDevices, permits } from '../auth/grant.js'
import { AfluenteError } from '../errors.js'

/** Who makes and ends shares: the holder of `SHARE_ISSUER_KEY`, or the subject of an access token. */
export type Issuer =
  | { readonly kind: 'operator' }
  | { readonly kind: 'subject'; readonly subject: string; readonly devices: GrantedDevices }

/** By what an issuer is known; either may be absent. */
export interface IssuerOptions {
  /** `SHARE_ISSUER_KEY`. */
  readonly issuerKey: string | undefined
  readonly verifier: Pick<AccessTokenVerifier, 'verify'> | undefined
}

/**
 * Tells who sends this bearer credential.
 *
 * @throws AfluenteError `ERR_UNAUTHORIZED` without one, `ERR_FORBIDDEN` with a wrong one or where none is configured,
 *   `ERR_VERIFIER_UNAVAILABLE` where that can't be known now.
 */
export async function issuerOf(
  credential: string | undefined,
  { issuerKey, verifier }: IssuerOptions,
): Promise<Issuer> {
  if (credential === undefined) throw new AfluenteError('ERR_UNAUTHORIZED', 'An issuer credential is needed')
  if (issuerKey !== undefined && isSame(credential, issuerKey)) return { kind: 'operator' }
  const verified = await verifier?.verify(credential)
  if (verified?.kind === 'unavailable') throw verified.error
  if (verified?.kind !== 'granted') throw forbidden('The issuer credential is not valid')
  const { scopes, subject, devices, namesDevices } = verified.grant
  if (!scopes.has('share:write')) throw forbidden('The token has no scope share:write')
  if (subject === undefined || !namesDevices) throw forbidden('The token must name sub and device_ids')
  return { kind: 'subject', subject, devices }
}

/** Whether an issuer may make, extend and read a link to all of these devices. */
export function mayShare(issuer: Issuer, deviceIds: readonly string[]): boolean {
  return issuer.kind === 'operator' || deviceIds.every((deviceId) => permits(issuer, deviceId))
}

/** Whether a share is one that this issuer lists, shortens and revokes. */
export function owns(issuer: Issuer, subject: string | null): boolean {
  return issuer.kind === 'operator' || issuer.subject === subject
}

/** The error for what an issuer may not do. */
export function forbidden(message: string): AfluenteError<'ERR_FORBIDDEN'> {
  return new AfluenteError('ERR_FORBIDDEN', message)
}

// In constant time: digests have one length, whatever the credential's is.
function isSame(credential: string, key: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(credential), digest(key))
}
