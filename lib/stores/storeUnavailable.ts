import { NEVER } from 'rxjs'
import type { ShareStore } from '../auth/shareStore.js'
import { AfluenteError } from '../errors.js'

/** The error for a store that can't do now what was asked. */
export function storeUnavailable(reason: string, cause?: unknown): AfluenteError<'ERR_STORE_UNAVAILABLE'> {
  const detail = cause instanceof Error ? `${reason}: ${cause.message}` : reason
  return new AfluenteError('ERR_STORE_UNAVAILABLE', detail, { cause })
}

/**
 * A store that answers every question with the error that kept the real one from opening: streams go on, and no share
 * is accepted, since a store that is lost may have held its revocation.
 */
export function brokenShareStore(error: AfluenteError<'ERR_STORE_UNAVAILABLE'>): ShareStore {
  const refuse = () => Promise.reject(error)
  return {
    get: refuse,
    update: refuse,
    list: refuse,
    removeEnded: refuse,
    changed$: NEVER,
    close: () => Promise.resolve(),
  }
}
