import type { OperatorFunction } from 'rxjs'
import { linked, operate } from './link.js'

/** Hands each value on and emits nothing. Law: it is `tap(hand)` and `ignoreElements()`, in one Subscriber. */
export function deliver<T>(hand: (value: T) => void): OperatorFunction<T, never> {
  return operate((source$, out) => {
    const inner = linked<T>(out, { next: hand })
    source$.subscribe(inner)
  })
}
