import type { Observable } from 'rxjs'
import { linked, produce } from '../operators/link.js'
import { type Closing, closingOf } from './closing.js'

/**
 * Emits the first ending that any of its sources tells, and completes. A source that errors ends it too, with the
 * closing that stands for its error: here a session's failures are caught, so that they are nobody else's.
 *
 * ```
 * leaves      ----l--
 * expires     --e----
 * firstEnding --(e|)      all sources are unsubscribed
 * ```
 *
 * Law: where none errors it is `merge(...endings, NEVER).pipe(take(1), tap(onEnding))`, at a fifth of the memory.
 *
 * @param onEnding Told the ending before it is emitted, and what failed where something did.
 */
export function firstEnding(
  endings: readonly Observable<Closing>[],
  onEnding: (closing: Closing, error?: unknown) => void,
): Observable<Closing> {
  return produce((out) => {
    let isOver = false

    function end(closing: Closing, error?: unknown): void {
      if (isOver) return
      isOver = true
      onEnding(closing, error)
      out.next(closing)
      out.complete()
    }

    const link = {
      next: end,
      error: (error: unknown) => end(closingOf(error), error),
      complete: () => undefined,
    }
    for (const ending$ of endings) {
      if (out.closed) return
      const inner = linked<Closing>(out, link)
      ending$.subscribe(inner)
    }
  })
}
