import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'lmdb'
import { lmdbWriter, type LmdbWrite } from './lmdbWriter.js'
import { type DatabaseName, openDatabases } from './lmdbDatabases.js'
import { storeUnavailable } from './storeUnavailable.js'

/** An lmdb environment: read here, written by a thread of its own. */
export interface LmdbEnvironment {
  /** A database to read from; binary keys and values. */
  readonly database: (name: DatabaseName) => Database<Buffer, Buffer>
  /** Makes reads from here on see what was written until now. */
  readonly refresh: () => void
  /**
   * Applies writes in one transaction, all or none. Resolves once they are on disk: false where the condition didn't
   * hold and so none was applied. Rejects with `ERR_STORE_UNAVAILABLE`, and then
   * none was applied either, or not to a file that anybody will find.
   */
  readonly write: (write: LmdbWrite) => Promise<boolean>
  readonly close: () => Promise<void>
  /** Blocks until nothing is being written, 0.9 s at most: for when the process exits, which would hang in the middle of it. */
  readonly stop: () => void
}

/** How long a database may take to show that it can be read and written, in milliseconds: far longer than one of millions of devices takes. */
const probeMs = 60_000

/**
 * Opens the environment in `directory`, making it where there is none.
 *
 * lmdb maps its file into memory, and a file that is damaged can end the process that reads it. So a file that is
 * already there is first walked by another process, which may end instead.
 *
 * @throws AfluenteError `ERR_STORE_UNAVAILABLE` when it can't be made, read or written; the message names the directory.
 */
export async function openLmdb(directory: string): Promise<LmdbEnvironment> {
  const refusal = (cause: unknown) => storeUnavailable(`The database in ${directory} can't be used`, cause)
  try {
    mkdirSync(directory, { recursive: true })
    if (existsSync(join(directory, 'data.mdb'))) await probe(directory)
    const { root, database } = openDatabases(directory)
    const writer = lmdbWriter(directory)
    // A disk that is full or read-only shows here at the latest, and the thread is there before it is needed.
    const first = { database: 'probe', key: Buffer.from('at'), value: Buffer.from('1') } as const
    const close = async () => {
      await writer.close()
      await root.close()
    }
    await writer.write({ changes: [first] }).catch(async (error: unknown) => {
      await close()
      throw error
    })
    const file = join(directory, 'data.mdb')
    const { ino } = statSync(file)
    return {
      database,
      refresh: () => root.resetReadTxn(),
      write: async (write) => {
        try {
          const isApplied = await writer.write(write)
          // Written to a file that has no name any more, it would be gone with this process.
          if (statSync(file).ino !== ino) throw new Error('its file is not the one that was opened')
          return isApplied
        } catch (error) {
          throw storeUnavailable(`The database in ${directory} can't be written`, error)
        }
      },
      close,
      stop: writer.stop,
    }
  } catch (error) {
    throw refusal(error)
  }
}

async function probe(directory: string): Promise<void> {
  const module = JSON.stringify(new URL('./lmdbProbe.js', import.meta.url).href)
  const code = `import { probeLmdb } from ${module}; await probeLmdb(${JSON.stringify(directory)})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    // It prints nothing, but holds this process's output open: who waits for that to end, and then removes or copies the
    // directory, waits for it too, even where this process is killed.
    stdio: ['ignore', 'inherit', 'pipe'],
    timeout: probeMs,
    killSignal: 'SIGKILL',
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [exitCode, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (...ending: [number | null, string | null]) => resolve(ending))
  })
  if (exitCode === 0) return
  const [, reason = 'it ends who reads it'] = /^\w*Error: (.*)$/m.exec(said) ?? []
  const ending = signal === null ? reason : `reading it ended with ${signal}`
  throw new Error(`it is damaged or in the way (${ending}); restore it, or move it away and lose its shares`)
}
