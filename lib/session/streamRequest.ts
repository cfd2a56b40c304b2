import { isShort, maxDeviceIdLength } from '../feed/deviceId.js'
import type { OverflowStrategy } from '../operators/held.js'
import { type Closing, closings } from './closing.js'

/** How a client wants its stream, by the options in its URL. */
export interface StreamOptions {
  readonly overflow: OverflowStrategy
  /** Whether each device's last known message goes first. */
  readonly isSnapshotWanted: boolean
}

/** What a client of the private stream asks for by its URL. */
export interface StreamRequest extends StreamOptions {
  readonly deviceIds: readonly string[]
}

/** Why a request can't be served, for the client's `error` event, and how the session ends then. */
export class BadRequest {
  readonly message: string
  readonly closing: Closing

  constructor(message: string, closing: Closing = closings.badRequest) {
    this.message = message
    this.closing = closing
  }
}

const strategies = new Map<string, OverflowStrategy>([
  ['drop-newest', 'dropNewest'],
  ['drop-oldest', 'dropOldest'],
  ['latest', 'latest'],
  ['disconnect', 'disconnect'],
])

/** Reads the options in the query of either stream's URL; unknown ones are ignored. */
export function streamOptions(query: URLSearchParams): StreamOptions | BadRequest {
  const overflows = query.getAll('overflow')
  const overflow = strategies.get(overflows[0] ?? 'drop-newest')
  if (overflow === undefined || overflows.length > 1) {
    return new BadRequest(`overflow: expected one of ${[...strategies.keys()].join(', ')}; and only once`)
  }
  const snapshots = query.getAll('snapshot')
  const snapshot = snapshots[0] ?? 'false'
  if ((snapshot !== 'true' && snapshot !== 'false') || snapshots.length > 1) {
    return new BadRequest('snapshot: expected true or false; and only once')
  }
  return { overflow, isSnapshotWanted: snapshot === 'true' }
}

/**
 * Reads the query of the private stream's URL. Ids are separated by commas, trimmed and taken once; unknown options are ignored.
 *
 * @param maxDevices More devices are refused; 0 means no limit.
 */
export function streamRequest(query: URLSearchParams, maxDevices: number): StreamRequest | BadRequest {
  const ids = query.getAll('device_ids').flatMap((list) => list.split(','))
  const deviceIds = [...new Set(ids.map((id) => id.trim()).filter((id) => id !== ''))]
  if (deviceIds.length === 0)
    return new BadRequest('Debe especificar al menos un device_id en los query params')
  if (maxDevices > 0 && deviceIds.length > maxDevices) {
    const message = `device_ids: expected at most ${maxDevices} devices, got ${deviceIds.length}`
    return new BadRequest(message, closings.tooManyDevices)
  }
  if (!deviceIds.every(isShort)) {
    return new BadRequest(`device_ids: expected ids of at most ${maxDeviceIdLength} characters`)
  }
  // What was no UTF-8 arrives as U+FFFD, which would watch a device that nobody has.
  if (deviceIds.some((id) => id.includes('\ufffd'))) return new BadRequest('device_ids: expected valid UTF-8')
  const options = streamOptions(query)
  return options instanceof BadRequest ? options : { deviceIds, ...options }
}
