import type { Observable, Subscriber } from 'rxjs'
import { produce } from '../operators/link.js'

let waiting: Subscriber<void>[] = []

function flush(): void {
  const turn = waiting
  waiting = []
  for (const out of turn) out.next()
}

/**
 * Emits once to each of its subscribers, at the end of this turn of the event loop: when all that the turn read was
 * routed, and before the next one reads.
 */
export const endOfTurn$: Observable<void> = produce((out) => {
  if (waiting.push(out) === 1) setImmediate(flush)
})
