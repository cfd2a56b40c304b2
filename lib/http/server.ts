import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AfluenteError } from '../errors.js'
import { refuse } from './refuse.js'
import { unanswered } from './unanswered.js'
import { countBy, type Counters } from '../stats/counters.js'

export interface ServerOptions {
  readonly counters: Counters
  /** How long a peer may take to send its headers, in milliseconds. */
  readonly handshakeTimeoutMs: number
}

/** What can't be read whole is answered with these; anything else is 400. */
const unreadable = new Map<string | undefined, number>([
  ['HPE_HEADER_OVERFLOW', 431],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
])
const maxHeaderBytes = 32 * 1024
// Kept free for the broker's connection, log files and whatever a library opens.
const sparedDescriptors = 16

/** An HTTP server that silent, slow and talkative peers can't wear down. */
export function createHardenedServer(
  listener: RequestListener,
  { counters, handshakeTimeoutMs }: ServerOptions,
): Server {
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: handshakeTimeoutMs,
      requestTimeout: 2 * handshakeTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, handshakeTimeoutMs / 4),
    },
    listener,
  )
  server.maxHeadersCount = 0 // which cuts the list short without a word; too many are refused instead
  const answerOn = unanswered(server)
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    if (error.code === 'ECONNRESET' || !stream.writable || answerOn(stream) !== undefined) {
      stream.destroy()
      return
    }
    const status = unreadable.get(error.code) ?? 400
    countBy(counters.refused, status)
    refuse(stream, { status, detail: STATUS_CODES[status] ?? '' })
  })
  return server
}

/**
 * Listens, and takes no more connections than there are descriptors for: the others are dropped, and counted.
 *
 * @returns The port: the one asked for, or with 0 the one that was free.
 * @throws AfluenteError `ERR_LISTEN` where the address is taken or not ours.
 */
export function listen(
  server: Server,
  port: number,
  host: string,
  { counters }: Pick<ServerOptions, 'counters'>,
): Promise<number> {
  maxConnections = connections + freeDescriptors()
  dropBeyondLimit(server, counters)
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new AfluenteError('ERR_LISTEN', `can't listen on ${host}:${port}: ${cause.message}`, { cause }))
    })
    server.listen({ port, host, backlog: 4096 }, () => resolve((server.address() as AddressInfo).port))
  })
}

// Descriptors are the process's, whichever of its servers a connection comes to.
let connections = 0
let maxConnections = Infinity

// Where a primary hands connections on, Node's own limit gives one back to it, which hands it to the next: where all are
// full it goes round for ever, at the cost of a core. So it is not used at all.
function dropBeyondLimit(server: Server, counters: Counters): void {
  const onClose = () => connections--
  server.on('connection', (socket) => {
    if (connections < maxConnections) {
      connections++
      socket.on('close', onClose)
    } else {
      counters.connectionsDropped++
      socket.destroy()
    }
  })
}

/** How many descriptors this process may still open; unlimited where the system doesn't tell. */
function freeDescriptors(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    const open = readdirSync('/proc/self/fd').length
    return limit === undefined ? Infinity : Math.max(1, Number(limit) - open - sparedDescriptors)
  } catch {
    return Infinity
  }
}
