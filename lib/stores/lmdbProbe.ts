import type { Database } from 'lmdb'
import { openDatabases } from './lmdbDatabases.js'

/**
 * Shows that a database can be read and written, or ends in the attempt: rejects, or takes the process with it. So it
 * runs in a process of its own.
 */
export async function probeLmdb(directory: string): Promise<void> {
  const { root, database } = openDatabases(directory)
  for (const name of ['shares', 'subjects', 'lastKnown'] as const) walk(database(name))
  const probe = database('probe')
  probe.transactionSync(() => probe.putSync(Buffer.from('at'), Buffer.from(String(Date.now()))))
  await root.close()
}

// Reading a page may end the process, or the reading at that page, so all are read, values too, and counted.
function walk(database: Database<Buffer, Buffer>): void {
  let count = 0
  const entries = database.getRange({})[Symbol.iterator]()
  while (entries.next().done !== true) count++
  const { entryCount } = database.getStats() as { entryCount: number } // lmdb's types leave it open
  if (count !== entryCount) throw new Error(`${count} of ${entryCount} entries can be read`)
}
