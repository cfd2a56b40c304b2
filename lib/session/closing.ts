import { OverflowError } from '../operators/held.js'

/**
 * How a session ends: a value, not an error. `code` and `reason` go over the wire (RFC 6455, 7.4); `name` is what
 * logs and metrics call it.
 */
export interface Closing {
  readonly name: string
  readonly code: number
  readonly reason: string
}

/** Every closing that the server decides on, for a client to program against. */
export const closings = {
  badRequest: { name: 'bad_request', code: 1008, reason: 'Bad request' },
  draining: { name: 'draining', code: 1001, reason: 'Server draining' },
  failed: { name: 'failed', code: 1011, reason: 'Internal error' },
  flood: { name: 'flood', code: 1008, reason: 'Too many frames' },
  /** The peer is gone: nothing can be told any more. */
  silent: { name: 'silent', code: 1006, reason: '' },
  tooManyDevices: { name: 'too_many_devices', code: 1008, reason: 'Too many devices' },
  tooSlow: { name: 'too_slow', code: 1013, reason: 'Too slow' },
} as const satisfies Record<string, Closing>

/** The peer, or the link to it, ended the session with this code. */
export function left(code: number): Closing {
  return { name: code === 1002 || code === 1007 || code === 1009 ? 'bad_frame' : 'left', code, reason: '' }
}

/** The closing that stands for what was thrown in a session. */
export function closingOf(error: unknown): Closing {
  return error instanceof OverflowError ? closings.tooSlow : closings.failed
}
