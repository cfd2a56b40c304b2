import cors from 'cors'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { allowOnly } from './allowOnly.js'
import { type AllowedOrigins, isAllowedOrigin } from './origins.js'
import { maxHeaders, requestTarget } from './upgradeRequest.js'

export interface BaseAppOptions {
  readonly allowedOrigins: AllowedOrigins
  /** Whether this process is about to end. */
  readonly isDraining: () => boolean
  /** What answers `GET` and `HEAD`, by path. */
  readonly doors: Readonly<Record<string, RequestHandler>>
  /** Paths of streams, which answer a plain request with 426. */
  readonly streamPaths: ReadonlySet<string>
  /** Further routes, before the 404. */
  readonly routes?: readonly RequestHandler[]
}

/** What every listener's app has: CORS, limits, its doors, and an answer to everything else. */
export function baseApp({
  allowedOrigins,
  isDraining,
  doors,
  streamPaths,
  routes = [],
}: BaseAppOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use(
    cors({
      credentials: true,
      origin: (origin, answer) =>
        answer(null, origin !== undefined && isAllowedOrigin(allowedOrigins, origin)),
    }),
  )
  app.use((_request, response, next) => {
    // A proxy that keeps its connection and asks on would keep the process too.
    if (isDraining()) response.set('Connection', 'close')
    next()
  })
  app.use((request, response, next) => {
    if (request.rawHeaders.length <= 2 * maxHeaders) next()
    else response.status(431).json({ detail: `Expected at most ${maxHeaders} headers` })
  })

  const streamDoors = [...streamPaths].map((path) => [path, answerUpgradeRequired] as const)
  for (const [path, door] of [...Object.entries(doors), ...streamDoors]) {
    app.get(path, door)
    app.all(path, allowOnly('GET', 'HEAD'))
  }
  for (const route of routes) app.use(route)
  app.use((request, response) => {
    const [status, detail] =
      requestTarget(request.originalUrl) === undefined
        ? [400, 'Malformed request target']
        : [404, 'Not Found']
    response.status(status).json({ detail })
  })
  app.use(answerFailure)
  return app
}

const answerUpgradeRequired: RequestHandler = (_request, response) => {
  response.status(426).set('Upgrade', 'websocket').json({ detail: 'Expected a WebSocket upgrade' })
}

// Express knows an error handler by its four parameters.
const answerFailure: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  const status = error instanceof URIError || (error as { status?: number }).status === 400 ? 400 : 500
  response.status(status).json({ detail: status === 400 ? 'Bad Request' : 'Internal Server Error' })
}
