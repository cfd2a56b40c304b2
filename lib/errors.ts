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
