import { of, type Observable } from 'rxjs'
import type { WebSocket } from 'ws'
import { lineBudget, limitedLines } from '../stats/limitedLines.js'
import { silentLog } from '../stats/log.js'
import type { Closing } from './closing.js'
import { errorEvent } from './events.js'
import { losses } from './losses.js'
import { outlet, type OutletOptions } from './outlet.js'
import { session, type SessionOptions, type SessionPlan } from './session.js'
import { BadRequest } from './streamRequest.js'

export interface OpenSessionOptions extends SessionOptions, OutletOptions {}

/** Begins a session as planned, or refuses it with a closing, or with an `error` event before that. */
export type Begin = (plan: SessionPlan | Closing | BadRequest) => Observable<Closing>

const overflowLineEveryMs = 10_000 // for one session and device
const overflowLinesPerSecond = 100 // for all

/**
 * Makes what takes a socket over. What it shows may be said later: until then nothing that the peer sends, and not its
 * leaving either, is anybody else's failure.
 */
export function openSession(options: OpenSessionOptions): (socket: WebSocket, isLatest: boolean) => Begin {
  const paced = { ...options, turns: options.pace }
  const budget = lineBudget(overflowLinesPerSecond)
  const loud = () => losses(options.log, limitedLines(overflowLineEveryMs, budget))
  // Under `latest`, giving way to the newest is what was asked for, and no news for the log.
  const quiet = () => losses(silentLog, limitedLines(Infinity))

  return (socket, isLatest) => {
    const out = outlet(socket, options, isLatest)
    return (plan) => {
      if ('messagesSelector' in plan) return session(plan, out, paced, isLatest ? quiet : loud)
      if (plan instanceof BadRequest) out.tell(errorEvent(plan.message))
      const closing = plan instanceof BadRequest ? plan.closing : plan
      out.close(closing)
      return of(closing)
    }
  }
}
