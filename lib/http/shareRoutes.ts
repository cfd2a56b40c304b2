import express, { type Router } from 'express'
import type { Shares } from '../shares/shares.js'
import { initRoute } from './initRoute.js'
import { issuerRoutes } from './issuerRoutes.js'

/** All that is asked about shares over HTTP: by viewers, `initRoute`, and by issuers, `issuerRoutes`. */
export function shareRoutes(shares: Shares): Router {
  return express.Router().use(initRoute(shares), issuerRoutes(shares))
}
