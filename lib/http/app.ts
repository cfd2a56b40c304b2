import cors from 'cors'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { Registry } from 'prom-client'
import type { Readiness, Stats } from '../stats/reading.js'
import { type AllowedOrigins, isAllowedOrigin } from './origins.js'
import { maxHeaders, requestTarget } from './upgradeRequest.js'

export interface AppOptions {
  readonly stats: () => Promise<Stats>
  /** In Prometheus's text format. */
  readonly metrics: () => Promise<string>
  readonly readiness: () => Promise<Readiness>
  readonly allowedOrigins: AllowedOrigins
  /** What `/health` calls the service. */
  readonly name: string
  readonly version: string
  /** Whether this process is about to end. */
  readonly isDraining: () => boolean
  /** Paths of streams, which answer a plain request with 426. */
  readonly streamPaths: ReadonlySet<string>
  /** Further routes, before the 404. */
  readonly routes?: RequestHandler
}

/** The HTTP doors: stats, health, readiness, metrics. The only place with Express. */
export function createApp(options: AppOptions): Express {
  const { stats, metrics, readiness, allowedOrigins, name, version, isDraining, streamPaths, routes } =
    options
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

  const doors: Record<string, RequestHandler> = {
    '/api/v1/stream/stats': async (_request, response) => void response.json(await stats()),
    '/health': (_request, response) => void response.json({ status: 'healthy', service: name, version }),
    '/healthz': (_request, response) => void response.json({ status: 'alive' }),
    '/readyz': async (_request, response) => {
      const { isReady, body } = await readiness()
      response.status(isReady ? 200 : 503).json(body)
    },
    '/metrics': async (_request, response) => {
      response.type(Registry.PROMETHEUS_CONTENT_TYPE).send(await metrics())
    },
  }
  for (const path of streamPaths) {
    doors[path] = (_request, response) => {
      response.status(426).set('Upgrade', 'websocket').json({ detail: 'Expected a WebSocket upgrade' })
    }
  }
  for (const [path, door] of Object.entries(doors)) {
    app.get(path, door)
    app.all(path, (_request, response) => {
      response.status(405).set('Allow', 'GET, HEAD').json({ detail: 'Method Not Allowed' })
    })
  }
  if (routes !== undefined) app.use(routes)
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

// Express knows an error handler by its four parameters.
const answerFailure: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  const status = error instanceof URIError || (error as { status?: number }).status === 400 ? 400 : 500
  response.status(status).json({ detail: status === 400 ? 'Bad Request' : 'Internal Server Error' })
}
