import { expect } from 'chai'
import { skip } from 'rxjs'
import { keptAfterEndMs, type ShareStore } from '../../lib/auth/shareStore.js'
import { openLmdb } from '../../lib/stores/lmdbEnvironment.js'
import { lmdbShareStore } from '../../lib/stores/lmdbShareStore.js'
import { redisShareStore } from '../../lib/stores/redisShareStore.js'
import { scratchDirectory } from '../support/directories.js'
import { nextOf } from '../support/nextOf.js'
import { redisServer } from '../support/redisServer.js'
import { foreignRevocation, shareRecord } from '../support/shares.js'

/** Opens stores that share what they keep, as two processes or a restart would. */
interface Opener {
  readonly open: () => Promise<ShareStore>
  readonly close: () => Promise<void>
}

function lmdb(): Opener {
  const directory = scratchDirectory()
  const opened: { close: () => Promise<void> }[] = []
  return {
    open: async () => {
      const environment = await openLmdb(directory.path)
      opened.push(environment)
      return lmdbShareStore(environment)
    },
    close: async () => {
      for (const environment of opened) await environment.close()
      directory.remove()
    },
  }
}

async function redis(): Promise<Opener> {
  const server = await redisServer()
  const opened: ShareStore[] = []
  return {
    open: async () => {
      const store = redisShareStore({ url: server.url })
      opened.push(store)
      // Once for each of its connections, after which nothing is missed.
      await nextOf(store.changed$.pipe(skip(1)))
      return store
    },
    close: async () => {
      for (const store of opened) await store.close()
      await server.close()
    },
  }
}

for (const [name, opener] of Object.entries({ lmdbShareStore: lmdb, redisShareStore: redis })) {
  describe(`${name}, as a ShareStore`, () => {
    let stores: Opener
    let store: ShareStore
    before(async () => {
      stores = await opener()
      store = await stores.open()
    })
    after(() => stores.close())

    it('knows nothing of a share that was never put', async () => {
      expect(await store.get('nobody')).to.be.undefined
      expect(await store.update('nobody', () => undefined)).to.be.undefined
      expect(await store.get('nobody')).to.be.undefined
    })

    it('gives back what was put, to the field', async () => {
      const record = shareRecord({
        shareId: 'whole',
        deviceIds: ['A', 'ü\u0000\n'],
        label: 'x',
        notBefore: 5,
        maxViewers: 2,
        within: { bbox: [1, 2, 3, 4] },
        arrive: { center: [1.5, 2.5], radius_m: 10 },
      })
      expect(
        await store.update('whole', (stored) => (stored === undefined ? record : undefined)),
      ).to.deep.equal(record)
      expect(await store.get('whole')).to.deep.equal(record)
      expect(await store.update('whole', () => undefined)).to.deep.equal(record)
    })

    it('takes one of many that put a new share at once', async () => {
      const winners = Array.from({ length: 10 }, (_, index) =>
        store.update('raced', (stored) =>
          stored === undefined ? shareRecord({ shareId: 'raced', label: String(index) }) : undefined,
        ),
      )
      const results = await Promise.all(winners)
      expect(new Set(results.map((stored) => stored?.kind === 'made' && stored.label)).size).to.equal(1)
    })

    it('loses no change of many that are made at once', async () => {
      await store.update('counted', () => shareRecord({ shareId: 'counted', maxViewers: 0 }))
      const increments = Array.from({ length: 10 }, () =>
        store.update('counted', (stored) =>
          stored?.kind === 'made' ? { ...stored, maxViewers: (stored.maxViewers ?? 0) + 1 } : undefined,
        ),
      )
      await Promise.all(increments)
      const stored = await store.get('counted')
      expect(stored?.kind === 'made' && stored.maxViewers).to.equal(10)
    })

    it('lists by subject, and all where none is named', async () => {
      for (const [shareId, subject] of [
        ['l1', 'eva'],
        ['l2', 'eva'],
        ['l3', 'eva2'],
        ['l4', null],
      ] as const) {
        await store.update(shareId, () => shareRecord({ shareId, subject }))
      }
      await store.update('f1', () => foreignRevocation({ shareId: 'f1' }))
      const idsOf = async (subject?: string) =>
        (await store.list(subject)).map(({ shareId }) => shareId).sort()
      expect(await idsOf('eva')).to.deep.equal(['l1', 'l2'])
      expect(await idsOf('eva2')).to.deep.equal(['l3'])
      expect(await idsOf('nobody')).to.deep.equal([])
      expect(await idsOf())
        .to.include.members(['l1', 'l2', 'l3', 'l4', 'whole'])
        .and.not.include('f1')
    })

    it('tells what changed', async () => {
      const heard = nextOf(store.changed$)
      await store.update('told', () => shareRecord({ shareId: 'told' }))
      expect(await heard).to.equal('told')
    })

    it('keeps what has ended for as long as a token of it could be presented, and a week more', async () => {
      const now = Date.now()
      const ended = now - keptAfterEndMs + 60_000
      await store.update('e1', () => shareRecord({ shareId: 'e1', expiresAt: ended, sealedExpiresAt: ended }))
      await store.update('e2', () =>
        shareRecord({ shareId: 'e2', expiresAt: ended, sealedExpiresAt: now + 120_000, revokedAt: now }),
      )
      await store.update('e3', () => foreignRevocation({ shareId: 'e3' }))
      await store.update('e4', () => foreignRevocation({ shareId: 'e4', tokenExpiresAt: now + 60_000 }))
      await store.removeEnded(now)
      for (const shareId of ['e1', 'e2', 'e3', 'e4'])
        expect(await store.get(shareId), shareId).to.not.be.undefined
    })

    it('gives back a change that is being written', async () => {
      await store.update('written', () => shareRecord({ shareId: 'written', expiresAt: 1 }))
      let updated: Promise<unknown> | undefined
      await new Promise<void>((resolve) => {
        updated = store.update('written', () => {
          resolve() // the write is begun by the time this is heard
          return shareRecord({ shareId: 'written', expiresAt: 2 })
        })
      })
      expect(await store.get('written')).to.include({ expiresAt: 2 })
      await updated
    })

    it('keeps what was put through a restart', async () => {
      await store.update('kept', () => foreignRevocation({ shareId: 'kept', revokedAt: 7 }))
      expect(await (await stores.open()).get('kept')).to.deep.equal({
        kind: 'foreign',
        shareId: 'kept',
        revokedAt: 7,
      })
    })
  })
}

