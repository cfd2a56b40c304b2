import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import { catchError, exhaustMap, from, map, type Observable, of, timer } from 'rxjs'
import { AfluenteError } from '../errors.js'

/** How keys are fetched. */
export interface JwksKeysOptions {
  readonly url: URL
  /** How long one answer may take, in milliseconds. */
  readonly timeoutMs?: number
  /** After a fetch, unknown key ids cause none for as long, in milliseconds. */
  readonly coolDownMs?: number
  /** After a failed fetch, none is tried for as long, in milliseconds. */
  readonly retryMs?: number
  /** Keys are fetched anew this often, in milliseconds, so that nobody who connects waits for it. */
  readonly refreshMs?: number
  /** Keys that couldn't be fetched anew for as long, in milliseconds, are used no more. */
  readonly maxAgeMs?: number
}

/** The keys of a JWKS endpoint. */
export interface JwksKeys {
  /** The key for a token. Errors with `ERR_VERIFIER_UNAVAILABLE` when the endpoint doesn't give its keys. */
  readonly keyFor: JWTVerifyGetKey
  /** Fetches now and again while subscribed; emits the error of a fetch that failed, else undefined. Never ends. */
  readonly refreshed$: Observable<AfluenteError | undefined>
}

/**
 * Keeps the keys of a JWKS endpoint: fetched ahead while `refreshed$` is subscribed, when a token names a key that
 * isn't known, and not more often than the cool-downs allow. Keys that are here are used through an outage of the
 * endpoint, up to `maxAgeMs`.
 */
export function jwksKeys({
  url,
  timeoutMs = 5_000,
  coolDownMs = 30_000,
  retryMs = 2_000,
  refreshMs = 300_000,
  maxAgeMs = 3_600_000,
}: JwksKeysOptions): JwksKeys {
  let failure: { readonly at: number; readonly error: AfluenteError } | undefined

  async function fetchKeys(address: string, init: RequestInit): Promise<Response> {
    if (failure !== undefined && performance.now() - failure.at < retryMs) throw failure.error
    try {
      const text = await textOf(await fetch(address, init))
      failure = undefined
      return new Response(text)
    } catch (cause) {
      const message = `The keys at JWT_JWKS_URL can't be had: ${reasonOf(cause)}`
      failure = {
        at: performance.now(),
        error: new AfluenteError('ERR_VERIFIER_UNAVAILABLE', message, { cause }),
      }
      throw failure.error
    }
  }

  const keys = createRemoteJWKSet(url, {
    timeoutDuration: timeoutMs,
    cooldownDuration: coolDownMs,
    cacheMaxAge: maxAgeMs,
    [customFetch]: fetchKeys,
  })
  return {
    keyFor: keys,
    refreshed$: timer(0, refreshMs).pipe(
      exhaustMap(() =>
        from(keys.reload()).pipe(
          map(() => undefined),
          catchError((error: unknown) => of(error instanceof AfluenteError ? error : unavailable(error))),
        ),
      ),
    ),
  }
}

/** The error for what stands between a token and knowing whether it is good. */
export function unavailable(cause: unknown): AfluenteError<'ERR_VERIFIER_UNAVAILABLE'> {
  return new AfluenteError('ERR_VERIFIER_UNAVAILABLE', `Tokens can't be verified now: ${reasonOf(cause)}`, {
    cause,
  })
}

/** An answer without keys, told in words of our own. */
class BadAnswer extends Error {}

// jose would refuse these as well, but by errors that can't be told from those about a token.
async function textOf(response: Response): Promise<string> {
  if (response.status !== 200) throw new BadAnswer(`the answer was ${response.status}`)
  const text = await response.text()
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    throw new BadAnswer('the answer is not JSON')
  }
  const hasKeys = typeof set === 'object' && set !== null && 'keys' in set && Array.isArray(set.keys)
  if (!hasKeys) throw new BadAnswer('the answer is no set of keys')
  return text
}

// Logged, so it has no words but ours: a message of fetch may quote the URL, where a key may stand.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error'
  if (error instanceof BadAnswer) return error.message
  if (error.name === 'TimeoutError') return 'no answer in time'
  const { cause } = error
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : error.name
}
