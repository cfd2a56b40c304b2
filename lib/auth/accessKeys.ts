import type { JWK, JWTVerifyGetKey } from 'jose'
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import type { Observable } from 'rxjs'
import { AfluenteError } from '../errors.js'
import { jwksKeys, type JwksKeysOptions } from './jwksKeys.js'

/** Where the keys for access tokens come from: the first of these that is set. */
export interface AccessKeyOptions {
  /** `JWT_JWKS_URL`. */
  jwksUrl?: string | undefined
  /** `JWT_PUBLIC_KEY`: PEM (SPKI or a certificate; `\n` may stand for a line's end), or a JWK. */
  publicKey?: string | undefined
  /** `JWT_SECRET_KEY`: at least 32 bytes. */
  secretKey?: string | undefined
  /** `JWT_ALGORITHM`: one or several, comma-separated; by default what fits the key. */
  algorithms?: string | undefined
  /** Durations of the fetches from `jwksUrl`. */
  jwks?: Omit<JwksKeysOptions, 'url'>
}

/** Keys, and the algorithms that are used with them whatever a token says. */
export interface AccessKeys {
  readonly keyFor: JWTVerifyGetKey
  readonly algorithms: readonly string[]
  readonly refreshed$?: Observable<AfluenteError | undefined>
}

const symmetric = ['HS256', 'HS384', 'HS512'] as const
const rsa = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const
const edwards = ['EdDSA', 'Ed25519'] as const
const byCurve: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
}
const asymmetric: readonly string[] = [...rsa, 'ES256', 'ES384', 'ES512', ...edwards]

/** @throws AfluenteError `ERR_CONFIG`; the message names the variable, never the key. */
export function accessKeys({
  jwksUrl,
  publicKey,
  secretKey,
  algorithms,
  jwks,
}: AccessKeyOptions): AccessKeys {
  if (jwksUrl !== undefined) {
    const keys = jwksKeys({ ...jwks, url: urlIn(jwksUrl) })
    return { ...keys, algorithms: pinned(algorithms, asymmetric, ['RS256', 'PS256', 'ES256', ...edwards]) }
  }
  if (publicKey !== undefined) {
    const key = publicKeyIn(publicKey)
    const fitting = algorithmsFor(key)
    return {
      keyFor: () => key,
      algorithms: pinned(algorithms, fitting, key.asymmetricKeyType === 'rsa' ? ['RS256'] : fitting),
    }
  }
  if (secretKey === undefined) throw refusal('JWT_JWKS_URL, JWT_PUBLIC_KEY or JWT_SECRET_KEY must be set')
  const key = secretKeyIn(secretKey)
  return { keyFor: () => key, algorithms: pinned(algorithms, symmetric, ['HS256']) }
}

/** Whether a `JWT_SECRET_KEY` is long enough to be used at all: 32 bytes (RFC 7518, 3.2). */
export function isUsableSecret(secretKey: string): boolean {
  return Buffer.byteLength(secretKey) >= 32
}

function secretKeyIn(text: string): KeyObject {
  if (!isUsableSecret(text))
    throw refusal('JWT_SECRET_KEY must have at least 32 bytes; a shorter one is never used')
  return createSecretKey(Buffer.from(text))
}

function publicKeyIn(text: string): KeyObject {
  const trimmed = text.trim()
  try {
    if (!trimmed.startsWith('{')) return createPublicKey(trimmed.replaceAll('\\n', '\n'))
    return createPublicKey({ key: JSON.parse(trimmed) as JWK, format: 'jwk' })
  } catch {
    // The cause could quote the key.
    throw refusal('JWT_PUBLIC_KEY must be a public key or a certificate in PEM, or a JWK')
  }
}

function urlIn(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw refusal('JWT_JWKS_URL must be an http(s) URL')
  // Fetch takes no URL that holds any.
  if (url.username !== '' || url.password !== '')
    throw refusal('JWT_JWKS_URL must hold no name and no password')
  return url
}

function algorithmsFor({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  if (asymmetricKeyType === 'ed25519') return edwards
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return rsa
  const fitting = asymmetricKeyType === 'ec' ? byCurve[asymmetricKeyDetails?.namedCurve ?? ''] : undefined
  if (fitting === undefined) {
    throw refusal('JWT_PUBLIC_KEY must be RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519')
  }
  return fitting
}

function pinned(
  text: string | undefined,
  fitting: readonly string[],
  byDefault: readonly string[],
): readonly string[] {
  const wanted = (text ?? '').split(',').map((name) => name.trim())
  const names = wanted.filter((name) => name !== '')
  if (!names.every((name) => fitting.includes(name)))
    throw refusal(`JWT_ALGORITHM must fit the key: one or several of ${fitting.join(', ')}`)
  return names.length > 0 ? names : byDefault
}

function refusal(message: string): AfluenteError<'ERR_CONFIG'> {
  return new AfluenteError('ERR_CONFIG', message)
}
