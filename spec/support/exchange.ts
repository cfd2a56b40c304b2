import { connect, type Socket } from 'node:net'
import { opens } from './opened.js'

/** A plain TCP connection to an HTTP server, for requests that no HTTP client would send. */
export interface Exchange {
  readonly stream: Socket
  write(text: string): void
  /** All that came, once the server has ended the connection. */
  readonly ended: Promise<string>
  /** The status of the first answer, once the server has ended the connection; NaN where there was none. */
  status(): Promise<number>
}

export function startExchange(port: number): Exchange {
  const stream = connect({ host: '127.0.0.1', port })
  let text = ''
  stream.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  stream.on('error', () => undefined) // 'close' follows
  const ended = new Promise<string>((resolve) => stream.once('close', () => resolve(text)))
  const close = opens(`connection to ${port}`, async () => {
    stream.destroy()
    await ended
  })
  void ended.then(close)
  return {
    stream,
    write: (part) => void stream.write(part, 'latin1'),
    ended,
    status: async () => Number(/^HTTP\/1\.1 (\d{3}) /.exec(await ended)?.[1]),
  }
}

/** The text of a request: its line, `Host`, and further headers. */
export function requestText(line: string, headers: Record<string, string> = {}): string {
  const all = { Host: 'localhost', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line}\r\n${lines.join('')}\r\n`
}

/** The headers of a proper upgrade to a WebSocket (RFC 6455, 4.1). */
export const upgradeHeaders = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}
