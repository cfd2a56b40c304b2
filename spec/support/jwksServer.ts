import type { JWK } from 'jose'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A JWKS endpoint whose answers are held by hand. */
export interface JwksServer {
  readonly url: string
  /** Requests so far. */
  readonly requests: () => number
  /** What to answer from now on. */
  readonly answer: (how: JwksAnswer) => void
  readonly close: () => Promise<void>
}

/** Keys, a status with a text, or nothing at all. */
export type JwksAnswer =
  | { readonly keys: readonly JWK[] }
  | { readonly status: number; readonly text: string }
  | 'hang'
  | 'halfAnswer'

/** Starts an endpoint on a free port. */
export async function jwksServer(first: JwksAnswer): Promise<JwksServer> {
  let current = first
  let requests = 0
  const server = createServer((_, response) => {
    requests += 1
    respond(response, current)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/jwks.json`,
    requests: () => requests,
    answer: (how) => {
      current = how
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function respond(response: ServerResponse, how: JwksAnswer): void {
  if (how === 'hang') return
  if (how === 'halfAnswer') {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"keys":[')
    return
  }
  if ('keys' in how) response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(how))
  else response.writeHead(how.status, { 'content-type': 'text/html' }).end(how.text)
}