describe('lmdbShareStore', () => {
  it('removes what has ended, and its place in the lists', async () => {
    const stores = lmdb()
    const store = await stores.open()
    const now = Date.now()
    await store.update('e1', () => shareRecord({ shareId: 'e1' }))
    await store.update('e3', () => foreignRevocation({ shareId: 'e3' }))
    await store.update('e4', () => foreignRevocation({ shareId: 'e4', tokenExpiresAt: now }))
    expect(await store.removeEnded(now)).to.equal(1)
    expect(await store.removeEnded(now + 1_800_000 + keptAfterEndMs + 60_000)).to.equal(1)
    expect(await store.list('ana')).to.deep.equal([])
    expect(await store.get('e3')).to.not.be.undefined
    expect(await store.get('e4')).to.be.undefined
    await stores.close()
  })
})

describe('redisShareStore', () => {
  it('lets Redis remove what has ended, and cleans its lists', async () => {
    const stores = await redis()
    const store = await stores.open()
    const past = Date.now() - keptAfterEndMs - 1_000
    await store.update('e1', () => shareRecord({ shareId: 'e1', expiresAt: past, sealedExpiresAt: past }))
    expect(await store.get('e1')).to.be.undefined
    expect(await store.list('ana')).to.deep.equal([])
    expect(await store.removeEnded(Date.now())).to.equal(1)
    await stores.close()
  })

  it('tells other instances what changed', async () => {
    const stores = await redis()
    const [one, other] = [await stores.open(), await stores.open()]
    const heard = nextOf(other.changed$, (shareId) => shareId !== null)
    await one.update('told', () => shareRecord({ shareId: 'told' }))
    expect(await heard).to.equal('told')
    await stores.close()
  })
})
