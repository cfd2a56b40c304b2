import { expect } from 'chai'
import { join } from 'node:path'
import { Subject } from 'rxjs'
import { Envelope } from '../../lib/feed/envelope.js'
import type { OtherWorkers } from '../../lib/service/openShareStore.js'
import { openStores, type StoreSettings } from '../../lib/service/openStores.js'
import { scratchDirectory } from '../support/directories.js'
import { eventually } from '../support/eventually.js'
import { linesLog } from '../support/linesLog.js'
import { nextOf } from '../support/nextOf.js'
import { closeAll, opens } from '../support/opened.js'
import { redisProxy } from '../support/redisProxy.js'
import { redisServer } from '../support/redisServer.js'
import { foreignRevocation, shareRecord } from '../support/shares.js'
import { spoiltDirectories } from '../support/spoiltDirectories.js'

function message(deviceId: string) {
  const body = { data: { DEVICE_ID: deviceId, LAT: 1, LON: 2 } }
  return new Envelope(deviceId, JSON.stringify(body), Date.now(), body)
}

const codeOf = (question: Promise<unknown>) =>
  question.then(
    () => 'an answer',
    (error: unknown) => (error as { code?: string }).code,
  )

describe('openStores', () => {
  let directory = ''
  beforeEach(() => {
    const scratch = scratchDirectory()
    opens('data directory', scratch.remove)
    directory = join(scratch.path, 'data')
  })
  afterEach(closeAll)

  async function open(more: Partial<StoreSettings> = {}, others?: OtherWorkers) {
    const { log, lines } = linesLog()
    const settings = {
      DATA_DIR: directory,
      REDIS_URL: undefined,
      LAST_KNOWN_MAX_DEVICES: 100,
      LAST_KNOWN_MAX_AGE_SECS: 0,
    }
    const stores = await openStores({ ...settings, ...more }, log, others)
    const working = stores.running$.subscribe({ error: (error: unknown) => lines.push(String(error)) })
    const close = opens('stores', () => {
      working.unsubscribe()
      return stores.close()
    })
    return { ...stores, close, lines }
  }

  it('1.1, 2.7 keeps last known messages and shares over a restart, in a directory that it makes', async () => {
    const first = await open()
    const envelope = message('A')
    first.lastKnown.note(envelope)
    await first.shares.update('share-a', () => shareRecord())
    await first.close()
    const second = await open()
    expect(second.lastKnown.get('A')?.payload).to.deep.equal(envelope.payload)
    expect(await second.shares.get('share-a')).to.include({ shareId: 'share-a' })
    expect(second.lines).to.deep.equal([])
  })

  for (const [how, spoil] of Object.entries(spoiltDirectories)) {
    it(`54 does without a DATA_DIR that ${how}, and opens no share`, async () => {
      spoil(directory)
      const { lines, lastKnown, shares } = await open()
      expect(lines).to.have.length(1)
      expect(lines[0]).to.match(/^error Last known messages will not outlast .*"reason":"The database in /)
      expect(lines[0]).to.contain(directory)
      lastKnown.note(message('A'))
      expect(lastKnown.get('A')).to.not.be.undefined
      expect(await codeOf(shares.get('share-a'))).to.equal('ERR_STORE_UNAVAILABLE')
      expect(await codeOf(shares.update('share-a', () => shareRecord()))).to.equal('ERR_STORE_UNAVAILABLE')
    })
  }

  it('2.5 keeps what it revoked in Redis on disk, too, and warns of a Redis that is not append-only', async () => {
    const redis = await redisServer()
    opens('Redis', redis.close)
    const first = await open({ REDIS_URL: redis.url })
    await eventually(
      () => first.lines.join('\n'),
      (lines) => lines.includes('warn Redis is not append-only'),
    )
    await first.shares.update('share-a', () => shareRecord())
    await first.shares.update('share-b', () => shareRecord({ shareId: 'share-b', revokedAt: 5 }))
    await first.shares.update('foreign-a', () => foreignRevocation())
    await first.close()
    await redis.stop()
    await redis.start()
    const second = await open({ REDIS_URL: redis.url })
    const read = await eventually(
      () => second.shares.get('share-b').catch(() => undefined),
      (share) => share !== undefined,
    )
    expect(read).to.include({ revokedAt: 5 })
    expect(await second.shares.get('foreign-a')).to.include({ kind: 'foreign' })
    expect(await second.shares.get('share-a')).to.be.undefined
  })

  it('2.5 warns of a Redis that is not append-only though its first question is not answered', async () => {
    const redis = await redisServer()
    opens('Redis', redis.close)
    const proxy = await redisProxy(redis.url)
    opens('proxy', proxy.close)
    proxy.cutAt('APPENDONLY', 1)
    const { lines } = await open({ REDIS_URL: proxy.url })
    await eventually(
      () => lines.join('\n'),
      (all) => all.includes('warn Redis is not append-only'),
      10_000,
    )
  })

  it('2.5 opens no share where Redis is there and what was revoked here cannot be read', async () => {
    const redis = await redisServer()
    opens('Redis', redis.close)
    spoiltDirectories['is a file']?.(directory)
    const { shares } = await open({ REDIS_URL: redis.url })
    expect(await codeOf(shares.get('share-a'))).to.equal('ERR_STORE_UNAVAILABLE')
  })

  it('2.5 tells the workers of a group what one of them has changed, and each reads it', async () => {
    const told: (string | null)[] = []
    const toOther$ = new Subject<string | null>()
    const one = await open({}, { tellChanged: (shareId) => toOther$.next(shareId), changed$: new Subject() })
    const other = await open({}, { tellChanged: (shareId) => told.push(shareId), changed$: toOther$ })
    const heard = nextOf(other.shares.changed$)
    await one.shares.update('foreign-a', () => foreignRevocation({ revokedAt: 5 }))
    expect(await heard).to.equal('foreign-a')
    expect(await other.shares.get('foreign-a')).to.include({ revokedAt: 5 })
    expect(told, 'what was heard is not told on').to.deep.equal([])
  })
})
