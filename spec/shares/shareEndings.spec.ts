import { expect } from 'chai'
import type { Subscription } from 'rxjs'
import type { ShareRecord } from '../../lib/auth/shareStore.js'
import { lastLookMs, type ShareEnding, shareEndings } from '../../lib/shares/shareEndings.js'
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
})
