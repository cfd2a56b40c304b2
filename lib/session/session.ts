import { catchError, filter, ignoreElements, map, merge, type Observable, of, take, tap } from 'rxjs'
import type { DeviceStreams } from '../feed/deviceStreams.js'
import type { Envelope } from '../feed/envelope.js'
import { eventFrame } from '../feed/frame.js'
import { type HeldAccount, OverflowError } from '../operators/held.js'
import { mailbox } from '../operators/mailbox.js'
import { type Closing, closings } from './closing.js'
import { losses } from './losses.js'
import type { Outlet } from './outlet.js'
import type { StreamRequest } from './streamRequest.js'

const keepAlive = { frame: eventFrame('ping', { type: 'keep-alive' }) }

/** What a session needs beside its request and its outlet. */
export interface SessionOptions {
  readonly watch: DeviceStreams['watch']
  /** Messages held per device, at most. */
  readonly capacity: number
  /** Bytes held in all, at most. */
  readonly maxBytes: number
  /** Emits once a keep-alive period. */
  readonly keepAlive$: Observable<unknown>
  readonly keepAliveMs: number
  /** Emits when the service drains: the delay after which the client should come back, in milliseconds. */
  readonly retryAfterMs$: Observable<number>
  /** What became of the session's messages; kept up to date. */
  readonly account: HeldAccount
  /** Told each batch that was handed to the socket. */
  readonly onDelivered: (count: number) => void
  /** Told each message that gave way. */
  readonly onDropped: (envelope: Envelope) => void
  /** Told a failure of ours, before the session closes with 1011. */
  readonly onFailed: (error: unknown) => void
}

/**
 * One session: from the moment it watches until it ends. Emits how it ended, once, and completes; unsubscribing tears
 * all of it down.
 */
export function session(
  request: StreamRequest,
  outlet: Outlet,
  options: SessionOptions,
): Observable<Closing> {
  const { capacity, maxBytes, keepAlive$, keepAliveMs, retryAfterMs$, account } = options
  const lost = losses()
  const gap = request.overflow === 'dropNewest' ? 'after' : 'before'

  const delivering$ = options.watch(request.deviceIds).pipe(
    mailbox({
      capacity,
      maxBytes,
      overflow: request.overflow,
      keySelector: deviceIdOf,
      bytesSelector: frameBytesOf,
      releaseSelector: () => outlet.writable$,
      account,
      onDropped(envelope) {
        lost.note(envelope)
        options.onDropped(envelope)
      },
    }),
    tap((batch) => {
      outlet.write(lost.tellWith(batch, gap))
      options.onDelivered(batch.length)
    }),
    ignoreElements(),
  )

  const silent$ = keepAlive$.pipe(
    tap(() => {
      outlet.tell(keepAlive)
      outlet.ping()
    }),
    // Answers take a moment, so a peer counts as silent for two periods a little before the second one is over.
    filter(() => Date.now() - outlet.heardAt > 1.5 * keepAliveMs),
    map(() => closings.silent),
  )

  const drained$ = retryAfterMs$.pipe(
    map((retryAfterMs) => {
      outlet.tell({ frame: eventFrame('draining', { retry_after_ms: retryAfterMs }) })
      return closings.draining
    }),
  )

  return merge(delivering$, silent$, outlet.ended$, drained$).pipe(
    take(1),
    catchError((error: unknown) => {
      if (error instanceof OverflowError) return of(closings.tooSlow)
      options.onFailed(error)
      return of(closings.failed)
    }),
    tap((closing) => {
      for (const event of lost.tellWith([], 'after')) outlet.tell(event)
      outlet.close(closing)
    }),
  )
}

const deviceIdOf = (envelope: Envelope) => envelope.deviceId
const frameBytesOf = (envelope: Envelope) => envelope.frame.length
