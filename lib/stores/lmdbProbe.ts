// Runs as a process of its own: shows that a database can be read and written, or ends in the attempt.
import { openDatabases } from './lmdbDatabases.js'

const walk = (range: Iterable<unknown>) => Array.from(range, () => undefined)

try {
  const { root, database } = openDatabases(process.argv[2] ?? '')
  for (const name of ['shares', 'subjects'] as const) walk(database(name).getRange({}))
  walk(database('lastKnown').getKeys({ limit: 1_000 }))
  database('probe').transactionSync(() =>
    database('probe').putSync(Buffer.from('at'), Buffer.from(String(Date.now()))),
  )
  await root.close()
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : 'unknown')
  process.exitCode = 1
}
