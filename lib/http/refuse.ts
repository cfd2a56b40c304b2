import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** An answer in place of what was asked for. */
export interface Refusal {
  readonly status: number
  readonly detail: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers on a bare connection, and ends it: `{"detail":"…"}`, as all of the service's errors are. */
export function refuse(stream: Duplex, { status, detail, headers = {} }: Refusal): void {
  const body = JSON.stringify({ detail })
  const lines = Object.entries({
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  stream.on('error', () => undefined) // the peer is gone: there is nobody left to answer
  stream.once('finish', () => stream.destroy())
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
}
