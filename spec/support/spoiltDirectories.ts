import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Ways to make a directory one that no database can be kept in, each given the path where it is to be. */
export const spoiltDirectories: Readonly<Record<string, (path: string) => void>> = {
  'is a file': (path) => writeFileSync(path, ''),
  'holds a damaged database': (path) => {
    mkdirSync(path)
    writeFileSync(join(path, 'data.mdb'), Buffer.alloc(65_536, 'damaged'))
  },
  'holds a directory where the database should be': (path) =>
    mkdirSync(join(path, 'data.mdb'), { recursive: true }),
}
