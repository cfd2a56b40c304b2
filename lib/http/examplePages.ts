import express, { type RequestHandler } from 'express'

/** Serves a folder of pages at `/examples`, and leads `/` to one of them: for the demo. */
export function examplePages(directory: string, firstPage: string): RequestHandler {
  const router = express.Router()
  router.get('/', (_request, response) => response.redirect(`/examples/${firstPage}`))
  router.use('/examples', express.static(directory, { index: false, extensions: ['html'] }))
  return router
}
