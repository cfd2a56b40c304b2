import type { Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Follows which answers of a server are still to be given. What is written on a connection past them would stand in the
 * middle of one, and what they write after an upgrade would stand among the frames.
 *
 * @returns The last answer that a connection still waits for.
 */
export function unanswered(server: Server): (connection: Duplex) => ServerResponse | undefined {
  const last = new WeakMap<Duplex, ServerResponse>()
  server.prependListener('request', ({ socket }, response) => {
    last.set(socket, response)
    response.once('close', () => {
      if (last.get(socket) === response) last.delete(socket)
    })
  })
  return (connection) => last.get(connection)
}
