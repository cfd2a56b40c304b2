import type { Observable, Subscriber } from 'rxjs'
import { produce } from '../operators/link.js'

/**
 * Emits once to each of its subscribers, to one in each turn of the event loop: a crowd that comes in one turn would
 * otherwise be looked at in one, and everybody who is in already would wait for that.
 */
export function turnstile(): Observable<void> {
  let waiting: Subscriber<void>[] = []
  let passed = 0

  function pass(): void {
    // Who left meanwhile takes no turn.
    while (waiting[passed]?.closed === true) passed++
    waiting[passed++]?.next()
    if (passed < waiting.length) {
      setImmediate(pass)
      return
    }
    waiting = []
    passed = 0
  }

  return produce((out) => {
    if (waiting.push(out) === 1) setImmediate(pass)
  })
}
