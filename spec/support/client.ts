import { EventEmitter, once } from 'node:events'
import { type ClientOptions, WebSocket } from 'ws'
import { opens } from './opened.js'

/** A frame as a client sees it. */
export interface Frame {
  readonly event: string
  readonly data: Record<string, unknown>
}

export interface Client {
  readonly socket: WebSocket
  /** Every text frame so far, as it came. */
  readonly texts: string[]
  /** The frames so far, parsed. */
  frames(): Frame[]
  /** Resolves with the first frame, past or to come, that the predicate holds for; each is given out once. */
  next(predicate?: (frame: Frame, text: string) => boolean): Promise<Frame>
  /** Resolves when as many `message` frames have come. */
  messages(count: number): Promise<Frame[]>
  readonly closed: Promise<{ code: number; reason: string }>
  close(): Promise<unknown>
}

/** Opens a WebSocket, and resolves when it is open. */
export async function openClient(
  url: string,
  options: ClientOptions = {},
  protocols: string[] = [],
): Promise<Client> {
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...options })
  const news = new EventEmitter()
  news.setMaxListeners(0)
  const texts: string[] = []
  const untaken: string[] = []
  let isClosed = false
  socket.on('message', (data: Buffer) => {
    const text = data.toString()
    texts.push(text)
    untaken.push(text)
    news.emit('news')
  })
  socket.on('error', () => undefined)
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => {
      isClosed = true
      resolve({ code, reason: reason.toString() })
      news.emit('news')
    })
  })
  const close = opens(`client of ${url}`, async () => {
    socket.terminate()
    await closed
  })
  void closed.then(close)
  const parse = (text: string) => JSON.parse(text) as Frame
  const newsOr = async (expected: string) => {
    if (isClosed)
      throw new Error(`closed before ${expected}; got ${texts.length} frames, the last: ${texts.at(-1)}`)
    await once(news, 'news')
  }

  await once(socket, 'open')
  return {
    socket,
    texts,
    frames: () => texts.map(parse),
    async next(predicate = () => true) {
      for (;;) {
        const at = untaken.findIndex((text) => predicate(parse(text), text))
        if (at !== -1) return parse(untaken.splice(at, 1)[0]!)
        await newsOr('the frame waited for')
      }
    },
    async messages(count) {
      for (;;) {
        const messages = texts.map(parse).filter(({ event }) => event === 'message')
        if (messages.length >= count) return messages
        await newsOr(`${count} messages`)
      }
    },
    closed,
    async close() {
      socket.close()
      await closed
      await close()
    },
  }
}
