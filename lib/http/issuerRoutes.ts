import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import { bearerIn } from '../auth/credential.js'
import type { Issuer } from '../shares/issuer.js'
import type { Shares } from '../shares/shares.js'
import { allowOnly } from './allowOnly.js'
import { answerRefusal } from './answerRefusal.js'
import { answerUnreadBody, jsonBody } from './jsonBody.js'
import { noStore } from './noStore.js'
import { initPath, sharesPath } from './sharePaths.js'

type OneShare = Readonly<Record<'share_id', string>>

const sharePath = `${sharesPath}/:share_id` as const

/**
 * What an issuer does with shares, CONTRACT 2.5: `POST …/init` makes one, `GET /api/v1/shares` answers with an array of
 * those that have not ended, and `GET`, `PATCH` and `DELETE /api/v1/shares/:share_id` read, move and revoke one. The
 * credential is a bearer alone, looked at before the body is read. `GET …/init` is left to who comes next.
 */
export function issuerRoutes({ issuerOf, registry }: Pick<Shares, 'issuerOf' | 'registry'>): Router {
  const router = express.Router()

  function asIssuer<P extends Readonly<Record<string, string>>>(
    answer: (issuer: Issuer, request: Request<P>, response: Response) => Promise<unknown>,
  ): RequestHandler<P> {
    return async (request, response) => {
      const issuer = await issuerOf(bearerIn(request.headers.authorization))
      await answer(issuer, request, response)
    }
  }

  router.use([initPath, sharesPath], noStore)
  router.post(
    initPath,
    asIssuer(async (issuer, request, response) => {
      const made = await registry.make(await jsonBody(request, response), issuer)
      response.status(201).set('Location', `${sharesPath}/${made.share_id}`).json(made)
    }),
  )
  router.get(
    sharesPath,
    asIssuer(async (issuer, _request, response) => response.json(await registry.list(issuer))),
  )
  router.get(
    sharePath,
    asIssuer<OneShare>(async (issuer, { params }, response) =>
      response.json(await registry.read(params.share_id, issuer)),
    ),
  )
  router.patch(
    sharePath,
    asIssuer<OneShare>(async (issuer, request, response) => {
      const body = await jsonBody(request, response)
      response.json(await registry.change(request.params.share_id, body, issuer))
    }),
  )
  router.delete(
    sharePath,
    asIssuer<OneShare>(async (issuer, { params }, response) => {
      await registry.revoke(params.share_id, issuer)
      response.status(204).end()
    }),
  )
  router.all(initPath, allowOnly('GET', 'HEAD', 'POST'))
  router.all(sharesPath, allowOnly('GET', 'HEAD'))
  router.all(sharePath, allowOnly('GET', 'HEAD', 'PATCH', 'DELETE'))
  router.use([initPath, sharesPath], answerRefusal, answerUnreadBody)
  return router
}
