import type { Observable, Subscriber } from 'rxjs'
import { type Link, linked, produce } from '../operators/link.js'
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
    const ending = new Ending(out, onEnding)
    for (const ending$ of endings) {
      if (out.closed) return
      ending$.subscribe(linked(out, ending))
    }
  })
}

// A class and not closures, since there is one for every open session.
class Ending implements Link<Closing> {
  readonly #out: Subscriber<Closing>
  readonly #onEnding: (closing: Closing, error?: unknown) => void
  #isOver = false

  constructor(out: Subscriber<Closing>, onEnding: (closing: Closing, error?: unknown) => void) {
    this.#out = out
    this.#onEnding = onEnding
  }

  next(closing: Closing, error?: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#onEnding(closing, error)
    this.#out.next(closing)
    this.#out.complete()
  }

  error(error: unknown): void {
    this.next(closingOf(error), error)
  }

  complete(): void {
    // That a source ends is no ending.
  }
}
