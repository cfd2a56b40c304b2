import type { RequestHandler } from 'express'

/** Lets nobody keep the answer: it holds for this moment, and for who asked. */
export const noStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store')
  next()
}
