import type { Report } from './report.js'

/** How a share is over for this page: nothing is tried any more. */
export type Ending = 'expired' | 'revoked' | 'arrived' | 'invalid' | 'failed'

/** What `/init` says of a token that it accepts. */
export interface Valid {
  readonly type: 'valid'
  /** In milliseconds since 1970, by the service's clock, as is `notBefore`. */
  readonly expiresAt: number | null
  readonly notBefore: number | null
  readonly deviceIds: readonly string[]
  readonly lastKnown: Report | null
  /** How far the service's clock is ahead of this phone's, in milliseconds. */
  readonly clockAheadMs: number
}

export interface Ended {
  readonly type: 'ended'
  readonly ending: Ending
}

/** An attempt that failed and may be repeated; where the service said when, not before `retryAfterMs`. */
export interface Lost {
  readonly type: 'lost'
  readonly reason: 'away' | 'busy'
  readonly retryAfterMs: number | null
}

export type Answer = Valid | Ended | Lost

/** All that can happen to an opened link. */
export type ShareNews =
  | { readonly type: 'connecting' }
  | Valid
  | { readonly type: 'opened' }
  | { readonly type: 'reported'; readonly report: Report }
  | { readonly type: 'waiting'; readonly reason: Lost['reason']; readonly until: number }
  | Ended
