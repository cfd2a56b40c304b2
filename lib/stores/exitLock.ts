/**
 * Keeps a process from ending in the middle of what a thread does: one that is stopped there leaves lmdb's own lock
 * behind, for which its clean-up then waits for ever, and so does the process (lmdb-js #336). Memory that both share.
 */
export type ExitLock = Int32Array<SharedArrayBuffer>

const free = 0
const held = 1
const ended = 2

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
  Atomics.store(lock, 0, free)
  Atomics.notify(lock, 0)
}

/** The process ends: waits until the thread is done, for at most `limitMs`, and lets it begin nothing more. */
export function awaitEnd(lock: ExitLock, limitMs: number): void {
  while (Atomics.compareExchange(lock, 0, free, ended) === held)
    if (Atomics.wait(lock, 0, held, limitMs) === 'timed-out') return
}
