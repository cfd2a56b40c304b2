import { EMPTY, finalize, map, type Observable, tap } from 'rxjs'
import type { WebSocket } from 'ws'
import type { DeviceStreams } from '../feed/deviceStreams.js'
import { eventFrame } from '../feed/frame.js'
import { heldAccount } from '../operators/held.js'
import { wheel } from '../operators/wheel.js'
import { countBy, type Counters } from '../stats/counters.js'
import { lineBudget, limitedLines } from '../stats/limitedLines.js'
import type { Log } from '../stats/log.js'
import { type Closing, closings } from './closing.js'
import { outlet } from './outlet.js'
import { session, type SessionOptions } from './session.js'
import { BadRequest, streamRequest } from './streamRequest.js'

/** Limits of every session; 0 means none. */
export interface SessionLimits {
  /** Messages held per device, at least 1. */
  readonly mailboxCapacity: number
  /** Bytes held in all. */
  readonly mailboxBytes: number
  readonly maxDevicesPerSession: number
  /** Inbound frames in a second, pongs not counted. */
  readonly maxFramesPerSecond: number
  /** The period of the keep-alive, in milliseconds; a peer silent for two of them is cut off. */
  readonly keepAliveMs: number
}

export interface OpenSessionOptions extends SessionLimits {
  readonly watch: DeviceStreams['watch']
  /** Emits when the service drains. */
  readonly drain$: Observable<unknown>
  readonly counters: Counters
  readonly log: Log
}

/** A socket whose upgrade succeeded, and the query of its URL. */
export interface OpenSocket {
  readonly socket: WebSocket
  readonly query: URLSearchParams
}

const coolDownMs = 10_000 // between two log lines about the same thing
const overflowLinesPerSecond = 100

/** Makes what turns a socket into a session: each is one session's whole life, and emits how it ended. */
export function openSession(options: OpenSessionOptions): (opened: OpenSocket) => Observable<Closing> {
  const { counters, log, keepAliveMs, mailboxBytes } = options
  const budget = lineBudget(overflowLinesPerSecond)
  const failureLines = limitedLines(coolDownMs)
  const shared: Omit<SessionOptions, 'account' | 'onDropped'> = {
    watch: options.watch,
    capacity: options.mailboxCapacity,
    maxBytes: mailboxBytes === 0 ? Infinity : mailboxBytes,
    keepAliveMs,
    keepAlive$: wheel(keepAliveMs),
    // Each comes back at a moment of its own, so that they don't all come at once.
    retryAfterMs$: options.drain$.pipe(map(() => Math.round(500 + Math.random() * 4500))),
    onDelivered: (count) => (counters.delivered += count),
    onFailed: (error) => {
      const reason = error instanceof Error ? error.name : typeof error
      failureLines(reason, (held_back) => log.error('A session failed', { reason, held_back }))
    },
  }

  return ({ socket, query }) => {
    const request = streamRequest(query, options.maxDevicesPerSession)
    const isPaced = !(request instanceof BadRequest) && request.overflow === 'latest'
    const out = outlet(socket, {
      isPaced,
      maxFramesPerSecond: options.maxFramesPerSecond,
      onFrame: () => counters.ignoredFrames++,
    })
    if (request instanceof BadRequest) {
      out.tell({ frame: eventFrame('error', { message: request.message }) })
      out.close(closings.badRequest)
      countBy(counters.ended, closings.badRequest.name)
      return EMPTY
    }

    const account = heldAccount()
    const overflowLines = limitedLines(coolDownMs, budget)
    counters.sessions++
    return session(request, out, {
      ...shared,
      account,
      onDropped({ deviceId }) {
        counters.dropped++
        if (isPaced) return // there, giving way to the newest is what was asked for
        overflowLines(deviceId, (held_back) => {
          log.warn(`Cola llena para device_id ${deviceId}. Aplicando backpressure (mensaje descartado)`, {
            held_back,
          })
        })
      },
    }).pipe(
      tap((closing) => countBy(counters.ended, closing.name)),
      finalize(() => {
        counters.sessions--
        counters.discarded += account.discarded
      }),
    )
  }
}
