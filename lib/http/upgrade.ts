import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Observable, Subject } from 'rxjs'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { countBy, type Counters } from '../stats/counters.js'
import { type Refusal, refuse } from './refuse.js'
import { unanswered } from './unanswered.js'
import { upgradeRequest, type UpgradeRules, type UpgradeTarget } from './upgradeRequest.js'

/** A client whose upgrade succeeded. */
export interface Connection extends UpgradeTarget {
  readonly socket: WebSocket
  readonly headers: IncomingHttpHeaders
}

export interface UpgradeOptions extends UpgradeRules {
  readonly counters: Counters
  /** Answered with 503 beyond; 0 means no limit. */
  readonly maxSessions: number
  /** Whether the service is about to end, and takes nobody in any more. */
  readonly isDraining: () => boolean
  /** How long a peer may take to answer a close, in milliseconds, before it is cut off. */
  readonly closeTimeoutMs: number
}

/** The most that a client may say in one frame, in bytes. */
const maxFrameBytes = 16 * 1024

/** Nobody needs more for that; they would pass the limit of frames a second, which counts whole messages. */
const maxFragments = 64

/** Upgrades what may be upgraded, and emits who came in. The only place with `ws`'s server. */
export function upgrades(server: Server, options: UpgradeOptions): Observable<Connection> {
  const { counters, maxSessions, isDraining, closeTimeoutMs } = options
  const connections$ = new Subject<Connection>()
  // The types don't know the last two yet.
  const serverOptions: ServerOptions & { closeTimeout: number; maxFragments: number } = {
    noServer: true,
    clientTracking: false,
    autoPong: false, // who writes to the socket must know all that is written (socketWriter.ts)
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    // A browser that offers sub-protocols wants one of them back; the token beside `bearer` is never it.
    handleProtocols: (offered) => offered.has('bearer') && 'bearer',
    closeTimeout: closeTimeoutMs,
    maxFragments,
  }
  const webSockets = new WebSocketServer(serverOptions)

  function judge(request: IncomingMessage): UpgradeTarget | Refusal {
    const target = upgradeRequest(request, options)
    if ('status' in target) return target
    const retry = { 'Retry-After': '5' }
    if (isDraining()) return { status: 503, detail: 'Server draining', headers: retry }
    if (maxSessions > 0 && counters.sessions >= maxSessions) {
      counters.sessionsRefused++
      return { status: 503, detail: `Expected at most ${maxSessions} sessions`, headers: retry }
    }
    return target
  }

  const answerOn = unanswered(server)
  const ignored = new WeakSet<Duplex>()
  server.prependListener('request', ({ socket }, response) => {
    // Once is enough: what is asked behind an ignored offer is for a connection that starts as a plain one.
    if (ignored.has(socket)) response.setHeader('Connection', 'close')
  })

  server.on('upgrade', (request, stream, head) => {
    const answer = answerOn(stream)
    if (answer !== undefined) {
      stream.on('error', () => undefined) // the peer may be gone before the answer is
      countBy(counters.refused, 400)
      answer.once('close', () =>
        refuse(stream, { status: 400, detail: 'Expected no request before this one' }),
      )
      return
    }
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      ignored.add(stream)
      ignoreUpgrade(server, request, stream, head)
      return
    }
    const verdict = judge(request)
    if ('status' in verdict) {
      countBy(counters.refused, verdict.status)
      refuse(stream, verdict)
    } else {
      const { headers } = request
      webSockets.handleUpgrade(request, stream, head, (socket) =>
        connections$.next({ ...verdict, headers, socket }),
      )
    }
  })
  webSockets.on('wsClientError', (_error, stream) => {
    countBy(counters.refused, 400)
    refuse(stream, { status: 400, detail: 'Malformed WebSocket handshake' })
  })
  return connections$
}

/**
 * Has a request answered as if it had not offered to upgrade: a server may ignore that (RFC 9110, 7.8), and clients
 * that offer h2c with everything they ask for want their answer. Node has let go of the connection by now, so it gets
 * it once more, with the request, without the offer.
 */
function ignoreUpgrade(server: Server, request: IncomingMessage, stream: Duplex, head: Buffer): void {
  const { method = '', url = '', httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
    if (!/^upgrade$/i.test(name)) lines.push(`${name}: ${value}`)
  }
  stream.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', stream)
}
