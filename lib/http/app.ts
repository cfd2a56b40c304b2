import type { Express } from 'express'
import { Registry } from 'prom-client'
import type { Readiness, Stats } from '../stats/reading.js'
import { baseApp, type BaseAppOptions } from './baseApp.js'

export interface AppOptions extends Omit<BaseAppOptions, 'doors'> {
  readonly stats: () => Promise<Stats>
  /** In Prometheus's text format. */
  readonly metrics: () => Promise<string>
  readonly readiness: () => Promise<Readiness>
  /** What `/health` calls the service. */
  readonly name: string
  readonly version: string
}

/** The HTTP doors: stats, health, readiness, metrics. */
export function createApp(options: AppOptions): Express {
  const { stats, metrics, readiness, name, version } = options
  return baseApp({
    ...options,
    doors: {
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
    },
  })
}
