import { expect } from 'chai'
import type { Subscription } from 'rxjs'
import type { ShareRecord } from '../../lib/auth/shareStore.js'
import { lastLookMs, longestRetryMs, type ShareEnding, shareEndings } from '../../lib/shares/shareEndings.js'
import type { OpenShare } from '../../lib/shares/shareState.js'
import { clocksAt } from '../support/clocks.js'
import { memoryShareStore } from '../support/memoryShareStore.js'
import { foreignRevocation, shareRecord } from '../support/shares.js'

const start = 10_000_000
const settle = () => new Promise((resolve) => setImmediate(resolve))

function opened(changes: Partial<ShareRecord> = {}, hasRecord = true) {
  const store = memoryShareStore()
  const clocks = clocksAt(start)
  const record = shareRecord({
    issuedAt: start,
    expiresAt: start + 60_000,
    sealedExpiresAt: start + 60_000,
    ...changes,
  })
  if (hasRecord) store.changeUnnoticed(record)
  const open = { shareId: record.shareId, expiresAt: record.expiresAt, hasRecord } as OpenShare
  const endings = shareEndings(store, clocks)
  const seen: (ShareEnding | string)[] = []
  function watch(share = open): Subscription {
    return endings.endingOf(share).subscribe({
      next: (ending) => seen.push(ending),
      error: (error: unknown) => seen.push(String(error)),
      complete: () => seen.push('complete'),
    })
  }
  return { store, clocks, record, open, seen, watch }
}

