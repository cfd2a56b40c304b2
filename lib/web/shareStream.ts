import {
  asyncScheduler,
  catchError,
  concat,
  defer,
  EMPTY,
  exhaustMap,
  filter,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  type ObservableInput,
  of,
  race,
  repeat,
  share,
  skipUntil,
  switchMap,
  takeUntil,
  takeWhile,
  tap,
  timeout,
  timer,
} from 'rxjs'
import { reportOfPayload } from './report.js'
import { retryDelay } from './retryDelay.js'
import { afterClose, endingAnnounced, frameOf, retryAfterOf } from './shareFrame.js'
import type { Answer, Ended, Ending, Lost, ShareNews, Valid } from './shareNews.js'
import type { SocketNews } from './shareSocket.js'

export interface ShareStreamOptions {
  /** Asks `/init`; answers once. */
  readonly answerSelector: () => Observable<Answer>
  /** Opens the stream; says something into it at each probe. */
  readonly socketSelector: (probes$: Observable<unknown>) => Observable<SocketNews>
  /** Emits when the phone is back: online again, its screen on, the page looked at. */
  readonly wakes$: Observable<unknown>
  /** The service's keep-alive period, in milliseconds. */
  readonly keepAliveMs?: number
  readonly random?: () => number
}

const openingMs = 20_000
const settledMs = 600 // a refusal comes right after the opening, and nobody should see the opening then
const graceMs = 5_000
const recheckMs = 120_000 // extending and shortening a share tells its viewers nothing
const afterTheEndMs = 1_500 // how long the service may take to say `expired` itself

/**
 * Follows a share until it ends: asks what the token permits, opens the stream, and comes back as the close codes say,
 * asking anew each time, because the end may have been moved meanwhile. A connection on which not even pings arrive is
 * given up.
 *
 * In other words: `repeat` with a growing, jittered delay, until an `ended`, which is the last value.
 */
export function shareStream({
  answerSelector,
  socketSelector,
  wakes$,
  keepAliveMs = 25_000,
  random = Math.random,
}: ShareStreamOptions): Observable<ShareNews> {
  return defer(() => {
    let failures = 0
    let pause$: Observable<unknown> = EMPTY

    const attempt$ = concat(
      of<ShareNews>({ type: 'connecting' }),
      defer(answerSelector).pipe(
        switchMap((answer) =>
          answer.type === 'valid'
            ? concat(of(answer), session(answer, { answerSelector, socketSelector, wakes$, keepAliveMs }))
            : of(answer),
        ),
        // Whatever a browser may refuse, the viewer has nobody to tell: it is tried again.
        catchError(() => of<Lost>({ type: 'lost', reason: 'away', retryAfterMs: null })),
      ),
    )

    function waiting({ reason, retryAfterMs }: Lost): ShareNews {
      const waitMs = retryAfterMs ?? retryDelay(failures++, random)
      // A pause that the service asked for is kept; one of ours ends when the phone is back.
      pause$ = race(timer(waitMs), retryAfterMs === null ? wakes$ : NEVER)
      return { type: 'waiting', reason, until: asyncScheduler.now() + waitMs }
    }

    return attempt$.pipe(
      map((news) => {
        if (news.type === 'alive') failures = 0
        return news.type === 'lost' ? waiting(news) : news
      }),
      filter((news) => news.type !== 'alive'),
      repeat({ delay: () => pause$ }),
      takeWhile(({ type }) => type !== 'ended', true),
    )
  })
}

/** Something arrived: the connection works. */
interface Alive {
  readonly type: 'alive'
}

type SessionNews = ShareNews | Lost | Alive

/** One connection, from its opening to `lost` or `ended`. */
function session(
  valid: Valid,
  { answerSelector, socketSelector, wakes$, keepAliveMs }: Required<Omit<ShareStreamOptions, 'random'>>,
): Observable<SessionNews> {
  return defer(() => {
    const silent: SocketNews = { type: 'closed', code: 1006, reason: '' }
    const socket$ = socketSelector(wakes$).pipe(share())
    // A phone that slept doesn't know that its connection died meanwhile. What it says at waking makes many a dead one
    // break at once; the others give themselves away when a keep-alive is overdue. No answer is waited for.
    const overdue$ = wakes$.pipe(
      skipUntil(socket$),
      switchMap(() => timer(keepAliveMs + graceMs).pipe(takeUntil(socket$))),
      map(() => silent),
    )
    const news$ = merge(overdue$, socket$).pipe(
      timeout({ first: openingMs, each: 2.5 * keepAliveMs, with: () => of(silent) }),
      takeWhile(({ type }) => type !== 'closed', true),
      understood(valid.clockAheadMs),
    )
    return merge(news$, rechecks(valid, answerSelector)).pipe(
      takeWhile(({ type }) => type !== 'lost' && type !== 'ended', true),
    )
  })
}

/** Turns what the socket tells into news of the share. */
function understood(clockAheadMs: number): (socket$: Observable<SocketNews>) => Observable<SessionNews> {
  return (socket$) =>
    defer(() => {
      let announced: Ending | undefined
      let retryAfterMs: number | null = null
      let isSettled = false

      function settled(): SessionNews[] {
        if (isSettled) return []
        isSettled = true
        return [{ type: 'opened' }]
      }

      function newsOf(text: string): SessionNews[] {
        const frame = frameOf(text)
        if (frame === undefined) return []
        const { event, data } = frame
        announced ??= endingAnnounced(event)
        if (event === 'draining') retryAfterMs = retryAfterOf(data)
        if (announced !== undefined || event === 'error') return []
        if (event !== 'message' && event !== 'snapshot') return [...settled(), { type: 'alive' }]
        const now = asyncScheduler.now() + clockAheadMs
        const report = reportOfPayload(data, now, event === 'message' ? now : null)
        return [
          ...settled(),
          { type: 'alive' },
          ...(report === null ? [] : [{ type: 'reported' as const, report }]),
        ]
      }

      return socket$.pipe(
        mergeMap((news): ObservableInput<SessionNews> => {
          if (news.type === 'opened') return timer(settledMs).pipe(mergeMap(settled))
          if (news.type === 'frame') return newsOf(news.text)
          return [afterClose({ ...news, announced, retryAfterMs })]
        }),
      )
    })
}

/**
 * Asks again while the connection stands: when the share begins, when its end should have come, and now and then. An
 * answer that fails changes nothing: the stream itself says how things are.
 */
function rechecks(valid: Valid, answerSelector: () => Observable<Answer>): Observable<Valid | Ended> {
  return defer(() => {
    let newest = valid
    return defer(() => timer(recheckInMs(newest, asyncScheduler.now() + newest.clockAheadMs))).pipe(
      exhaustMap(answerSelector),
      filter((answer) => answer.type !== 'lost'),
      tap((answer) => {
        if (answer.type === 'valid') newest = answer
      }),
      repeat(),
    )
  })
}

/** In how many milliseconds the next question is due. */
export function recheckInMs({ expiresAt, notBefore }: Valid, now: number): number {
  const end = expiresAt === null ? Infinity : expiresAt + afterTheEndMs
  const due = [notBefore ?? Infinity, end].filter((instant) => instant > now)
  // Past its end and still open: the answer was lost, or the service's clock is behind this phone's.
  if (end <= now) return graceMs
  return Math.min(recheckMs, Math.max(500, Math.min(...due) - now))
}
