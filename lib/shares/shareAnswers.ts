import { formatInstant } from '../auth/instant.js'
import type { ShareRecord } from '../auth/shareStore.js'
import { recordState } from './shareState.js'

/** The answer to who makes a share: CONTRACT 2.5. */
export interface MadeAnswer {
  readonly share_id: string
  readonly token: string
  readonly device_id: string
  readonly unit_id: string
  readonly expires_at: string
  readonly share_url: string
}

/** A share as its owner sees it in a list: without the link, which `device_ids` bounds. */
export interface ListedAnswer {
  readonly share_id: string
  readonly device_id: string
  readonly devices: readonly string[]
  readonly unit_id: string
  readonly created_at: string
  readonly expires_at: string
  readonly state: ReturnType<typeof recordState>
  /** Who watches it now, on this instance. */
  readonly viewers: number
  readonly not_before: string | null
  readonly label: string | null
  readonly max_viewers: number | null
  readonly within: ShareRecord['within'] | null
  readonly arrive: ShareRecord['arrive'] | null
}

/** Answers with a new share. */
export function madeAnswer(record: ShareRecord, token: string, shareUrl: string): MadeAnswer {
  return {
    share_id: record.shareId,
    token,
    device_id: record.deviceIds[0] ?? '',
    unit_id: record.unitId,
    expires_at: formatInstant(record.expiresAt),
    share_url: shareUrl,
  }
}

/** Answers with a share among others. */
export function listedAnswer(record: ShareRecord, viewers: number, now: number): ListedAnswer {
  return {
    share_id: record.shareId,
    device_id: record.deviceIds[0] ?? '',
    devices: record.deviceIds,
    unit_id: record.unitId,
    created_at: formatInstant(record.issuedAt),
    expires_at: formatInstant(record.expiresAt),
    state: recordState(record, now),
    viewers,
    not_before: record.notBefore === undefined ? null : formatInstant(record.notBefore),
    label: record.label ?? null,
    max_viewers: record.maxViewers ?? null,
    within: record.within ?? null,
    arrive: record.arrive ?? null,
  }
}
