import express from 'express'
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { sharePage, type SharePageOptions } from '../../lib/http/sharePage.js'
import { opens } from './opened.js'

/** How `/init` answers. */
export interface InitAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** One viewer's stream, as a script sees it. */
export interface ShareViewer {
  readonly headers: IncomingMessage['headers']
  readonly path: string
  /** What the viewer said so far. */
  readonly said: readonly string[]
  /** Resolves when it said something. */
  heard: () => Promise<void>
  send: (event: string, data: unknown) => void
  close: (code: number, reason?: string) => void
  /** Cuts the line without a closing word. */
  cut: () => void
  /** The code with which the viewer's side of it ended. */
  readonly closed: Promise<number>
}

export interface ShareServer {
  readonly port: number
  readonly url: string
  /** What `/init` answers from now on. */
  init: InitAnswer | ((token: string | undefined) => InitAnswer)
  /** What becomes of each viewer that connects from now on. */
  script: (viewer: ShareViewer) => void
  /** Viewers so far. */
  readonly viewers: readonly ShareViewer[]
  /** The request targets so far, upgrades too. */
  readonly targets: readonly string[]
  /** The Authorization headers that `/init` saw. */
  readonly credentials: readonly (string | undefined)[]
  /** Resolves with the `count`th viewer, past or to come. */
  viewer: (count: number) => Promise<ShareViewer>
  /** Resolves when something was asked for whose address contains the text. */
  requested: (text: string) => Promise<void>
  stop: () => Promise<unknown>
}

const minute = 60_000

/** A valid link that lasts for half an hour. */
export function validInit(more: Readonly<Record<string, unknown>> = {}): InitAnswer {
  return {
    status: 200,
    body: {
      msg: 'valid',
      expires_at: new Date(Date.now() + 30 * minute).toISOString().replace('Z', '+00:00'),
      device_id: '0848086072',
      last_communication: null,
      ...more,
    },
  }
}

export const refusedInit = (status: number, detail: string): InitAnswer => ({ status, body: { detail } })

/** A payload as the public stream shows it, of the fleet's shape: all values are strings. */
export function publicPayload(
  latitude: number,
  longitude: number,
  more: Readonly<Record<string, string>> = {},
): unknown {
  return {
    data: {
      DEVICE_ID: '0848086072',
      LATITUD: `${latitude < 0 ? '' : '+'}${latitude.toFixed(6)}`,
      LONGITUD: `${longitude < 0 ? '' : '+'}${longitude.toFixed(6)}`,
      SPEED: '42.50',
      COURSE: '45.00',
      GPS_EPOCH: String(Date.now() / 1000),
      ...more,
    },
    uuid: '6513270e-269e-4d37-b2a7-4de452e6b438',
  }
}

/**
 * The share page behind a stand-in for the service, which does what a real one does only rarely. `port` brings it back
 * where another one was.
 */
export async function startShareServer(
  options: SharePageOptions = {},
  port = 0,
  before: Pick<ShareServer, 'init' | 'script'> = { init: validInit(), script: () => undefined },
): Promise<ShareServer> {
  const viewers: ShareViewer[] = []
  const targets: string[] = []
  const credentials: (string | undefined)[] = []
  const news = new EventEmitter()
  news.setMaxListeners(0)
  const app = express()
  app.use((request, _response, next) => {
    targets.push(request.originalUrl)
    news.emit('news')
    next()
  })
  app.use(sharePage(options))
  app.get('/api/v1/public/share-location/init', (request, response) => {
    credentials.push(request.headers.authorization)
    const { init } = server
    const answer =
      typeof init === 'function' ? init(request.headers.authorization?.replace('Bearer ', '')) : init
    response
      .status(answer.status)
      .set(answer.headers ?? {})
      .json(answer.body)
  })
  const http = createServer(app)
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => offered.has('bearer') && 'bearer',
  })
  http.on('upgrade', (request, stream, head) => {
    targets.push(request.url ?? '')
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const viewer = viewerOf(socket, request)
      viewers.push(viewer)
      server.script(viewer)
      news.emit('news')
    })
  })
  http.listen(port, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address() as AddressInfo

  const server: ShareServer = {
    ...before,
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    viewers,
    targets,
    credentials,
    async viewer(count) {
      for (;;) {
        const viewer = viewers[count - 1]
        if (viewer !== undefined) return viewer
        await once(news, 'news')
      }
    },
    async requested(text) {
      while (!targets.some((target) => target.includes(text))) await once(news, 'news')
    },
    stop: opens('share server', async () => {
      for (const socket of sockets.clients) socket.terminate()
      const closed = once(http, 'close')
      http.close()
      http.closeAllConnections()
      await closed
    }),
  }
  return server
}

function viewerOf(socket: WebSocket, request: IncomingMessage): ShareViewer {
  const said: string[] = []
  // A viewer that leaves while the script still writes is no failure of the script.
  socket.on('error', () => undefined)
  socket.on('message', (data: Buffer) => said.push(data.toString()))
  return {
    headers: request.headers,
    path: request.url ?? '',
    said,
    async heard() {
      if (said.length === 0) await once(socket, 'message')
    },
    send: (event, data) => socket.send(JSON.stringify({ event, data })),
    close: (code, reason) => socket.close(code, reason),
    cut: () => socket.terminate(),
    closed: new Promise((resolve) => socket.once('close', (code) => resolve(code))),
  }
}
