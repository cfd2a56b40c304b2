import { expect } from 'chai'
import { ReplaySubject } from 'rxjs'
import { keptRevocations } from '../../lib/stores/keptRevocations.js'
import { openLmdb } from '../../lib/stores/lmdbEnvironment.js'
import { lmdbShareStore } from '../../lib/stores/lmdbShareStore.js'
import { redisShareStore } from '../../lib/stores/redisShareStore.js'
import { scratchDirectory } from '../support/directories.js'
import { nextOf } from '../support/nextOf.js'
import { redisServer } from '../support/redisServer.js'
import { foreignRevocation, shareRecord } from '../support/shares.js'

describe('keptRevocations', () => {
  it('asserts revocations again when Redis comes back without its memory', async function () {
    this.timeout(30_000)
    const server = await redisServer()
    const directory = scratchDirectory()
    const environment = await openLmdb(directory.path)
    const redis = redisShareStore({ url: server.url })
    const store = keptRevocations(redis, lmdbShareStore(environment), redis.connected$)
    const asserted$ = new ReplaySubject<number | Error>(100)
    const assertion = store.asserted$.subscribe(asserted$)
    await nextOf(redis.connected$, Boolean)
    await store.update('share-a', () => shareRecord())
    await store.update('share-b', () => shareRecord({ shareId: 'share-b' }))
    await store.update('share-a', (stored) => stored && { ...stored, revokedAt: 5 })
    await store.update('foreign-a', () => foreignRevocation())
    await server.stop()
    await nextOf(redis.connected$, (is) => !is)
    await server.start()
    await nextOf(redis.connected$, Boolean)
    expect((await store.get('share-a'))?.revokedAt).to.equal(5)
    expect(await store.get('share-b')).to.be.undefined
    await nextOf(asserted$, (lost) => lost === 2)
    expect((await redis.get('share-a'))?.revokedAt).to.equal(5)
    expect(await redis.get('foreign-a')).to.have.property('kind', 'foreign')
    assertion.unsubscribe()
    await store.close()
    await environment.close()
    await server.close()
    directory.remove()
  })
})
