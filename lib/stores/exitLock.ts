/**
 * Keeps a process from ending in the middle of what a thread does: one that is stopped there leaves lmdb's own lock
 * behind, for which its clean-up then waits for ever, and so does the process (lmdb-js #336). Memory that both share.
 */
export type ExitLock = Int32Array<SharedArrayBuffer>

const free = 0
const held = 1
const ended = 2 // beside either

/** Makes the lock, held by the thread that starts. */
export function newExitLock(): ExitLock {
  return new Int32Array(new SharedArrayBuffer(4)).fill(held)
}

/** The thread begins something. False where the process ends and it must not. */
export function hold(lock: ExitLock): boolean {
  return Atomics.compareExchange(lock, 0, free, held) === free
}

/** The thread is done with it. */
export function letGo(lock: ExitLock): void {
  Atomics.and(lock, 0, ended)
  Atomics.notify(lock, 0)
}

/** The process ends: lets the thread begin nothing more, and waits until it is done, for at most `limitMs`. */
export function awaitEnd(lock: ExitLock, limitMs: number): void {
  if (Atomics.or(lock, 0, ended) === held) Atomics.wait(lock, 0, held | ended, limitMs)
}
