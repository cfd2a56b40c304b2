import { Worker } from 'node:worker_threads'
import { awaitEnd, type ExitLock, newExitLock } from './exitLock.js'
import type { DatabaseName } from './lmdbDatabases.js'

/** One change: a value to put, or null to remove what is there. */
export interface LmdbChange {
  readonly database: DatabaseName
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

/** Changes that are applied together, where the condition holds: under that key stands that value, or none (null). */
export interface LmdbWrite {
  readonly onlyIf?: LmdbChange
  readonly changes: readonly LmdbChange[]
}

/** What the thread answers to a write: whether it was applied, or what went wrong. */
export type LmdbAnswer = { readonly applied: boolean } | { readonly error: string }

/** What the thread is started with. */
export interface LmdbWriterData {
  readonly directory: string
  readonly lock: ExitLock
}

/** Writes to an environment from a thread of its own. */
export interface LmdbWriter {
  readonly write: (write: LmdbWrite) => Promise<boolean>
  /** Resolves once everything before it is written and the thread has ended. */
  readonly close: () => Promise<void>
  /** Blocks until the thread is between two writes, 0.9 s at most, and lets it begin none: for when the process exits. */
  readonly stop: () => void
}

// What is left of the 10 s in which the service ends, at the latest after 9 s of draining.
const exitLimitMs = 900

interface Waiting {
  resolve: (applied: boolean) => void
  reject: (error: Error) => void
}

/**
 * Makes the writer. A write waits for the disk, and lmdb's own asynchronous writes report a full disk by rejections
 * that nobody can catch; so a thread writes synchronously, and the loop that serves sessions waits for nothing.
 */
export function lmdbWriter(directory: string): LmdbWriter {
  let worker: Worker | undefined
  let lock = newExitLock()
  let waiting: Waiting[] = []

  function start(): Worker {
    lock = newExitLock()
    const workerData: LmdbWriterData = { directory, lock }
    const started = new Worker(new URL('./lmdbWriterThread.js', import.meta.url), { workerData })
    started.unref()
    started.on('message', (answer: LmdbAnswer) => {
      const first = waiting.shift()
      if (waiting.length === 0) started.unref()
      if ('applied' in answer) first?.resolve(answer.applied)
      else first?.reject(new Error(answer.error))
    })
    const fail = (error: Error) => {
      if (worker !== started) return
      worker = undefined
      const lost = waiting
      waiting = []
      for (const { reject } of lost) reject(error)
    }
    started.on('error', (error) =>
      fail(error instanceof Error ? error : new Error('the writing thread failed')),
    )
    started.on('exit', () => fail(new Error('the writing thread ended')))
    return started
  }

  return {
    write: (write) =>
      new Promise((resolve, reject) => {
        worker ??= start()
        worker.ref()
        waiting.push({ resolve, reject })
        worker.postMessage(write)
      }),
    close: async () => {
      const last = worker
      if (last === undefined) return
      const ended = new Promise((resolve) => last.once('exit', resolve))
      last.ref()
      last.postMessage('close')
      await ended
    },
    stop: () => {
      if (worker !== undefined) awaitEnd(lock, exitLimitMs)
    },
  }
}
