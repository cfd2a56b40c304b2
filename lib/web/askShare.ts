import { catchError, defer, from, map, type Observable, of, switchMap, timeout } from 'rxjs'
import { fromFetch } from 'rxjs/fetch'
import type { Answer } from './shareNews.js'
import { answerOf } from './shareAnswer.js'

const path = '/api/v1/public/share-location/init'
const patienceMs = 15_000

/** Asks what a token permits. It always answers, once, whatever happens. */
export function askShare(token: string): Observable<Answer> {
  const away: Answer = { type: 'lost', reason: 'away', retryAfterMs: null }
  return defer(() =>
    fromFetch(path, {
      headers: { Authorization: `Bearer ${token}` },
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    }),
  ).pipe(
    switchMap((response) =>
      from(response.json().catch(() => null) as Promise<unknown>).pipe(
        map((body) =>
          answerOf({
            status: response.status,
            body,
            date: response.headers.get('Date'),
            retryAfter: response.headers.get('Retry-After'),
            now: Date.now(),
          }),
        ),
      ),
    ),
    timeout(patienceMs),
    catchError(() => of(away)),
  )
}
