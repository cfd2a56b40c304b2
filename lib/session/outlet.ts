import type { Duplex } from 'node:stream'
import { type Observable, Subject, type Subscriber } from 'rxjs'
import type { WebSocket } from 'ws'
import { produce } from '../operators/link.js'
import { type Closing, closings, left } from './closing.js'
import { endOfTurn$ } from './endOfTurn.js'

/** Anything whose WebSocket frame is finished. */
export interface Framed {
  readonly frame: Buffer
}

/** The writing end of a session. */
export interface Outlet {
  /** Emits once, as soon as a batch can be taken: at the end of this turn, or later while the socket is full. */
  readonly writable$: Observable<void>
  /** Emits how the peer ended it, if it did. */
  readonly ended$: Observable<Closing>
  /** When the peer was last heard, in milliseconds since 1970. */
  readonly heardAt: number
  /** Writes a batch of messages, in their order, with one system call. */
  write(batch: readonly Framed[]): void
  /** Writes an event of our own, whatever waits. */
  tell(event: Framed): void
  /** Sends a protocol ping, which a living peer answers. */
  ping(): void
  /** Ends the socket: with a close frame, or at once where the peer is gone. */
  close(closing: Closing): void
}

export interface OutletOptions {
  /**
   * Wait for a pong after each batch before the next one is taken. The kernel takes megabytes for a slow peer before
   * a socket counts as full; this way what is sent is never older than one round trip.
   */
  readonly isPaced: boolean
  /** More inbound frames in one second end the session; 0 means no limit. Pongs don't count. */
  readonly maxFramesPerSecond: number
  /** Told each inbound data frame. */
  readonly onFrame: () => void
}

/** The outlet of a `ws` socket: the only file that reaches into one. */
export function outlet(socket: WebSocket, { isPaced, maxFramesPerSecond, onFrame }: OutletOptions): Outlet {
  const stream = streamOf(socket)
  const ended$ = new Subject<Closing>()
  let heardAt = Date.now()
  let isFull = false
  let pacingPings = 0
  let isUnanswered = false
  let waiter: Subscriber<void> | null = null
  let countedSecond = 0
  let framesInSecond = 0

  function onWritable(): void {
    if (isFull || isUnanswered || waiter === null) return
    const out = waiter
    waiter = null
    out.next()
  }

  function onDrain(): void {
    isFull = false
    onWritable()
  }

  function put(bytes: Buffer): void {
    if (socket.readyState !== socket.OPEN || stream?.write(bytes) !== false || isFull) return
    isFull = true
    stream.once('drain', onDrain)
  }

  function onHeard(): void {
    heardAt = Date.now()
    const second = Math.floor(heardAt / 1000)
    framesInSecond = second === countedSecond ? framesInSecond + 1 : 1
    countedSecond = second
    if (maxFramesPerSecond > 0 && framesInSecond > maxFramesPerSecond) ended$.next(closings.flood)
  }

  socket.on('message', () => {
    onFrame()
    onHeard()
  })
  socket.on('ping', onHeard)
  socket.on('pong', (data) => {
    heardAt = Date.now()
    if (!isUnanswered || data.toString() !== String(pacingPings)) return
    isUnanswered = false
    onWritable()
  })
  socket.on('error', () => undefined) // 'close' follows, and tells the code
  socket.on('close', (code) => ended$.next(left(code)))

  return {
    ended$,
    writable$: produce((out) => {
      if (!isFull && !isUnanswered && socket.readyState === socket.OPEN) return endOfTurn$.subscribe(out)
      waiter = out
      return undefined
    }),
    get heardAt() {
      return heardAt
    },
    write(batch) {
      const [first] = batch
      if (first === undefined) return
      put(batch.length === 1 ? first.frame : Buffer.concat(batch.map(({ frame }) => frame)))
      if (!isPaced || socket.readyState !== socket.OPEN) return
      isUnanswered = true
      socket.ping(String(++pacingPings))
    },
    tell({ frame }) {
      put(frame)
    },
    ping() {
      if (socket.readyState === socket.OPEN) socket.ping()
    },
    close(closing) {
      if (closing === closings.silent) socket.terminate()
      else socket.close(closing.code, closing.reason)
    },
  }
}

// `ws` writes frame by frame; a batch of finished frames goes to the stream below it, in one piece.
function streamOf(socket: WebSocket): Duplex | undefined {
  return (socket as unknown as { _socket?: Duplex })._socket
}
