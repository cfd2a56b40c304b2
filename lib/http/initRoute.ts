import express, { type Router } from 'express'
import { shareCredential } from '../auth/credential.js'
import type { Shares } from '../shares/shares.js'
import type { ShareState } from '../shares/shareState.js'
import { answerRefusal } from './answerRefusal.js'
import { noStore } from './noStore.js'
import type { Refusal } from './refuse.js'
import { initPath } from './sharePaths.js'
import { requestTarget } from './upgradeRequest.js'

/**
 * `GET /api/v1/public/share-location/init`, CONTRACT 1.5: looks at a share token, and makes nothing. Other methods are
 * left to who comes next.
 */
export function initRoute({ judge, initOf }: Pick<Shares, 'judge' | 'initOf'>): Router {
  const router = express.Router()
  router.get(initPath, noStore, async ({ headers, originalUrl }, response) => {
    const query = requestTarget(originalUrl)?.query ?? new URLSearchParams()
    const token = shareCredential({ headers, query })
    const state = token === undefined ? undefined : await judge(token)
    if (state?.kind === 'open' || state?.kind === 'notBegun') {
      response.json(initOf({ kind: state.kind, share: state.share }))
      return
    }
    const { status, detail, headers: more = {} } = refusalOf(state)
    response.status(status).set(more).json({ detail })
  })
  router.use(initPath, answerRefusal)
  return router
}

type Refused = Exclude<ShareState, { kind: 'open' | 'notBegun' }>

function refusalOf(state: Refused | undefined): Refusal {
  switch (state?.kind) {
    case undefined:
      return { status: 422, detail: 'Expected a share token, as ?token= or as a bearer' }
    case 'expired':
      return { status: 401, detail: 'Token expired', headers: { 'WWW-Authenticate': 'Bearer' } }
    case 'revoked':
      return { status: 403, detail: 'Invalid token: share revoked' }
    case 'invalid':
      return {
        status: 403,
        detail: state.missing === undefined ? 'Invalid token' : `Invalid token: missing ${state.missing}`,
      }
  }
}
