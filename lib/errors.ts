/**
 * What the world may refuse, by code. A caller's own mistake is a `TypeError` or `RangeError` instead, and an
 * ending that is not a failure is a `Closing`.
 */
export type AfluenteErrorCode =
  /** The configuration has bad variables; the message names every one of them. */
  | 'ERR_CONFIG'
  /** A request asks for something that it can't have; the message says what was expected. */
  | 'ERR_BAD_REQUEST'
  /** The port can't be listened on. */
  | 'ERR_LISTEN'
  /** A request that needs a credential came without one. */
  | 'ERR_UNAUTHORIZED'
  /** The credential is no good, or doesn't permit what was asked. */
  | 'ERR_FORBIDDEN'
  /** What was asked for isn't there, or isn't the asker's to see. */
  | 'ERR_NOT_FOUND'
  /** The share was revoked, and stays so. */
  | 'ERR_SHARE_REVOKED'
  /** The share has expired, and stays so. */
  | 'ERR_SHARE_EXPIRED'
  /** Something needed for the answer isn't configured here. */
  | 'ERR_NOT_CONFIGURED'
  /** The verifier of tokens can't be reached now; whether the token is good isn't known. */
  | 'ERR_VERIFIER_UNAVAILABLE'
  /** The store can't be read or written now; the answer isn't known, or what was asked isn't done. */
  | 'ERR_STORE_UNAVAILABLE'
  /** One of several workers can't work; the message says why. */
  | 'ERR_WORKER'

/**
 * The one error class of this package. A switch on `code` narrows it; the message is for people and never holds a
 * token, a key or a payload.
 *
 * @example
 * ```ts
 * import { AfluenteError } from 'afluente'
 *
 * const code = (error: unknown) => (error instanceof AfluenteError ? error.code : undefined)
 * ```
 */
export class AfluenteError<C extends AfluenteErrorCode = AfluenteErrorCode> extends Error {
  readonly code: C

  constructor(code: C, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'AfluenteError'
    this.code = code
  }
}
