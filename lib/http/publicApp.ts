import express, { type Express, type RequestHandler } from 'express'
import type { Shares } from '../shares/shares.js'
import { allowOnly } from './allowOnly.js'
import { baseApp, type BaseAppOptions } from './baseApp.js'
import { initRoute } from './initRoute.js'
import { initPath, shareStreamPath } from './sharePaths.js'

export interface PublicAppOptions extends Pick<BaseAppOptions, 'allowedOrigins' | 'isDraining'> {
  readonly shares: Pick<Shares, 'judge' | 'initOf'>
  /** The page that a viewer opens, and what belongs to it. */
  readonly page: RequestHandler
}

/** What strangers need and nothing else, for `PUBLIC_PORT`: `GET …/init`, the page, and where the stream is. */
export function createPublicApp({ shares, page, ...options }: PublicAppOptions): Express {
  const onlyInit = express.Router().all(initPath, allowOnly('GET', 'HEAD'))
  const routes = [initRoute(shares), onlyInit, page]
  return baseApp({ ...options, doors: {}, streamPaths: new Set([shareStreamPath]), routes })
}
