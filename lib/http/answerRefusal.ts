import type { ErrorRequestHandler } from 'express'
import { withoutTokens } from '../auth/withoutTokens.js'
import { AfluenteError } from '../errors.js'
import type { Refusal } from './refuse.js'

const retry = { 'Retry-After': '5' }

/** What a request gets in place of what it asked for; undefined where the error is no answer to a request. */
export function refusalOf({ code, message }: AfluenteError): Refusal | undefined {
  switch (code) {
    case 'ERR_UNAUTHORIZED':
      return { status: 401, detail: message, headers: { 'WWW-Authenticate': 'Bearer' } }
    case 'ERR_FORBIDDEN':
      return { status: 403, detail: message }
    case 'ERR_NOT_FOUND':
      return { status: 404, detail: message }
    case 'ERR_SHARE_EXPIRED':
      return { status: 409, detail: message }
    case 'ERR_SHARE_REVOKED':
      return { status: 410, detail: message }
    case 'ERR_BAD_REQUEST':
      // It names fields, and one that nobody expected may be a token in the wrong place.
      return { status: 422, detail: withoutTokens(message) }
    case 'ERR_NOT_CONFIGURED':
      return { status: 503, detail: message }
    // Their messages are for who runs the service: they name directories and addresses.
    case 'ERR_STORE_UNAVAILABLE':
      return { status: 503, detail: 'The store of shares does not answer now', headers: retry }
    case 'ERR_VERIFIER_UNAVAILABLE':
      return { status: 503, detail: 'Whether the token is good is not known now', headers: retry }
    default:
      return undefined
  }
}

/** Answers with what the world refuses, as `{"detail":"…"}`, and leaves every other error to who comes next. */
// Express knows an error handler by its four parameters.
export const answerRefusal: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  const refusal = isOurs(error) ? refusalOf(error) : undefined
  if (refusal === undefined) {
    next(error)
    return
  }
  const { status, detail, headers = {} } = refusal
  response.status(status).set(headers).json({ detail })
}

function isOurs(error: unknown): error is AfluenteError {
  return error instanceof AfluenteError
}
