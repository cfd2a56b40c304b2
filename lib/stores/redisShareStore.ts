import { filter, noop, type Observable, Subject } from 'rxjs'
import { isMade, keptUntil, shareIn, type ShareStore, type StoredShare } from '../auth/shareStore.js'
import { type RedisConnection, redisConnection, redisSubscription } from './redisConnection.js'
import { storeUnavailable } from './storeUnavailable.js'

/** Where shares are in Redis. */
export interface RedisShareStoreOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string
  /** What this package's keys begin with. */
  readonly prefix?: string
}

/** A share store in Redis, and what an operator wants to know about it. */
export interface RedisShareStore extends ShareStore {
  /** Whether Redis is there; says so at once, and at each change. */
  readonly connected$: Observable<boolean>
  /** Why it could not be heard what other instances change; it is tried again. Never ends. */
  readonly unheard$: Observable<Error>
  /** Whether Redis appends each write to a file; undefined where it doesn't say. */
  readonly isAppendOnly: () => Promise<boolean | undefined>
}

const attempts = 20

// Compare and set in one step, with the indexes and the word to the other instances. KEYS: the record, then indexes.
const compareAndSet = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[3] == '+inf' then redis.call('SET', KEYS[1], ARGV[2])
else redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3]) end
for i = 2, #KEYS do redis.call('ZADD', KEYS[i], ARGV[3], ARGV[4]) end
redis.call('PUBLISH', ARGV[5], ARGV[4])
return 1`

/**
 * Keeps shares in Redis, for several instances: a change is confirmed by Redis before `update` resolves, `changed$`
 * tells what any instance changed, and null whenever a change may have been missed. Redis itself removes what has ended.
 */
export function redisShareStore({ url, prefix = 'afluente:' }: RedisShareStoreOptions): RedisShareStore {
  const connection = redisConnection(url)
  const changed$ = new Subject<string | null>()
  const unheard$ = new Subject<Error>()
  const channel = `${prefix}shares:changed`
  const unsubscribe = redisSubscription(url, channel, {
    onMessage: (shareId) => changed$.next(shareId),
    onReady: () => changed$.next(null),
    onFailure: (error) => unheard$.next(error instanceof Error ? error : new Error('unknown')),
  })
  // The word may come while no record can be read, and is of no use then.
  const readable = connection.connected$.pipe(filter((isConnected) => isConnected)).subscribe({
    next: () => changed$.next(null),
    error: noop, // it has none
  })
  const recordKey = (shareId: string) => `${prefix}share:${shareId}`
  const everybodys = `${prefix}shares`
  const subjectKey = (subject: string) => `${prefix}shares:of:${subject}`

  async function update(shareId: string, change: Parameters<ShareStore['update']>[1]) {
    for (let times = 0; times < attempts; times++) {
      const held = await connection.ask((client) => client.get(recordKey(shareId)))
      const stored = held === null ? undefined : shareIn(held)
      const next = change(stored)
      if (next === undefined) return stored
      if (await set(next, held ?? '')) return next
    }
    throw storeUnavailable('The share is changed by others too often')
  }

  async function set(next: StoredShare, held: string): Promise<boolean> {
    const until = keptUntil(next)
    const keys = [recordKey(next.shareId)]
    if (isMade(next)) keys.push(everybodys)
    if (isMade(next) && next.subject !== null) keys.push(subjectKey(next.subject))
    const values = [
      held,
      JSON.stringify(next),
      until === Infinity ? '+inf' : String(until),
      next.shareId,
      channel,
    ]
    const answer = await connection.ask((client) => client.eval(compareAndSet, { keys, arguments: values }))
    return answer === 1
  }

  async function list(subject?: string) {
    const index = subject === undefined ? everybodys : subjectKey(subject)
    const shareIds = await connection.ask((client) => client.zRange(index, 0, -1))
    if (shareIds.length === 0) return []
    const held = await connection.ask((client) => client.mGet(shareIds.map(recordKey)))
    return held
      .filter((text) => text !== null)
      .map(shareIn)
      .filter(isMade)
  }

  // The records go by themselves, and so leave the indexes behind.
  async function removeEnded(now: number): Promise<number> {
    const ended = await connection.ask((client) => client.zRangeByScore(everybodys, 0, now))
    let cursor = '0'
    do {
      const found = await connection.ask((client) =>
        client.scan(cursor, { MATCH: `${prefix}shares:of:*`, COUNT: 500 }),
      )
      cursor = found.cursor
      for (const key of found.keys) await connection.ask((client) => client.zRemRangeByScore(key, 0, now))
    } while (cursor !== '0')
    await connection.ask((client) => client.zRemRangeByScore(everybodys, 0, now))
    return ended.length
  }

  return {
    get: async (shareId) => {
      const held = await connection.ask((client) => client.get(recordKey(shareId)))
      return held === null ? undefined : shareIn(held)
    },
    update,
    list,
    removeEnded,
    changed$: changed$.asObservable(),
    connected$: connection.connected$,
    unheard$: unheard$.asObservable(),
    isAppendOnly: () => isAppendOnly(connection),
    close: () => {
      readable.unsubscribe()
      unsubscribe()
      connection.close()
      return Promise.resolve()
    },
  }
}

async function isAppendOnly(connection: RedisConnection): Promise<boolean | undefined> {
  const answer = await connection.ask((client) => client.configGet('appendonly')).catch(() => undefined)
  if (answer?.appendonly !== undefined) return answer.appendonly === 'yes'
  // A Redis that is rented often forbids CONFIG.
  const persistence = await connection.ask((client) => client.info('persistence')).catch(() => '')
  const isEnabled = /^aof_enabled:([01])/m.exec(persistence)?.[1]
  return isEnabled === undefined ? undefined : isEnabled === '1'
}
