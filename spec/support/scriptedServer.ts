import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import { opens } from './opened.js'

/** One client's connection, as a script sees it. */
export interface ScriptedConnection {
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  /** When it came, by the clock that only goes forward. */
  readonly openedAt: number
  send: (event: string, data: unknown) => void
  sendText: (text: string) => void
  close: (code: number, reason?: string) => void
  /** Cuts the line without a closing word. */
  cut: () => void
  /** The code with which the client's side of it ended. */
  readonly closed: Promise<number>
}

export interface ScriptedServer {
  readonly port: number
  readonly url: string
  /** All connections so far. */
  readonly connections: readonly ScriptedConnection[]
  /** Answers the next upgrade with an HTTP status instead. */
  refuseNext: (status: number, headers?: Record<string, string>) => void
  stop: () => Promise<unknown>
}

/**
 * A stand-in for the service, for what a real one does only rarely: it plays `scripts[n]` to the n-th connection,
 * and the last script to all that follow. `page`, where given, answers its plain HTTP requests.
 */
export async function scriptedServer(
  scripts: readonly ((connection: ScriptedConnection) => void)[],
  page?: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<ScriptedServer> {
  const connections: ScriptedConnection[] = []
  const refusals: string[] = []
  const http = createServer((request, response) => {
    if (page !== undefined) page(request, response)
    else response.writeHead(404).end()
  })
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => offered.values().next().value ?? false,
  })
  http.on('upgrade', (request, stream, head) => {
    const refusal = refusals.shift()
    if (refusal !== undefined) {
      stream.end(refusal)
      return
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const connection = connectionOf(socket, request)
      connections.push(connection)
      scripts[Math.min(connections.length, scripts.length) - 1]?.(connection)
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo

  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    connections,
    refuseNext(status, headers = {}) {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      refusals.push(
        `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n${lines.join('')}\r\n`,
      )
    },
    stop: opens('scripted server', async () => {
      for (const socket of sockets.clients) socket.terminate()
      const closed = once(http, 'close')
      http.close()
      http.closeAllConnections()
      await closed
    }),
  }
}

function connectionOf(socket: WebSocket, request: IncomingMessage): ScriptedConnection {
  // A client that leaves while the script still writes is no failure of the script.
  socket.on('error', () => undefined)
  return {
    url: new URL(request.url ?? '/', 'ws://scripted'),
    headers: request.headers,
    openedAt: performance.now(),
    send: (event, data) => socket.send(JSON.stringify({ event, data })),
    sendText: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
    cut: () => socket.terminate(),
    closed: new Promise((resolve) => socket.once('close', (code) => resolve(code))),
  }
}

/** A device message's payload, in the short shape. */
export const payloadOf = (deviceId: string, speed = 45) => ({
  timestamp: '2024-12-11T10:30:00Z',
  data: { DEVICE_ID: deviceId, LAT: -33.4567, LON: -70.6789, SPEED: speed },
})
