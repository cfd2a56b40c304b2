import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AfluenteError } from '../../lib/errors.js'
import { Envelope } from '../../lib/feed/envelope.js'
import { openLmdb } from '../../lib/stores/lmdbEnvironment.js'
import { lmdbLastKnown } from '../../lib/stores/lmdbLastKnown.js'
import { lmdbShareStore } from '../../lib/stores/lmdbShareStore.js'
import { scratchDirectory } from '../support/directories.js'
import { eventually } from '../support/eventually.js'
import { run } from '../support/process.js'
import { shareRecord } from '../support/shares.js'

const revoker = fileURLToPath(new URL('../support/revoker.js', import.meta.url))

async function filled(path: string): Promise<void> {
  const environment = await openLmdb(path)
  const store = lmdbShareStore(environment)
  for (let count = 0; count < 50; count++) {
    await store.update(`share-${count}`, () =>
      shareRecord({ shareId: `share-${count}`, label: 'x'.repeat(200) }),
    )
  }
  await environment.close()
}

async function refusalOf(path: string): Promise<string> {
  try {
    await (await openLmdb(path)).close()
  } catch (error) {
    if (error instanceof AfluenteError && error.code === 'ERR_STORE_UNAVAILABLE') return error.message
    throw error
  }
  return 'opened'
}

/** How many processes walk the database of a directory before another opens it. */
const probesOf = (path: string) =>
  readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`probeLmdb(${JSON.stringify(path)})`)
    } catch {
      return false // it has ended, or is no process
    }
  }).length

describe('openLmdb', () => {
  const directory = scratchDirectory()
  after(() => directory.remove())

  it('refuses a damaged file with a clear error, and this process lives on', async function () {
    this.timeout(60_000)
    const damages: Record<string, (file: string) => void> = {
      garbage: (file) => writeFileSync(file, Buffer.alloc(100_000, 0xa7)),
      zeros: (file) => writeFileSync(file, Buffer.alloc(100_000)),
      text: (file) => writeFileSync(file, 'no database'),
      'cut short': (file) => truncateSync(file, 12_288),
      'bad pages': (file) => {
        const bytes = readFileSync(file)
        writeFileSync(file, bytes.fill(0x5a, 8_192))
      },
    }
    for (const [name, damage] of Object.entries(damages)) {
      const path = join(directory.path, name.replace(' ', ''))
      await filled(path)
      damage(join(path, 'data.mdb'))
      expect(await refusalOf(path), name).to.match(/^The database in .* can't be used: it is damaged/)
    }
  })

  it('finds damage among last known messages, however many stand before it', async () => {
    const path = join(directory.path, 'knowing')
    const environment = await openLmdb(path)
    const known = await lmdbLastKnown(environment, { maxDevices: 10_000, maxAgeMs: 0 })
    for (let count = 0; count < 10_000; count++) {
      const body = { data: { DEVICE_ID: `device-${count}`, NOTE: 'x'.repeat(200) } }
      known.note(new Envelope(`device-${count}`, JSON.stringify(body), Date.now(), body))
    }
    await known.flush()
    await environment.close()
    const file = join(path, 'data.mdb')
    const bytes = readFileSync(file)
    const middle = 4_096 * Math.floor(bytes.byteLength / 8_192)
    writeFileSync(file, bytes.fill(0xff, middle, middle + 5 * 4_096))
    expect(await refusalOf(path)).to.match(/it is damaged/)
  })

  it('is done with the directory when its output ends, however its process ended', async () => {
    const path = join(directory.path, 'left')
    await filled(path)
    const opening = run(process.execPath, [revoker, path, 'revoke', '0'])
    await eventually(
      () => probesOf(path),
      (count) => count === 1,
    )
    expect(await opening.stop('SIGKILL')).to.equal('SIGKILL')
    expect(probesOf(path)).to.equal(0)
  })

  it('refuses a place that is no directory, or where none can be made', async () => {
    const file = join(directory.path, 'file')
    writeFileSync(file, '')
    expect(await refusalOf(file)).to.match(/can't be used/)
    expect(await refusalOf(join(file, 'below'))).to.match(/can't be used/)
  })

  it('refuses a write when the disk is full, keeps what it has, and goes on when there is room', async () => {
    const path = join(directory.path, 'full')
    // The shell's limit on a file's size stands for the disk's; it can't be taken back in the same process.
    const child = spawn(
      'sh',
      ['-c', `ulimit -f 400; exec "$0" "$1" "$2" fill`, process.execPath, revoker, path],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    const [code] = (await once(child, 'close')) as [number | null]
    expect(code).to.equal(0)
    expect(said).to.match(/^refused ERR_STORE_UNAVAILABLE after \d+ big, small stored, read share-0\n$/)
  })
})

describe('a revocation that kill -9 interrupts', () => {
  it('holds after the restart, or was never answered', async function () {
    this.timeout(120_000)
    const directory = scratchDirectory()
    let answered = 0
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, [revoker, directory.path, 'revoke', String(round)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const acknowledged = new Set<string>()
      let rest = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) acknowledged.add(line)
        if (acknowledged.size > 20 + round * 7) child.kill('SIGKILL')
      })
      await once(child, 'close')
      expect(child.signalCode).to.equal('SIGKILL')
      const environment = await openLmdb(directory.path)
      const store = lmdbShareStore(environment)
      for (const shareId of acknowledged)
        expect((await store.get(shareId))?.revokedAt, shareId).to.be.a('number')
      answered += acknowledged.size
      await environment.close()
    }
    expect(answered).to.be.above(100)
    directory.remove()
  })
})
