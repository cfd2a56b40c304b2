import { ignoreElements, type Observable, tap } from 'rxjs'
import { limitedLines } from '../stats/limitedLines.js'
import type { Log } from '../stats/log.js'

const everyMs = 30_000

/**
 * Does a source's work while subscribed, and says its errors in the log: each value that is one, at most one line in
 * half a minute. Emits nothing.
 */
export function complained(source$: Observable<unknown>, log: Log, line: string): Observable<never> {
  const lines = limitedLines(everyMs)
  return source$.pipe(
    tap((value) => {
      if (!(value instanceof Error)) return
      lines('', (held_back) => log.error(line, { reason: value.message, held_back }))
    }),
    ignoreElements(),
  )
}
