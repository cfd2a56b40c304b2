import type { Observable } from 'rxjs'
import { produce } from './link.js'

/** Who waits in a queue. */
export interface Waiter {
  /** Its turn has come. It may have been told so before, or have left meanwhile. */
  release(): void
}

/** Emits once to each of its subscribers, when their turn has come. */
export interface Queue extends Observable<void> {
  /** Takes a note of who waits, which is all that a subscription does, at less cost. It can't be taken back. */
  readonly enqueue: (waiter: Waiter) => void
}

/**
 * Makes an Observable of a queue. Where thousands come in a turn of the event loop they enqueue themselves: what
 * `subscribe` does beside taking a note costs more than the note (scripts/bench, S2).
 *
 * @param enqueue Takes a note. It must not throw.
 */
export function queue(enqueue: (waiter: Waiter) => void): Queue {
  const queue$: Observable<void> = produce((out) => {
    enqueue({ release: () => out.next() })
  })
  return Object.assign(queue$, { enqueue })
}

/** Whether an Observable is a queue. */
export function isQueue(source$: Observable<unknown>): source$ is Queue {
  return 'enqueue' in source$
}