describe('shareEndings', () => {
  it('ends a share at its expiry, once', async () => {
    const { clocks, seen, watch } = opened()
    watch()
    await settle()
    clocks.pass(59_999)
    await settle()
    expect(seen).to.deep.equal([])
    clocks.pass(1)
    await settle()
    expect(seen).to.deep.equal([{ kind: 'expired' }, 'complete'])
    expect(clocks.waiting()).to.equal(0)
  })

  it('follows an extension and a shortening, on every socket of the share', async () => {
    const { store, clocks, record, seen, watch } = opened()
    watch()
    watch()
    await settle()
    await store.update(record.shareId, () => ({ ...record, expiresAt: start + 90_000 }))
    await settle()
    clocks.pass(80_000)
    await settle()
    expect(seen).to.deep.equal([])
    await store.update(record.shareId, () => ({ ...record, expiresAt: start }))
    await settle()
    clocks.pass(1)
    await settle()
    expect(seen).to.deep.equal([{ kind: 'expired' }, 'complete', { kind: 'expired' }, 'complete'])
  })

  it('lets an extension win that was committed before the expiry, though its word got lost', async () => {
    const { store, clocks, record, seen, watch } = opened()
    watch()
    await settle()
    store.changeUnnoticed({ ...record, expiresAt: start + 61_000 })
    clocks.pass(60_000)
    await settle()
    expect(seen).to.deep.equal([])
    clocks.pass(1_000)
    await settle()
    expect(seen).to.deep.equal([{ kind: 'expired' }, 'complete'])
  })

  it('gives the last look 150 ms, and then lets the known expiry stand', async () => {
    const { store, clocks, seen, watch } = opened()
    watch()
    await settle()
    store.be('hanging')
    clocks.pass(60_000 + lastLookMs - 1)
    await settle()
    expect(seen).to.deep.equal([])
    clocks.pass(1)
    await settle()
    expect(seen).to.deep.equal([{ kind: 'expired' }, 'complete'])
  })

  it('is not prolonged by a clock that is set back', async () => {
    const { clocks, seen, watch } = opened()
    watch()
    await settle()
    clocks.jump(-3_600_000)
    clocks.pass(60_000)
    await settle()
    expect(seen).to.deep.equal([{ kind: 'expired' }, 'complete'])
  })

  it('ends on revocation, also one that came before it was followed', async () => {
    const { store, record, seen, watch } = opened()
    watch()
    await settle()
    await store.update(record.shareId, () => ({ ...record, revokedAt: start }))
    await settle()
    watch()
    await settle()
    expect(seen).to.deep.equal([{ kind: 'revoked' }, 'complete', { kind: 'revoked' }, 'complete'])
  })

  it("ends the other issuer's share at its exp, or when it is revoked", async () => {
    const { store, clocks, record, open, seen, watch } = opened({}, false)
    watch()
    watch({ ...open, shareId: undefined })
    await settle()
    await store.update(record.shareId, () => foreignRevocation({ shareId: record.shareId }))
    await settle()
    expect(seen).to.deep.equal([{ kind: 'revoked' }, 'complete'])
    clocks.pass(60_000)
    await settle()
    expect(seen.slice(2)).to.deep.equal([{ kind: 'expired' }, 'complete'])
  })

  it('ends when a device has arrived, and says which', async () => {
    const { store, record, seen, watch } = opened()
    watch()
    await settle()
    await store.update(record.shareId, () => ({ ...record, arrived: { at: start, deviceId: 'B' } }))
    await settle()
    expect(seen).to.deep.equal([{ kind: 'arrived', deviceId: 'B' }, 'complete'])
  })

  it('stays open while the store does not answer, and leaves nothing behind', async () => {
    const { store, clocks, record, seen, watch } = opened()
    store.be('away')
    const subscription = watch()
    await settle()
    clocks.pass(30_000)
    await settle()
    expect(seen).to.deep.equal([])
    store.be('well')
    await store.update(record.shareId, () => record)
    await settle()
    expect(seen).to.deep.equal([])
    subscription.unsubscribe()
    expect(clocks.waiting()).to.equal(0)
    expect((store.changed$ as unknown as { observed: boolean }).observed).to.be.false
  })

  it('reads a change again until the store answers, once for all who watch the share', async () => {
    const { store, clocks, record, seen, watch } = opened()
    let readings = 0
    const { get } = store
    store.get = (shareId) => {
      readings += 1
      return get(shareId)
    }
    for (let i = 0; i < 100; i++) watch()
    await settle()
    readings = 0
    store.be('away')
    store.changeUnnoticed({ ...record, revokedAt: start })
    store.tell(record.shareId)
    for (let seconds = 0; seconds < 20; seconds++) {
      await settle()
      clocks.pass(1_000)
    }
    await settle()
    expect(readings).to.be.within(5, 21)
    expect(seen).to.deep.equal([])
    store.be('well')
    clocks.pass(longestRetryMs)
    await settle()
    expect(seen.filter((one) => one === 'complete')).to.have.length(100)
    expect(seen[0]).to.deep.equal({ kind: 'revoked' })
    expect(clocks.waiting()).to.equal(0)
  })

  it('reads again what could not be read when the watching began', async () => {
    const { store, clocks, record, seen, watch } = opened()
    store.be('away')
    for (let i = 0; i < 100; i++) watch()
    await settle()
    const { get } = store
    let readings = 0
    store.get = (shareId) => {
      readings += 1
      return get(shareId)
    }
    clocks.pass(longestRetryMs)
    await settle()
    expect(readings).to.equal(1)
    store.changeUnnoticed({ ...record, revokedAt: start })
    store.be('well')
    clocks.pass(longestRetryMs)
    await settle()
    expect(seen.filter((one) => one === 'complete')).to.have.length(100)
  })

  it('expires on time while it reads again and again, and reads no more after that', async () => {
    const { store, clocks, record, seen, watch } = opened()
    watch()
    await settle()
    store.be('away')
    store.tell(record.shareId)
    for (let seconds = 0; seconds < 60; seconds++) {
      await settle()
      clocks.pass(1_000)
    }
    await settle()
    expect(seen).to.deep.equal([{ kind: 'expired' }, 'complete'])
    expect(clocks.waiting()).to.equal(0)
  })
})
