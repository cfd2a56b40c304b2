import { OverflowError } from '../operators/held.js'

/**
 * How a session ends: a value, not an error. `code` and `reason` go over the wire (RFC 6455, 7.4); `name` is what
 * logs and metrics call it.
 */
export interface Closing {
  readonly name: string
  readonly code: number
  readonly reason: string
  /** What the client is told before the close, where there is something to tell. */
  readonly event?: { readonly event: string; readonly data: unknown }
}

/** Every closing that the server decides on, for a client to program against. */
export const closings = {
  badRequest: { name: 'bad_request', code: 1008, reason: 'Bad request' },
  badToken: { name: 'bad_token', code: 1008, reason: 'Invalid token' },
  /** Its token has no device; the other reasons are nobody's business. */
  badTokenDevice: { name: 'bad_token', code: 1008, reason: 'Invalid token: missing device_id' },
  draining: { name: 'draining', code: 1001, reason: 'Server draining' },
  /** Of a token that had expired before it was shown. */
  expiredToken: { name: 'expired_token', code: 1008, reason: 'Token expired' },
  /** Of one that expired while its session was open. */
  expired: {
    name: 'expired',
    code: 1000,
    reason: 'Token expired',
    event: { event: 'expired', data: { message: 'Token expired' } },
  },
  failed: { name: 'failed', code: 1011, reason: 'Internal error' },
  flood: { name: 'flood', code: 1008, reason: 'Too many frames' },
  forbiddenDevice: { name: 'forbidden_device', code: 1008, reason: 'Forbidden device' },
  revoked: {
    name: 'revoked',
    code: 1008,
    reason: 'Share revoked',
    event: { event: 'revoked', data: { message: 'Share revoked' } },
  },
  /** Of a share that was revoked before its token was shown. */
  revokedToken: { name: 'revoked_token', code: 1008, reason: 'Invalid token: share revoked' },
  /** The peer is gone: nothing can be told any more. */
  silent: { name: 'silent', code: 1006, reason: '' },
  tooManyDevices: { name: 'too_many_devices', code: 1008, reason: 'Too many devices' },
  tooManySessions: { name: 'too_many_sessions', code: 1013, reason: 'Too many sessions of this token' },
  tooManyViewers: { name: 'too_many_viewers', code: 1013, reason: 'Too many viewers' },
  tooSlow: { name: 'too_slow', code: 1013, reason: 'Too slow' },
  storeUnavailable: { name: 'store_unavailable', code: 1013, reason: 'Store unavailable' },
  verifierUnavailable: { name: 'verifier_unavailable', code: 1013, reason: 'Token verifier unavailable' },
} as const satisfies Record<string, Closing>

/** The peer, or the link to it, ended the session with this code. */
export function left(code: number): Closing {
  return { name: code === 1002 || code === 1007 || code === 1009 ? 'bad_frame' : 'left', code, reason: '' }
}

/** The vehicle of a share got to where it was expected. */
export function arrived(deviceId: string): Closing {
  return {
    name: 'arrived',
    code: 1000,
    reason: 'Arrived',
    event: { event: 'arrived', data: { device_id: deviceId } },
  }
}

/** The closing that stands for what was thrown in a session. */
export function closingOf(error: unknown): Closing {
  return error instanceof OverflowError ? closings.tooSlow : closings.failed
}
