import { of, type Observable } from 'rxjs'
import type { WebSocket } from 'ws'
import { lineBudget, limitedLines } from '../stats/limitedLines.js'
import { silentLog } from '../stats/log.js'
import type { Closing } from './closing.js'
import { errorEvent } from './events.js'
import { losses } from './losses.js'
import { outlet, type OutletOptions } from './outlet.js'
import { session, type SessionOptions } from './session.js'
import { BadRequest, streamRequest } from './streamRequest.js'

export interface OpenSessionOptions extends SessionOptions, OutletOptions {
  /** Devices that one session watches, at most; 0 means no limit. */
  readonly maxDevicesPerSession: number
}

/** A socket whose upgrade succeeded, and the query of its URL. */
export interface OpenSocket {
  readonly socket: WebSocket
  readonly query: URLSearchParams
}

const overflowLineEveryMs = 10_000 // for one session and device
const overflowLinesPerSecond = 100 // for all

/** Makes what turns a socket into its session, or refuses what it asks for. */
export function openSession(options: OpenSessionOptions): (opened: OpenSocket) => Observable<Closing> {
  const budget = lineBudget(overflowLinesPerSecond)
  const loud = () => losses(options.log, limitedLines(overflowLineEveryMs, budget))
  // Under `latest`, giving way to the newest is what was asked for, and no news for the log.
  const quiet = () => losses(silentLog, limitedLines(Infinity))

  return ({ socket, query }) => {
    const request = streamRequest(query, options.maxDevicesPerSession)
    if (request instanceof BadRequest) {
      const out = outlet(socket, options)
      out.tell(errorEvent(request.message))
      out.close(request.closing)
      return of(request.closing)
    }
    const isLatest = request.overflow === 'latest'
    return session(request, outlet(socket, options, isLatest), options, isLatest ? quiet : loud)
  }
}
