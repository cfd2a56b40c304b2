import { expect } from 'chai'
import { BehaviorSubject, of, ReplaySubject } from 'rxjs'
import { assertAgainMs, keptRevocations } from '../../lib/stores/keptRevocations.js'
import { openLmdb } from '../../lib/stores/lmdbEnvironment.js'
import { lmdbShareStore } from '../../lib/stores/lmdbShareStore.js'
import { redisShareStore } from '../../lib/stores/redisShareStore.js'
import { clocksAt } from '../support/clocks.js'
import { scratchDirectory } from '../support/directories.js'
import { memoryShareStore } from '../support/memoryShareStore.js'
import { nextOf } from '../support/nextOf.js'
import { redisServer } from '../support/redisServer.js'
import { foreignRevocation, shareRecord } from '../support/shares.js'

const settle = () => new Promise((resolve) => setImmediate(resolve))

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

  it('goes on with the others where one fails, and tries that one again while connected', async () => {
    const clocks = clocksAt(0)
    const store = memoryShareStore()
    const { update } = store
    let asked: string[] = []
    let isFailing = true
    store.update = (shareId, change) => {
      asked.push(shareId)
      return isFailing && shareId === 'a' ? Promise.reject(new Error('LOADING')) : update(shareId, change)
    }
    const revoked = ['a', 'b', 'c'].map((shareId) => foreignRevocation({ shareId }))
    const kept = { ...memoryShareStore(), allRevoked: () => Promise.resolve(revoked) }
    const connected$ = new BehaviorSubject(true)
    const told: (number | string)[] = []
    const { asserted$ } = keptRevocations(store, kept, connected$, clocks.scheduler)
    const assertion = asserted$.subscribe({
      next: (value) => told.push(typeof value === 'number' ? value : value.message),
      error: expect.fail.bind(expect),
    })
    await settle()
    expect([...store.stored.keys()]).to.deep.equal(['b', 'c'])
    expect(told).to.deep.equal(['LOADING'])
    asked = []
    clocks.pass(assertAgainMs)
    await settle()
    expect(asked).to.deep.equal(['a'])
    isFailing = false
    clocks.pass(assertAgainMs)
    await settle()
    expect([...store.stored.keys()]).to.have.members(['a', 'b', 'c'])
    expect(told).to.deep.equal(['LOADING', 'LOADING', 3])
    isFailing = true
    connected$.next(true)
    await settle()
    connected$.next(false)
    expect(clocks.waiting()).to.equal(0)
    assertion.unsubscribe()
  })

  it('reads what is kept again where it could not be read', async () => {
    const clocks = clocksAt(0)
    const store = memoryShareStore()
    let readings = 0
    const allRevoked = () =>
      readings++ === 0 ? Promise.reject(new Error('away')) : Promise.resolve([foreignRevocation()])
    const kept = { ...memoryShareStore(), allRevoked }
    const assertion = keptRevocations(store, kept, of(true), clocks.scheduler).asserted$.subscribe({
      error: expect.fail.bind(expect),
    })
    await settle()
    clocks.pass(assertAgainMs)
    await settle()
    expect(store.stored.size).to.equal(1)
    assertion.unsubscribe()
  })
})
