// Runs as a process of its own: revokes shares as fast as it can, naming each once the store has confirmed it, until
// it is killed; or fills the disk.
import { AfluenteError } from '../../lib/errors.js'
import { openLmdb } from '../../lib/stores/lmdbEnvironment.js'
import { lmdbShareStore } from '../../lib/stores/lmdbShareStore.js'
import { foreignRevocation, shareRecord } from './shares.js'

const [directory = '', task, round = ''] = process.argv.slice(2)
const environment = await openLmdb(directory)
const store = lmdbShareStore(environment)

async function revoke(): Promise<void> {
  for (let count = 0; ; count++) {
    const shareId = `share-${round}-${count}`
    await store.update(shareId, () => foreignRevocation({ shareId }))
    process.stdout.write(`${shareId}\n`)
  }
}

async function fill(): Promise<void> {
  const put = (shareId: string, bytes: number) =>
    store.update(shareId, () => shareRecord({ shareId, label: 'x'.repeat(bytes) }))
  await put('share-0', 10)
  for (let count = 1; ; count++) {
    try {
      await put(`share-${count}`, 50_000)
    } catch (error) {
      const code = error instanceof AfluenteError ? (error.code as string) : 'another error'
      await put('small', 10)
      const read = await store.get('share-0')
      process.stdout.write(
        `refused ${code} after ${count} big, small stored, read ${read?.shareId ?? 'nothing'}\n`,
      )
      return
    }
  }
}

await (task === 'fill' ? fill() : revoke())
await environment.close()
