import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express'
import { isUtf8 } from 'node:buffer'
import { promisify } from 'node:util'
import { AfluenteError } from '../errors.js'

const maxBodyBytes = 64 * 1024
const raw: RequestHandler = express.raw({ type: () => true, limit: maxBodyBytes, inflate: false })
const readBytes = promisify<Request, Response>(raw)
const unreadable = new Map<number | undefined, string>([
  [413, `Expected a body of at most ${maxBodyBytes} bytes`],
  [415, 'Expected a body without Content-Encoding'],
])

/**
 * Reads a request's body as JSON in UTF-8, whatever its content type says: many clients name a wrong one, and what is
 * no JSON is found out anyhow. No body counts as an object without fields.
 *
 * @throws AfluenteError `ERR_BAD_REQUEST` where it is no JSON, and what `answerUnreadBody` answers where it is too large
 *   or compressed.
 */
export async function jsonBody(request: Request, response: Response): Promise<unknown> {
  await readBytes(request, response)
  const body: unknown = request.body
  if (!Buffer.isBuffer(body) || body.byteLength === 0) return {}
  try {
    if (isUtf8(body)) return JSON.parse(body.toString()) as unknown
  } catch {
    // Its error quotes what it read.
  }
  throw new AfluenteError('ERR_BAD_REQUEST', 'body: expected a JSON object in UTF-8')
}

/** Answers 413 and 415 where `jsonBody` couldn't read a body, and leaves every other error to who comes next. */
export const answerUnreadBody: ErrorRequestHandler = (
  error: { status?: number },
  _request,
  response,
  next,
) => {
  const detail = unreadable.get(error.status)
  if (error.status === undefined || detail === undefined) next(error)
  else response.status(error.status).json({ detail })
}
