import { expect } from 'chai'
import { createClient } from '@redis/client'
import { skip } from 'rxjs'
import { AfluenteError } from '../../lib/errors.js'
import { redisShareStore } from '../../lib/stores/redisShareStore.js'
import { nextOf } from '../support/nextOf.js'
import { closeAll, opens } from '../support/opened.js'
import { redisProxy } from '../support/redisProxy.js'
import { redisServer } from '../support/redisServer.js'
import { shareRecord } from '../support/shares.js'

const codeOf = async (promise: Promise<unknown>) => {
  try {
    await promise
  } catch (error) {
    return error instanceof AfluenteError ? (error.code as string) : 'another error'
  }
  return 'no error'
}

describe('redisShareStore, when Redis goes away', () => {
  afterEach(closeAll)

  it('refuses within 3 s while it is frozen or gone, and comes back by itself', async function () {
    this.timeout(30_000)
    const server = await redisServer()
    const store = redisShareStore({ url: server.url })
    const isConnected = (wanted: boolean) => nextOf(store.connected$, (is) => is === wanted)
    await isConnected(true)
    await store.update('share-a', () => shareRecord())
    server.freeze()
    const frozenAt = performance.now()
    expect(await codeOf(store.get('share-a'))).to.equal('ERR_STORE_UNAVAILABLE')
    expect(performance.now() - frozenAt).to.be.below(3_000)
    await isConnected(false)
    server.thaw()
    await isConnected(true)
    expect(await store.get('share-a')).to.have.property('shareId', 'share-a')
    await server.stop()
    await isConnected(false)
    expect(await codeOf(store.update('share-a', () => shareRecord()))).to.equal('ERR_STORE_UNAVAILABLE')
    const missed = nextOf(store.changed$)
    await server.start()
    await isConnected(true)
    expect(await missed).to.be.null
    expect(await store.get('share-a')).to.be.undefined
    await store.close()
    await server.close()
  })

  it('can be opened while Redis is down', async () => {
    const server = await redisServer()
    await server.stop()
    const store = redisShareStore({ url: server.url })
    expect(await codeOf(store.get('share-a'))).to.equal('ERR_STORE_UNAVAILABLE')
    await server.start()
    await nextOf(store.connected$, Boolean)
    expect(await store.get('share-a')).to.be.undefined
    await store.close()
    await server.close()
  })

  it('says whether Redis keeps what it confirms', async () => {
    for (const appendonly of ['yes', 'no']) {
      for (const more of [[], ['--rename-command', 'CONFIG', '']]) {
        const server = await redisServer('--appendonly', appendonly, ...more)
        opens('Redis', server.close)
        const store = redisShareStore({ url: server.url })
        opens('store', store.close)
        await nextOf(store.connected$, Boolean)
        expect(await store.isAppendOnly(), more.join(' ')).to.equal(appendonly === 'yes')
      }
    }
  })

  it('says that a change may have been missed when its own connection is back, too', async () => {
    const server = await redisServer()
    opens('Redis', server.close)
    const store = redisShareStore({ url: server.url })
    opens('store', store.close)
    await nextOf(store.changed$.pipe(skip(1)))
    const readAfter = nextOf(store.changed$, (shareId) => shareId === null).then(() => store.get('share-a'))
    const other = await createClient({ url: server.url }).connect()
    opens('client', () => other.destroy())
    await other.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal'])
    expect(await readAfter).to.be.undefined
  })

  it('hears what changes though the line was cut while it subscribed, and says that it was', async function () {
    this.timeout(30_000)
    const server = await redisServer()
    opens('Redis', server.close)
    const proxy = await redisProxy(server.url)
    opens('proxy', proxy.close)
    proxy.cutAt('SUBSCRIBE', 2)
    const store = redisShareStore({ url: proxy.url })
    opens('store', store.close)
    const heard = nextOf(store.changed$, (shareId) => shareId === 'share-a')
    const ready = nextOf(store.changed$.pipe(skip(1)))
    expect(await nextOf(store.unheard$)).to.be.instanceOf(Error)
    await ready
    await store.update('share-a', () => shareRecord())
    expect(await heard).to.equal('share-a')
  })
})
