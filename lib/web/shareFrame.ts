import type { Ended, Ending, Lost } from './shareNews.js'
import { isRevoked } from './shareAnswer.js'

/** A frame of the service; undefined for what is none. */
export interface Frame {
  readonly event: string
  readonly data: unknown
}

export function frameOf(text: string): Frame | undefined {
  try {
    const { event, data } = JSON.parse(text) as Partial<Frame>
    return typeof event === 'string' ? { event, data } : undefined
  } catch {
    return undefined
  }
}

/** The ending that an event announces, before the close that follows it. */
export function endingAnnounced(event: string): Ending | undefined {
  return event === 'expired' || event === 'revoked' || event === 'arrived' ? event : undefined
}

/** The delay that `draining` asks for. */
export function retryAfterOf(data: unknown): number | null {
  if (typeof data !== 'object' || data === null || !('retry_after_ms' in data)) return null
  const { retry_after_ms: ms } = data
  return typeof ms === 'number' && ms >= 0 ? Math.min(ms, 60_000) : null
}

export interface Close {
  readonly code: number
  readonly reason: string
  /** What an event said just before, if one did. */
  readonly announced: Ending | undefined
  readonly retryAfterMs: number | null
}

/** Whether to come back after a close, by its code. */
export function afterClose({ code, reason, announced, retryAfterMs }: Close): Ended | Lost {
  if (announced !== undefined) return { type: 'ended', ending: announced }
  switch (code) {
    case 1000:
      return { type: 'ended', ending: 'expired' }
    case 1008:
      return { type: 'ended', ending: refusal(reason) }
    case 1002:
    case 1007:
    case 1009:
      return { type: 'ended', ending: 'failed' }
    case 1001:
      return { type: 'lost', reason: 'away', retryAfterMs }
    case 1013:
      // The same code says that something in the service is slow or away, which more viewers have no part in.
      return {
        type: 'lost',
        reason: /slow|store|verif|unavail/i.test(reason) ? 'away' : 'busy',
        retryAfterMs: null,
      }
    default:
      return { type: 'lost', reason: 'away', retryAfterMs: null }
  }
}

function refusal(reason: string): Ending {
  if (isRevoked(reason)) return 'revoked'
  if (/expired/i.test(reason)) return 'expired'
  return /token/i.test(reason) ? 'invalid' : 'failed'
}
