/** What is counted, as plain numbers: written where things happen, read when somebody asks. */
export interface Counters {
  /** Device messages taken from the feed since the start, watched or not. */
  messages: number
  /** Of those, the ones that nobody watched. */
  unwatched: number
  /** Payloads that were no device message, by reason. */
  readonly malformed: Record<string, number>
  /** Over all open sessions, the devices that each watches. */
  watches: number
  /** Devices with at least one watcher. */
  devicesWatched: number
  /** Devices that have an actor now. */
  actors: number
  /** Times that the connection to the broker was made. */
  feedConnections: number
  /** Sessions open now. */
  sessions: number
  /** Sessions that ended, by how. */
  readonly ended: Record<string, number>
  /** Upgrades refused before the handshake, by HTTP status. */
  readonly refused: Record<string, number>
  /** Of those, the ones for which too many sessions were open. */
  sessionsRefused: number
  /** Connections dropped at once, because no more descriptors were free. */
  connectionsDropped: number
  /** Messages handed to sockets. */
  delivered: number
  /** Last known messages handed to sockets when their session began. */
  snapshots: number
  /** Messages that their session's area left out. */
  filtered: number
  /** Messages that gave way to overflow. */
  dropped: number
  /** Messages that waited when their session ended. */
  discarded: number
  /** Frames from clients that were no command. */
  ignoredFrames: number
  /** Errors that a process-wide net caught. */
  uncaught: number
}

/** All zero. */
export function createCounters(): Counters {
  return {
    messages: 0,
    unwatched: 0,
    malformed: {},
    watches: 0,
    devicesWatched: 0,
    actors: 0,
    feedConnections: 0,
    sessions: 0,
    ended: {},
    refused: {},
    sessionsRefused: 0,
    connectionsDropped: 0,
    delivered: 0,
    snapshots: 0,
    filtered: 0,
    dropped: 0,
    discarded: 0,
    ignoredFrames: 0,
    uncaught: 0,
  }
}

/** Adds one to what `counts` has for `name`. */
export function countBy(counts: Record<string, number>, name: string | number): void {
  counts[name] = (counts[name] ?? 0) + 1
}
