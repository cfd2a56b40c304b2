import type { Counters } from './counters.js'

/** What a process knows of itself at one moment, as plain data; of a group of workers, what they know together. */
export interface Reading {
  readonly counters: Readonly<Counters>
  readonly isFeedUp: boolean
  readonly isDraining: boolean
  /** Whether the store of shares can be reached. */
  readonly isStoreUp: boolean
  readonly residentBytes: number
  readonly heapUsedBytes: number
  /** Only of a group. */
  readonly workers?: GroupState
}

export interface GroupState {
  /** How many there should be. */
  readonly expected: number
  /** How many take connections now. */
  readonly up: number
  /** Of those, how many said in time what they know; the others' sessions are missing in the reading. */
  readonly answered: number
  /** How many ended without having been told to. */
  readonly deaths: number
}

/** A worker's own reading, and what it takes to tell what it has in common with others. */
export interface Snapshot extends Reading {
  /** Devices with at least one watcher. */
  readonly watchedDevices: readonly string[]
}

/** What `/api/v1/stream/stats` answers. */
export interface Stats {
  readonly total_messages_processed: number
  readonly active_subscribers: number
  readonly devices_being_monitored: number
  readonly open_sessions: number
  readonly workers?: number
  readonly workers_answered?: number
}

export function statsOf({ counters, workers }: Reading): Stats {
  return {
    total_messages_processed: counters.messages,
    active_subscribers: counters.watches,
    devices_being_monitored: counters.devicesWatched,
    open_sessions: counters.sessions,
    ...(workers === undefined ? {} : { workers: workers.expected, workers_answered: workers.answered }),
  }
}

type Status = 'ready' | 'degraded' | 'starting' | 'draining' | 'feed_down' | 'worker_silent'

/** What `/readyz` answers: 200 where it is ready, else 503. */
export interface Readiness {
  readonly isReady: boolean
  readonly body: {
    readonly status: Status
    readonly feed: 'up' | 'down'
    readonly store: 'up' | 'down'
    readonly draining: boolean
    readonly workers?: GroupState
  }
}

/**
 * Whether a load balancer should send clients here. A group is ready when all of its workers are that take connections,
 * since nobody outside can choose among them. A worker that died takes none until another is in its place; meanwhile
 * the group is `degraded` and ready all the same: to turn everybody away would make the smaller harm the greater one. So it
 * is while the store of shares is away: streams go on without it.
 */
export function readinessOf(reading: Reading): Readiness {
  const { isFeedUp, isDraining, isStoreUp, workers } = reading
  const status = statusOf(reading)
  return {
    isReady: status === 'ready' || status === 'degraded',
    body: {
      status,
      feed: isFeedUp ? 'up' : 'down',
      store: isStoreUp ? 'up' : 'down',
      draining: isDraining,
      ...(workers === undefined ? {} : { workers }),
    },
  }
}

function statusOf({ isFeedUp, isDraining, isStoreUp, workers }: Reading): Status {
  if (isDraining) return 'draining'
  if (workers !== undefined) {
    if (workers.answered < workers.up) return 'worker_silent'
    // More are missing than died: the others have yet to come, or the first would get everybody.
    if (workers.expected - workers.up > workers.deaths) return 'starting'
  }
  if (!isFeedUp) return 'feed_down'
  const isWhole = isStoreUp && (workers === undefined || workers.up === workers.expected)
  return isWhole ? 'ready' : 'degraded'
}
