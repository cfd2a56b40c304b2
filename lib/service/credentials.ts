import { type AccessTokenVerifier, accessTokenVerifier } from '../auth/accessToken.js'
import { type AccessKeyOptions, isUsableSecret } from '../auth/accessKeys.js'
import { type KeyRing, keyRing } from '../auth/keyRing.js'
import { AfluenteError } from '../errors.js'

/** The variables that hold keys, and what says how they are used: checked together, since they depend on each other. */
export interface CredentialSettings {
  readonly AUTH_MODE?: string | undefined
  readonly JWT_ALGORITHM?: string | undefined
  readonly JWT_JWKS_URL?: string | undefined
  readonly JWT_PUBLIC_KEY?: string | undefined
  readonly JWT_SECRET_KEY?: string | undefined
  readonly JWT_ISSUER?: string | undefined
  readonly JWT_AUDIENCE?: string | undefined
  readonly PASETO_SECRET_KEY?: string | undefined
  readonly PASETO_PUBLIC_KEY?: string | undefined
}

/** What the keys make. */
export interface Credentials {
  readonly ring: KeyRing
  /** Verifies access tokens, of issuers too; undefined where no key for it is usable. */
  readonly verifier: AccessTokenVerifier | undefined
}

/**
 * Makes what the keys are for.
 *
 * @throws AfluenteError `ERR_CONFIG` where `credentialProblems` tells of any.
 */
export function credentialsOf(settings: CredentialSettings): Credentials {
  const ring = keyRing({ secretKeys: settings.PASETO_SECRET_KEY, publicKeys: settings.PASETO_PUBLIC_KEY })
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = settings
  const verifier = hasVerifyingKey(settings)
    ? accessTokenVerifier({ ...keysOf(settings), issuer, audience })
    : undefined
  return { ring, verifier }
}

/** Every variable that can't be used as it is, as `NAME: what is wrong`, and never its value. */
export function credentialProblems(settings: CredentialSettings): string[] {
  const { PASETO_SECRET_KEY: secretKeys, PASETO_PUBLIC_KEY: publicKeys } = settings
  const problems = [problemOf(() => keyRing({ secretKeys })), problemOf(() => keyRing({ publicKeys }))]
  if (secretKeys !== undefined && publicKeys !== undefined)
    problems.push('PASETO_PUBLIC_KEY: expected none, since PASETO_SECRET_KEY is set')
  return [...problems, ...accessProblems(settings)].filter((problem) => problem !== undefined)
}

function accessProblems(settings: CredentialSettings): (string | undefined)[] {
  const { jwksUrl, publicKey, secretKey } = keysOf(settings)
  const asksForTokens = settings.AUTH_MODE === 'jwt'
  const keys: AccessKeyOptions[] = []
  if (jwksUrl !== undefined) keys.push({ jwksUrl })
  if (publicKey !== undefined) keys.push({ publicKey })
  if (secretKey !== undefined && asksForTokens) keys.push({ secretKey })
  if (keys.length === 0)
    return [asksForTokens ? 'AUTH_MODE: jwt needs JWT_JWKS_URL, JWT_PUBLIC_KEY or JWT_SECRET_KEY' : undefined]
  const problems = keys.map((key) => problemOf(() => accessTokenVerifier(key)))
  if (problems.some((problem) => problem !== undefined)) return problems
  // The keys are good, so what may be wrong is the algorithm.
  return [problemOf(() => accessTokenVerifier(keysOf(settings)))]
}

/**
 * Why `JWT_SECRET_KEY` stays unused: with `AUTH_MODE=none`, deployments of before that set one of any kind start all
 * the same.
 */
export function whySecretIsUnused(settings: CredentialSettings): string | undefined {
  const { AUTH_MODE = 'none', JWT_JWKS_URL, JWT_PUBLIC_KEY, JWT_SECRET_KEY } = settings
  if (AUTH_MODE !== 'none' || JWT_SECRET_KEY === undefined) return undefined
  if (!isUsableSecret(JWT_SECRET_KEY)) return 'it has under 32 bytes'
  if (JWT_JWKS_URL !== undefined || JWT_PUBLIC_KEY !== undefined) return undefined
  const problem = problemOf(() => accessTokenVerifier(keysOf(settings)))
  return problem === undefined ? undefined : 'JWT_ALGORITHM does not fit it'
}

function hasVerifyingKey(settings: CredentialSettings): boolean {
  if (settings.JWT_JWKS_URL !== undefined || settings.JWT_PUBLIC_KEY !== undefined) return true
  return settings.JWT_SECRET_KEY !== undefined && whySecretIsUnused(settings) === undefined
}

function keysOf(settings: CredentialSettings): AccessKeyOptions {
  return {
    jwksUrl: settings.JWT_JWKS_URL,
    publicKey: settings.JWT_PUBLIC_KEY,
    secretKey: settings.JWT_SECRET_KEY,
    algorithms: settings.JWT_ALGORITHM,
  }
}

/** Of a configuration error, its message with the variable set apart. */
function problemOf(make: () => unknown): string | undefined {
  try {
    make()
    return undefined
  } catch (error) {
    if (error instanceof AfluenteError && error.code === 'ERR_CONFIG')
      return error.message.replace(/^(\w+),? /, '$1: ')
    throw error
  }
}
