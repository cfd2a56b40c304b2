// Runs as a thread of its own; see lmdbWriter.ts.
import { parentPort, workerData } from 'node:worker_threads'
import { hold, letGo } from './exitLock.js'
import { openDatabases } from './lmdbDatabases.js'
import type { LmdbAnswer, LmdbChange, LmdbWrite, LmdbWriterData } from './lmdbWriter.js'

// What lmdbWriter.ts handed over.
const { directory, lock } = workerData as LmdbWriterData
const { root, database } = openDatabases(directory)
letGo(lock)

function holds({ database: name, key, value }: LmdbChange): boolean {
  const stored = database(name).get(Buffer.from(key))
  return value === null ? stored === undefined : stored?.equals(value) === true
}

function apply({ onlyIf, changes }: LmdbWrite): boolean {
  return root.transactionSync(() => {
    if (onlyIf !== undefined && !holds(onlyIf)) return false
    for (const { database: name, key, value } of changes) {
      if (value === null) database(name).removeSync(Buffer.from(key))
      else database(name).putSync(Buffer.from(key), Buffer.from(value))
    }
    return true
  })
}

function answerTo(write: LmdbWrite): LmdbAnswer {
  if (!hold(lock)) return { error: 'the process ends' }
  try {
    return { applied: apply(write) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'unknown' }
  } finally {
    letGo(lock)
  }
}

parentPort?.on('message', (write: LmdbWrite | 'close') => {
  if (write === 'close') void root.close().then(() => parentPort?.close())
  else parentPort?.postMessage(answerTo(write))
})
