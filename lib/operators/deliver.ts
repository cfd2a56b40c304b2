import type { OperatorFunction } from 'rxjs'
import { type Link, linked, operate } from './link.js'

/** Hands each value to an observer and emits nothing. Law: it is `tap(hand)` and `ignoreElements()`, in one Subscriber. */
export function deliver<T>(hand: Pick<Link<T>, 'next'>): OperatorFunction<T, never> {
  return operate((source$, out) => {
    const inner = linked<T>(out, hand)
    source$.subscribe(inner)
  })
}
