import { reportOfLastKnown, utc } from './report.js'
import type { Answer } from './shareNews.js'

export interface HttpAnswer {
  readonly status: number
  readonly body: unknown
  /** The headers of these names. */
  readonly date: string | null
  readonly retryAfter: string | null
  /** This phone's time, in milliseconds since 1970. */
  readonly now: number
}

const belowNotice = 2_000 // milliseconds: the Date header counts whole seconds, and the answer took a while

/** What an answer of `/init` means. */
export function answerOf({ status, body, date, retryAfter, now }: HttpAnswer): Answer {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  if (status === 200 && fields.msg === 'valid') {
    const ahead = date === null ? 0 : Date.parse(date) + 500 - now
    const clockAheadMs = Math.abs(ahead) > belowNotice ? ahead : 0 // also where the date is none
    const lastKnown = reportOfLastKnown(fields.last_communication, now + clockAheadMs)
    return {
      type: 'valid',
      expiresAt: utc(fields.expires_at),
      notBefore: utc(fields.not_before),
      deviceIds: [...new Set([fields.device_id, ...listOf(fields.devices)])].filter(
        (id): id is string => typeof id === 'string',
      ),
      lastKnown,
      clockAheadMs,
    }
  }
  if (status === 401) return { type: 'ended', ending: 'expired' }
  if (status === 403) return { type: 'ended', ending: isRevoked(fields.detail) ? 'revoked' : 'invalid' }
  if (status === 422) return { type: 'ended', ending: 'invalid' }
  const seconds = retryAfter === null ? NaN : Number(retryAfter)
  return {
    type: 'lost',
    reason: 'away',
    retryAfterMs: seconds >= 0 ? Math.min(seconds, 300) * 1000 : null,
  }
}

export function isRevoked(reason: unknown): boolean {
  return typeof reason === 'string' && /revoked/i.test(reason)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
