import { openDatabases } from './lmdbDatabases.js'

/**
 * Shows that a database can be read and written, or ends in the attempt: rejects, or takes the process with it. So it
 * runs in a process of its own.
 */
export async function probeLmdb(directory: string): Promise<void> {
  const { root, database } = openDatabases(directory)
  for (const name of ['shares', 'subjects', 'lastKnown'] as const) walk(database(name).getRange({}))
  const probe = database('probe')
  probe.transactionSync(() => probe.putSync(Buffer.from('at'), Buffer.from(String(Date.now()))))
  await root.close()
}

// Reading a page is what ends the process, so all are read, values too.
function walk(range: Iterable<unknown>): void {
  const entries = range[Symbol.iterator]()
  while (entries.next().done !== true);
}
