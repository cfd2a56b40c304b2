import { EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Frame } from './client.js'
import { opens } from './opened.js'

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface FrameParts {
  readonly opcode: number
  readonly payload?: Buffer | string
  readonly fin?: boolean
  readonly rsv?: number
  readonly masked?: boolean
  /** What the header claims, where that is not the payload's length. */
  readonly length?: number | bigint
}

/** The bytes of one client frame (RFC 6455, 5.2), broken where asked. The mask is zero: legal, and readable. */
export function frameBytes(parts: FrameParts): Buffer {
  const { opcode, fin = true, rsv = 0, masked = true } = parts
  const payload = Buffer.from(parts.payload ?? '')
  const length = BigInt(parts.length ?? payload.length)
  const mask = masked ? 0x80 : 0
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const header = Buffer.alloc(length < 126n ? 2 : length < 65_536n ? 4 : 10)
  header[0] = first
  if (header.length === 2) header[1] = mask | Number(length)
  else if (header.length === 4) {
    header[1] = mask | 126
    header.writeUInt16BE(Number(length), 2)
  } else {
    header[1] = mask | 127
    header.writeBigUInt64BE(length, 2)
  }
  return Buffer.concat([header, Buffer.alloc(masked ? 4 : 0), payload])
}

export interface RawFrame {
  readonly opcode: number
  readonly payload: Buffer
}

export interface RawSocket {
  readonly stream: Socket
  /** Every frame that was read so far. */
  readonly frames: RawFrame[]
  /** Resolves with the first frame, past or to come, that the predicate holds for; each is given out once. */
  next(predicate?: (frame: RawFrame) => boolean): Promise<RawFrame>
  /** Resolves with the code of the close frame. */
  closeCode(): Promise<number>
  send(...frames: readonly FrameParts[]): void
  /** Resolves when the server has ended the connection, one way or another. */
  readonly closed: Promise<void>
  isClosed(): boolean
  close(): Promise<unknown>
}

export interface RawSocketOptions {
  /** Answer protocol pings, as every proper client does. Default true. */
  readonly answersPings?: boolean
  /** Told each frame, in order. */
  readonly onFrame?: (frame: RawFrame) => void
  /** Keep our half open when the server ends its own. Default false. */
  readonly allowHalfOpen?: boolean
}

/** A WebSocket client on a bare socket, which does only what it is told: for everything that a proper one never does. */
export async function openRawSocket(url: string, options: RawSocketOptions = {}): Promise<RawSocket> {
  const { answersPings = true, onFrame, allowHalfOpen = false } = options
  const { hostname, port, pathname, search } = new URL(url)
  const stream = connect({ host: hostname, port: Number(port), allowHalfOpen })
  const news = new EventEmitter()
  news.setMaxListeners(0)
  const frames: RawFrame[] = []
  const untaken: RawFrame[] = []
  let isClosed = false
  let chunks: Buffer[] = []
  let chunkBytes = 0
  let neededBytes = 0

  stream.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => {
    const end = () => {
      isClosed = true
      resolve()
      news.emit('news')
    }
    stream.once('end', end)
    stream.once('close', end)
  })
  const close = opens(`raw socket of ${url}`, async () => {
    stream.destroy()
    await closed
  })
  stream.once('close', () => void close())

  const send = (...sent: readonly FrameParts[]) => {
    stream.write(Buffer.concat(sent.map(frameBytes)))
  }

  function take(frame: RawFrame): void {
    frames.push(frame)
    untaken.push(frame)
    if (frame.opcode === opcodes.ping && answersPings) send({ opcode: opcodes.pong, payload: frame.payload })
    onFrame?.(frame)
  }

  function readFrames(chunk: Buffer): void {
    chunks.push(chunk)
    chunkBytes += chunk.length
    if (chunkBytes < neededBytes) return
    let rest = Buffer.concat(chunks)
    for (;;) {
      const bounds = frameBounds(rest)
      neededBytes = bounds.end
      if (rest.length < bounds.end) break
      take({ opcode: (rest[0] ?? 0) & 0x0f, payload: rest.subarray(bounds.start, bounds.end) })
      rest = rest.subarray(bounds.end)
    }
    chunks = [rest]
    chunkBytes = rest.length
    news.emit('news')
  }

  stream.write(
    `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\n` +
      'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  let head = ''
  await new Promise<void>((resolve, reject) => {
    stream.on('data', function readHead(chunk: Buffer) {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n') + 4
      if (end < 4) return
      stream.off('data', readHead)
      stream.on('data', readFrames)
      if (head.startsWith('HTTP/1.1 101')) resolve()
      else reject(new Error(`expected an upgrade, got ${head}`))
      readFrames(Buffer.from(head.slice(end), 'latin1'))
    })
    void closed.then(() => reject(new Error(`closed before the upgrade; got ${head}`)))
  })

  async function next(predicate: (frame: RawFrame) => boolean = () => true): Promise<RawFrame> {
    for (;;) {
      const at = untaken.findIndex(predicate)
      if (at !== -1) return untaken.splice(at, 1)[0]!
      if (isClosed) throw new Error(`closed before the frame waited for; got ${frames.length} frames`)
      await once(news, 'news')
    }
  }

  return {
    stream,
    frames,
    next,
    closeCode: async () => (await next(({ opcode }) => opcode === opcodes.close)).payload.readUInt16BE(0),
    send,
    closed,
    isClosed: () => isClosed,
    close,
  }
}

/** Where the payload of the first frame starts and ends; the least that is needed to tell, while too little is there. */
function frameBounds(bytes: Buffer): { start: number; end: number } {
  if (bytes.length < 2) return { start: 2, end: 2 }
  const length = bytes[1]! & 0x7f
  if (length < 126) return { start: 2, end: 2 + length }
  const start = length === 126 ? 4 : 10
  if (bytes.length < start) return { start, end: start }
  return { start, end: start + (start === 4 ? bytes.readUInt16BE(2) : bytes.readUIntBE(4, 6)) }
}

/** The event of a text frame; undefined for control frames. */
export function eventOf({ opcode, payload }: RawFrame): Frame | undefined {
  return opcode === opcodes.text ? (JSON.parse(payload.toString()) as Frame) : undefined
}
