import {
  debounceTime,
  distinctUntilChanged,
  EMPTY,
  filter,
  from,
  ignoreElements,
  merge,
  NEVER,
  type Observable,
  switchMap,
  take,
  tap,
} from 'rxjs'
import type { ShareStore } from '../auth/shareStore.js'
import type { Log } from '../stats/log.js'
import { keptRevocations } from '../stores/keptRevocations.js'
import type { LmdbEnvironment } from '../stores/lmdbEnvironment.js'
import { lmdbShareStore } from '../stores/lmdbShareStore.js'
import { type RedisShareStore, redisShareStore } from '../stores/redisShareStore.js'
import { complained } from './complained.js'

/** The other workers of a group, to a worker. */
export interface OtherWorkers {
  /** Tells them which share has changed here; null for any. */
  readonly tellChanged: (shareId: string | null) => void
  /** Which shares have changed at one of them. Never ends. */
  readonly changed$: Observable<string | null>
}

/** A share store, and the work that goes with it. */
export interface OpenedShareStore {
  readonly store: ShareStore
  /** Whether it can be reached. Never ends. */
  readonly connected$: Observable<boolean>
  /** Works while subscribed. Emits nothing and never errors. */
  readonly running$: Observable<never>
}

/** Opens the share store: in Redis where there is one, with what was revoked here kept on disk too; else on disk. */
export function openShareStore(
  environment: LmdbEnvironment,
  redisUrl: string | undefined,
  log: Log,
  others: OtherWorkers | undefined,
): OpenedShareStore {
  const onDisk = lmdbShareStore(environment)
  if (redisUrl === undefined) return carried(onDisk, others)
  // Redis itself tells every instance, and so every worker, what has changed.
  const redis = redisShareStore({ url: redisUrl })
  const store = keptRevocations(redis, onDisk, redis.connected$)
  const notAsserted = 'Redis could not be told again what was revoked here'
  const running$ = merge(
    complained(store.asserted$, log, notAsserted),
    complained(redis.unheard$, log, 'Redis does not tell what other instances change'),
    appendOnlyChecked(redis, log),
    comingsAndGoings(redis, log),
  )
  return { store, connected$: redis.connected$, running$ }
}

/**
 * A store whose changes are told to the other workers, and theirs here. They read the same file, so the word of it is
 * all that has to be carried.
 */
export function carried(store: ShareStore, others: OtherWorkers | undefined): OpenedShareStore {
  if (others === undefined) return { store, connected$: NEVER, running$: EMPTY }
  return {
    store: { ...store, changed$: merge(store.changed$, others.changed$) },
    connected$: NEVER,
    running$: store.changed$.pipe(tap(others.tellChanged), ignoreElements()),
  }
}

// What comes and goes within it is not worth a line.
const settledMs = 2_000

function appendOnlyChecked({ connected$, isAppendOnly }: RedisShareStore, log: Log): Observable<never> {
  return connected$.pipe(
    filter((isConnected) => isConnected),
    switchMap(() => from(isAppendOnly())),
    // Where it didn't say, it is asked again when it is back.
    filter((is) => is !== undefined),
    take(1),
    tap((is) => {
      if (!is) log.warn('Redis is not append-only (appendonly no): when it restarts, shares are lost')
    }),
    ignoreElements(),
  )
}

function comingsAndGoings({ connected$ }: RedisShareStore, log: Log): Observable<never> {
  return connected$.pipe(
    debounceTime(settledMs),
    distinctUntilChanged(),
    tap((isConnected) =>
      isConnected
        ? log.info('Redis is there')
        : log.warn('Redis is away: no share can be opened until it is back'),
    ),
    ignoreElements(),
  )
}
