import { createClient } from '@redis/client'
import {
  BehaviorSubject,
  defer,
  distinctUntilChanged,
  fromEvent,
  type Observable,
  of,
  retry,
  switchMap,
  tap,
} from 'rxjs'
import { storeUnavailable } from './storeUnavailable.js'

const pingIntervalMs = 2_000
const socketTimeoutMs = 6_000 // a frozen Redis answers no ping, and this ends the connection
const answerMs = 2_000
const longestPauseMs = 5_000
const subscribeAgainMs = 1_000

/** A connection that comes back by itself, for as long as it isn't closed. */
export interface RedisConnection {
  readonly client: RedisClient
  /** Whether it is up; says so at once, and at each change. Never ends. */
  readonly connected$: Observable<boolean>
  /**
   * Waits up to 2 s for an answer. Rejects with `ERR_STORE_UNAVAILABLE` where none comes; a write may then have been
   * done all the same.
   */
  readonly ask: <T>(question: (client: RedisClient) => Promise<T>) => Promise<T>
  readonly close: () => void
}

export type RedisClient = ReturnType<typeof clientFor>

/** Connects to Redis, now or whenever it can be reached. Questions asked while it is away are refused at once. */
export function redisConnection(url: string): RedisConnection {
  const client = clientFor(url, true)
  const connected$ = connectedOf(client)
  client.connect().catch(ignore)
  return {
    client,
    connected$,
    ask: (question) => answered(question(client)),
    close: () => client.destroy(),
  }
}

/** Who hears a Redis channel. */
export interface RedisListener {
  readonly onMessage: (message: string) => void
  /** Each time that it is subscribed (again): what was published before that may have been missed. */
  readonly onReady: () => void
  /** When it could not be subscribed; it is tried again. */
  readonly onFailure: (error: unknown) => void
}

/** Subscribes to a Redis channel for as long as the returned function isn't called. */
export function redisSubscription(url: string, channel: string, listener: RedisListener): () => void {
  const { onMessage, onReady, onFailure } = listener
  const client = clientFor(url, false)
  let isSubscribed = false
  const subscribed$ = defer(() => client.subscribe(channel, onMessage)).pipe(
    tap({ next: () => (isSubscribed = true), error: onFailure }),
    retry({ delay: subscribeAgainMs }),
  )
  // The client that was subscribed once is so again by itself whenever it comes back, and is ready only then.
  const hearing = fromEvent(client, 'ready')
    .pipe(switchMap(() => (isSubscribed ? of(undefined) : subscribed$)))
    .subscribe({ next: onReady, error: onFailure })
  client.connect().catch(ignore)
  return () => {
    hearing.unsubscribe()
    client.destroy()
  }
}

function clientFor(url: string, disableOfflineQueue: boolean) {
  const client = createClient({
    url,
    disableOfflineQueue,
    pingInterval: pingIntervalMs,
    socket: {
      connectTimeout: answerMs,
      socketTimeout: socketTimeoutMs,
      reconnectStrategy: (retries) =>
        (0.5 + Math.random() / 2) * Math.min(50 * 2 ** Math.min(retries, 10), longestPauseMs),
    },
  })
  // Without a listener an error would end the process; what it means is said by connected$.
  client.on('error', ignore)
  return client
}

function connectedOf(client: RedisClient): Observable<boolean> {
  const connected$ = new BehaviorSubject(false)
  client.on('ready', () => connected$.next(true))
  for (const event of ['error', 'end', 'reconnecting']) client.on(event, () => connected$.next(false))
  return connected$.pipe(distinctUntilChanged())
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${answerMs} ms`)), answerMs)
  })
  try {
    return await Promise.race([answer, late])
  } catch (error) {
    throw storeUnavailable('Redis is away', error)
  } finally {
    clearTimeout(timer)
  }
}

function ignore(): void {
  // The connection comes back by itself, and who asks meanwhile gets an error of its own.
}
