import type { ShareClaims } from './shareToken.js'

/** Which devices may be watched. */
export type GrantedDevices = ReadonlySet<string> | 'all'

/** What an access token permits. */
export interface AccessGrant {
  readonly kind: 'access'
  readonly devices: GrantedDevices
  /** Whether it has a `device_ids` claim at all; without one it permits no device. */
  readonly namesDevices: boolean
  /** In milliseconds since the epoch. */
  readonly expiresAt: number
  readonly subject: string | undefined
  /** Its `jti`, by which one token can be told from another without its text. */
  readonly tokenId: string | undefined
  /** The words of its `scope`. */
  readonly scopes: ReadonlySet<string>
}

/** What a share token permits. */
export interface ShareGrant {
  readonly kind: 'share'
  /** In the order in which the share names them. */
  readonly devices: ReadonlySet<string>
  /** In milliseconds since the epoch; it may move while the session is open. */
  readonly expiresAt: number
  readonly claims: ShareClaims
}

/** What anybody may do where no credential is asked for. */
export interface OpenGrant {
  readonly kind: 'open'
  readonly devices: 'all'
  readonly expiresAt: typeof Infinity
}

/** What a credential permits: which devices, until when, and by what right. */
export type Grant = AccessGrant | ShareGrant | OpenGrant

/** The grant of `AUTH_MODE=none`. */
export const openGrant: OpenGrant = { kind: 'open', devices: 'all', expiresAt: Infinity }

/** Whether a grant permits watching a device. */
export function permits({ devices }: Pick<Grant, 'devices'>, deviceId: string): boolean {
  return devices === 'all' || devices.has(deviceId)
}
