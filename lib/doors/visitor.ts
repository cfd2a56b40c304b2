import type { IncomingHttpHeaders } from 'node:http'
import type { WebSocket } from 'ws'

/** Who stands at a door: a socket whose upgrade succeeded, and what its request said. */
export interface Visitor {
  readonly socket: WebSocket
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}
