import type { RequestHandler } from 'express'

/** Answers 405 to every method but these, which are left to others. */
export function allowOnly(...methods: readonly string[]): RequestHandler {
  return (request, response, next) => {
    if (methods.includes(request.method)) next()
    else response.status(405).set('Allow', methods.join(', ')).json({ detail: 'Method Not Allowed' })
  }
}
