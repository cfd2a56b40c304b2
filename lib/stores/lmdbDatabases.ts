import { type Database, open, type RootDatabase } from 'lmdb'

/** The databases of the one environment. */
export const databaseNames = ['shares', 'subjects', 'lastKnown', 'probe'] as const
export type DatabaseName = (typeof databaseNames)[number]

/** An environment's databases, as a thread sees them. */
export interface Databases {
  readonly root: RootDatabase<Buffer, Buffer>
  readonly database: (name: DatabaseName) => Database<Buffer, Buffer>
}

/** Opens the environment's databases, in the same way in every thread and process. */
export function openDatabases(directory: string): Databases {
  const encodings = { encoding: 'binary', keyEncoding: 'binary' } as const
  // Without overlappingSync a transaction is on disk when it has returned.
  const root = open<Buffer, Buffer>({
    path: directory,
    maxDbs: 8,
    overlappingSync: false,
    noSubdir: false,
    ...encodings,
  })
  const databases = new Map(
    databaseNames.map((name) => [name, root.openDB<Buffer, Buffer>({ name, ...encodings })]),
  )
  return {
    root,
    database: (name) => {
      const database = databases.get(name)
      if (database === undefined) throw new RangeError(`name is no database: ${name}`)
      return database
    },
  }
}
