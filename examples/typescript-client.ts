// A small typed client for Node, on RxJS and ws: one function that gives the stream as an Observable.
//   npx tsc && node dist/examples/typescript-client.js ws://localhost:8000 0848086072,0848086073
// Where the server asks for an access token, it is taken from the environment's TOKEN.
import { pathToFileURL } from 'node:url'
import { Observable, retry, throwError, timeout, timer } from 'rxjs'
import { WebSocket } from 'ws'

/** What a device sent. Fleets name their fields differently, so only the id is certain. */
export interface DevicePayload {
  readonly timestamp?: string
  readonly data: { readonly DEVICE_ID: string | number; readonly [field: string]: unknown }
}

export type StreamEvent =
  | { readonly event: 'message' | 'snapshot'; readonly data: DevicePayload }
  | { readonly event: 'ping'; readonly data: { readonly type: 'keep-alive' } }
  | {
      readonly event: 'dropped'
      readonly data: { readonly device_id: string; readonly count: number | null }
    }
  | { readonly event: 'draining'; readonly data: { readonly retry_after_ms: number } }
  | { readonly event: 'error' | 'expired'; readonly data: { readonly message: string } }

const known = new Set(['message', 'snapshot', 'ping', 'dropped', 'draining', 'error', 'expired'])

/** How a connection ended, where it did not end normally. */
export class StreamClosed extends Error {
  readonly code: number
  readonly retryAfterMs: number | undefined

  constructor(code: number, reason: string, retryAfterMs?: number) {
    super(reason === '' ? `closed with ${code}` : `closed with ${code}: ${reason}`)
    this.name = 'StreamClosed'
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

/** After these, coming back would change nothing. */
const finalCodes = new Set([1002, 1003, 1007, 1008, 1009])

/** The server pings at every period, so nothing at all for two and a half means that the connection is dead. */
const silenceMs = 2.5 * 25_000

export interface StreamOptions {
  /** An access token, where the server asks for one. */
  readonly token?: string | undefined
}

/**
 * Watches devices. Reconnects by itself where the close code allows it; completes when the server ends the stream
 * (1000), errors with a `StreamClosed` when it refuses for good, and closes the socket when unsubscribed.
 */
export function deviceStream(
  url: string,
  deviceIds: readonly string[],
  { token }: StreamOptions = {},
): Observable<StreamEvent> {
  const streamUrl = `${url.replace(/\/$/, '')}/api/v1/stream?device_ids=${encodeURIComponent(deviceIds.join(','))}`
  return connection(streamUrl, token).pipe(
    timeout({ each: silenceMs }),
    retry({ delay: (error, attempt) => comeBack(error, attempt), resetOnSuccess: true }),
  )
}

function comeBack(error: unknown, attempt: number): Observable<unknown> {
  if (error instanceof StreamClosed) {
    if (finalCodes.has(error.code)) return throwError(() => error)
    if (error.retryAfterMs !== undefined) return timer(error.retryAfterMs)
  }
  // 1, 2, 4 … 30 seconds, half of it random, so that a thousand clients don't all come back at once.
  return timer(Math.min(30_000, 1000 * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2))
}

/** One connection, from its opening to its end. */
function connection(url: string, token: string | undefined): Observable<StreamEvent> {
  return new Observable((out) => {
    let retryAfterMs: number | undefined
    // The token travels as a sub-protocol: unlike a query parameter, it then reaches no log.
    const socket = new WebSocket(url, token === undefined ? [] : ['bearer', token])

    socket.addEventListener('message', ({ data: frame }) => {
      const event = typeof frame === 'string' ? parse(frame) : undefined
      // An event that is newer than this client is ignored, so that the server may add some.
      if (event === undefined) return
      if (event.event === 'draining') retryAfterMs = event.data.retry_after_ms
      out.next(event)
    })
    socket.on('unexpected-response', (_request, { statusCode = 500 }) => {
      // An HTTP answer instead of a WebSocket: of the 4xx, only 429 (too many) may get better by waiting.
      const isFinal = statusCode >= 400 && statusCode < 500 && statusCode !== 429
      out.error(new StreamClosed(isFinal ? 1008 : 1013, `HTTP ${statusCode}`))
    })
    // A 'close' follows every 'error' and says the same by its code.
    socket.on('error', () => undefined)
    socket.on('close', (code, reason) => {
      if (code === 1000) out.complete()
      else out.error(new StreamClosed(code, String(reason), code === 1001 ? retryAfterMs : undefined))
    })

    return () => socket.close(1000)
  })
}

function parse(frame: string): StreamEvent | undefined {
  try {
    const { event, data } = JSON.parse(frame) as Partial<StreamEvent>
    // The contract is trusted for the inside of an event that it names.
    return known.has(event ?? '') && typeof data === 'object' ? ({ event, data } as StreamEvent) : undefined
  } catch {
    return undefined
  }
}

/** Prints the stream that the command line names. */
function main(url: string, deviceIds: readonly string[]): void {
  const stream = deviceStream(url, deviceIds, { token: process.env.TOKEN }).subscribe({
    next: ({ event, data }) => process.stdout.write(`${event} ${JSON.stringify(data)}\n`),
    error: (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exitCode = 1
    },
    complete: () => process.stderr.write('The stream is over.\n'),
  })
  process.once('SIGINT', () => stream.unsubscribe())
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main(process.argv[2] ?? 'ws://localhost:8000', (process.argv[3] ?? '0848086072').split(','))
}
