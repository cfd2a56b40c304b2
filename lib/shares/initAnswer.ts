import { formatInstant } from '../auth/instant.js'
import type { KnownMessage } from '../feed/lastKnown.js'
import { type LastCommunication, lastCommunication } from './lastCommunication.js'
import type { ShareState } from './shareState.js'
import { shownBody } from './shownBody.js'

/** The 200 of `/init`: CONTRACT 1.5, and what 2.5 adds. */
export interface InitAnswer {
  readonly msg: 'valid'
  readonly expires_at: string
  readonly device_id: string
  readonly last_communication: LastCommunication | null
  /** Only where the share has several. */
  readonly devices?: readonly string[]
  /** Only until the share has begun. */
  readonly not_before?: string
}

/**
 * Answers `/init` for a share that is open or has not begun. Before it begins, outside of its area, and for a device
 * that never reported, `last_communication` is null.
 */
export function initAnswer(
  { kind, share }: ShareState & { kind: 'open' | 'notBegun' },
  lastKnown: (deviceId: string) => KnownMessage | undefined,
): InitAnswer {
  const [deviceId = ''] = share.deviceIds
  const known = kind === 'open' ? lastKnown(deviceId) : undefined
  const body = known && shownBody(known, share.within)
  return {
    msg: 'valid',
    expires_at: share.expiresAtText,
    device_id: deviceId,
    last_communication:
      known === undefined || body === undefined ? null : lastCommunication(deviceId, body, known.receivedAt),
    ...(share.deviceIds.length > 1 ? { devices: share.deviceIds } : {}),
    ...(kind === 'notBegun' && share.notBefore !== undefined
      ? { not_before: formatInstant(share.notBefore) }
      : {}),
  }
}
