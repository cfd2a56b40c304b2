import {
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose'
import { NEVER, type Observable } from 'rxjs'
import { AfluenteError } from '../errors.js'
import { type AccessKeyOptions, accessKeys } from './accessKeys.js'
import type { AccessGrant, GrantedDevices } from './grant.js'
import { unavailable } from './jwksKeys.js'

/** How access tokens are verified. */
export interface AccessTokenOptions extends AccessKeyOptions {
  /** `iss` must be this, where set. */
  issuer?: string | undefined
  /** `aud` must name this, or one of these, where set. */
  audience?: string | readonly string[] | undefined
  /** The wall time in milliseconds since the epoch; `Date.now` by default. */
  now?: () => number
}

/** What came of verifying an access token. */
export type VerifiedAccessToken =
  | { readonly kind: 'granted'; readonly grant: AccessGrant }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'expired' }
  /** Whether it is good can't be known now. */
  | { readonly kind: 'unavailable'; readonly error: AfluenteError<'ERR_VERIFIER_UNAVAILABLE'> }

/** Verifies access tokens. */
export interface AccessTokenVerifier {
  /** Never rejects. */
  verify: (token: string) => Promise<VerifiedAccessToken>
  /** Keeps keys fetched ahead while subscribed; emits each fetch's error, or undefined for one that went well. */
  readonly refreshed$: Observable<AfluenteError | undefined>
}

const invalid: VerifiedAccessToken = { kind: 'invalid' }
const tokenTypes = new Set(['jwt', 'at+jwt'])

/**
 * Makes the verifier of access tokens (CONTRACT 2.4): JWTs by `JWT_JWKS_URL`, else `JWT_PUBLIC_KEY`, else
 * `JWT_SECRET_KEY`, with pinned algorithms and an `exp`.
 *
 * @throws AfluenteError `ERR_CONFIG` when no key is given, a secret has less than 32 bytes, a public key can't be read
 *   or an algorithm doesn't fit the key; the message names the variable, never the key.
 */
export function accessTokenVerifier(options: AccessTokenOptions): AccessTokenVerifier {
  const { issuer, audience, now = Date.now } = options
  const { keyFor, algorithms, refreshed$ = NEVER } = accessKeys(options)
  const checks: JWTVerifyOptions = { algorithms: [...algorithms], requiredClaims: ['exp'] }
  if (issuer !== undefined) checks.issuer = issuer
  if (audience !== undefined) checks.audience = typeof audience === 'string' ? audience : [...audience]

  async function judge(token: string): Promise<VerifiedAccessToken> {
    try {
      const payload = await verifyBy(keyFor, token, { ...checks, currentDate: new Date(now()) })
      const grant = grantOf(token, payload)
      return grant === undefined ? invalid : { kind: 'granted', grant }
    } catch (error) {
      // jose judges `exp` last, but the claims of ours are judged here: invalid beats expired.
      if (error instanceof errors.JWTExpired)
        return grantOf(token, error.payload) === undefined ? invalid : { kind: 'expired' }
      if (error instanceof errors.JOSEError) return invalid
      if (isUnavailable(error)) return { kind: 'unavailable', error }
      return { kind: 'unavailable', error: unavailable(error) }
    }
  }

  // One rejection would end the pipeline that serves everybody, so it stands on nothing that the judging relies on.
  async function verify(token: string): Promise<VerifiedAccessToken> {
    try {
      return await judge(token)
    } catch {
      return { kind: 'unavailable', error: unavailable(undefined) }
    }
  }

  return { verify, refreshed$ }
}

function isUnavailable(error: unknown): error is AfluenteError<'ERR_VERIFIER_UNAVAILABLE'> {
  return error instanceof AfluenteError && error.code === 'ERR_VERIFIER_UNAVAILABLE'
}

async function verifyBy(
  keyFor: JWTVerifyGetKey,
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keyFor, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    // Keys without ids, as while they are rotated: one of them has to fit.
    for await (const key of error) {
      const isOther = (reason: unknown) => reason instanceof errors.JWSSignatureVerificationFailed
      const verified = await jwtVerify(token, key, options).catch((reason: unknown) => {
        if (!isOther(reason)) throw reason
      })
      if (verified !== undefined) return verified.payload
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

// RFC 8725, 3.11: another kind of token by the same issuer (a logout token, a DPoP proof) is no access token.
function isAccessToken(token: string): boolean {
  const { typ } = decodeProtectedHeader(token) as { typ?: unknown } // as it came: jose's type is a promise only
  if (typ === undefined) return true
  return typeof typ === 'string' && tokenTypes.has(typ.toLowerCase().replace(/^application\//, ''))
}

/** What a verified token permits; undefined where it is of another kind, or a claim has an unknown form. */
function grantOf(token: string, payload: JWTPayload): AccessGrant | undefined {
  const { exp, sub, jti, scope, device_ids: deviceIds } = payload
  const devices = devicesOf(deviceIds)
  const scopes = typeof scope === 'string' ? scope.split(' ') : scope
  if (devices === undefined || exp === undefined || !isAccessToken(token)) return undefined
  const words = Array.isArray(scopes) ? scopes.filter((word): word is string => typeof word === 'string') : []
  return {
    kind: 'access',
    devices,
    namesDevices: deviceIds !== undefined,
    expiresAt: exp * 1_000,
    subject: typeof sub === 'string' && sub !== '' ? sub : undefined,
    tokenId: typeof jti === 'string' ? jti : undefined,
    scopes: new Set(words.filter((word) => word !== '')),
  }
}

// Only the string "*" means all; in an array it is a device of that name. Without the claim nothing is permitted.
function devicesOf(claim: unknown): GrantedDevices | undefined {
  if (claim === undefined) return new Set()
  if (claim === '*') return 'all'
  if (!Array.isArray(claim)) return undefined
  const devices = new Set<string>()
  for (const id of claim as unknown[]) {
    if (typeof id === 'string' && id !== '') devices.add(id)
    else if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0) devices.add(String(id))
    else return undefined
  }
  return devices
}
