/** Who waits for a turn. */
export interface Waiter {
  /** Whether it has something to let go, and somebody who takes it. */
  isReady(): boolean
  /** Its turn has come, and it was ready: it lets go. @returns How many values. */
  release(): number
  /** Its turn has come, and it was not ready: it waits by itself, if it still has something to let go. */
  stay(): void
}

/** Gives turns to those who have something to let go. */
export interface Turns {
  /** Takes a note of who waits. It must not throw, and calls nobody back at once. */
  enqueue(waiter: Waiter): void
}
