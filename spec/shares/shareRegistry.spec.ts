import { expect } from 'chai'
import { emptyKeyRing, keyRing } from '../../lib/auth/keyRing.js'
import { AfluenteError } from '../../lib/errors.js'
import type { Issuer } from '../../lib/shares/issuer.js'
import { shareRegistry } from '../../lib/shares/shareRegistry.js'
import { shareTokens } from '../../lib/shares/shareTokens.js'
import { memoryShareStore } from '../support/memoryShareStore.js'
import { shareRecord } from '../support/shares.js'
import { pasetoFixture } from '../support/vectors.js'

const ring = keyRing({ secretKeys: Buffer.alloc(32, 4).toString('base64') })
const operator: Issuer = { kind: 'operator' }
const subject = (name: string, ...devices: string[]): Issuer => ({
  kind: 'subject',
  subject: name,
  devices: new Set(devices),
})
const ana = subject('ana', 'A', 'B')
const start = Date.UTC(2026, 0, 1)

function opened(more: Partial<Parameters<typeof shareRegistry>[0]> = {}) {
  const store = memoryShareStore()
  const clock = { now: start }
  const now = () => clock.now
  const shareUrl = (token: string) => `https://map.example/share#${token}`
  const registry = shareRegistry({
    store,
    ring,
    maxTtlMs: 30 * 86_400_000,
    shareUrl,
    viewersOf: () => 2,
    now,
    ...more,
  })
  const stateOf = async (token: string) => (await shareTokens(ring, store, now)(token)).kind
  return { store, clock, registry, stateOf, tokens: shareTokens(ring, store, now) }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return error instanceof AfluenteError ? (error.code as string) : 'another error'
  }
  return 'no error'
}

describe('shareRegistry', () => {
  it('refuses instants that could not be written again, before anything is stored', async () => {
    const { registry, store } = opened({ maxTtlMs: 1e18 })
    const { share_id: id } = await registry.make({ device_id: 'A' }, operator)
    const year0 = '0001-01-01T00:00:00+23:59'
    const codes = [
      await codeOf(registry.make({ device_id: 'A', not_before: year0 }, operator)),
      await codeOf(registry.change(id, { expires_at: year0 }, operator)),
      await codeOf(registry.change(id, { ttl_secs: 9e11 }, operator)),
      await codeOf(registry.make({ device_id: 'A', ttl_secs: 9e11 }, operator)),
    ]
    expect(codes).to.deep.equal(Array(4).fill('ERR_BAD_REQUEST'))
    expect(store.stored.size).to.equal(1)
    expect(await registry.list(operator)).to.have.length(1)
  })

  it('makes a link that opens, and gives the same one again', async () => {
    const { registry, tokens } = opened()
    const made = await registry.make(
      { device_ids: ['A', 'B'], unit_id: 'u', ttl_secs: 60, label: 'secret' },
      ana,
    )
    expect(made).to.have.all.keys('share_id', 'token', 'device_id', 'unit_id', 'expires_at', 'share_url')
    expect(made).to.include({ device_id: 'A', unit_id: 'u', expires_at: '2026-01-01T00:01:00+00:00' })
    expect(made.share_url).to.equal(`https://map.example/share#${made.token}`)
    const state = await tokens(made.token)
    expect(state.kind === 'open' && state.share).to.deep.include({
      deviceIds: ['A', 'B'],
      expiresAt: start + 60_000,
      startsAt: start,
      hasRecord: true,
    })
    expect(JSON.stringify(state)).to.not.include('secret')
    expect(await registry.read(made.share_id, ana)).to.include({
      ...made,
      viewers: 2,
      label: 'secret',
      state: 'open',
    })
  })

  it('bounds making, extending and reading by device_ids', async () => {
    const { registry } = opened()
    expect(await codeOf(registry.make({ device_ids: ['A', 'C'] }, ana))).to.equal('ERR_FORBIDDEN')
    const { share_id: shareId } = await registry.make({ device_id: 'A' }, ana)
    const bound = subject('ana', 'B')
    expect(await codeOf(registry.read(shareId, bound))).to.equal('ERR_FORBIDDEN')
    expect(await codeOf(registry.change(shareId, { ttl_secs: 3_600 }, bound))).to.equal('ERR_FORBIDDEN')
    expect(await codeOf(registry.change(shareId, { ttl_secs: 60 }, bound))).to.equal('no error')
    expect((await registry.list(bound)).map(({ share_id }) => share_id)).to.deep.equal([shareId])
    expect(await codeOf(registry.revoke(shareId, bound))).to.equal('no error')
  })

  it("shows a subject nothing of others' shares, and the operator all", async () => {
    const { registry } = opened()
    const { share_id: shareId } = await registry.make({ device_id: 'A' }, ana)
    const { share_id: byKey } = await registry.make({ device_id: 'A' }, operator)
    const eva = subject('eva', 'A', 'B')
    for (const id of [shareId, byKey, 'nothing', '', 'x'.repeat(200)]) {
      expect(await codeOf(registry.read(id, eva)), id).to.equal('ERR_NOT_FOUND')
      expect(await codeOf(registry.change(id, { ttl_secs: 60 }, eva))).to.equal('ERR_NOT_FOUND')
      expect(await codeOf(registry.revoke(id, eva))).to.equal('ERR_NOT_FOUND')
    }
    expect(await registry.list(eva)).to.deep.equal([])
    expect((await registry.list(operator)).length).to.equal(2)
    expect(await codeOf(registry.revoke(shareId.toUpperCase(), operator))).to.equal('no error')
  })

  it('extends and shortens, and the token follows', async () => {
    const { registry, clock, stateOf } = opened()
    const { share_id: shareId, token } = await registry.make({ device_id: 'A', ttl_secs: 60 }, ana)
    await registry.change(shareId, { ttl_secs: 120 }, ana)
    clock.now += 119_999
    expect(await stateOf(token)).to.equal('open')
    clock.now += 1
    expect(await stateOf(token)).to.equal('expired')
    expect(await codeOf(registry.change(shareId, { ttl_secs: 60 }, ana))).to.equal('ERR_SHARE_EXPIRED')
    const other = await registry.make({ device_id: 'A' }, ana)
    const changed = await registry.change(other.share_id, { expires_at: '2001-01-01T00:00:00Z' }, ana)
    expect(changed.state).to.equal('expired')
    expect(await stateOf(other.token)).to.equal('expired')
    expect(await codeOf(registry.change('nothing', { ttl_secs: 60 }, operator))).to.equal('ERR_NOT_FOUND')
    expect(await codeOf(registry.change(shareId, { ttl_secs: 31 * 86_400 }, ana))).to.equal('ERR_BAD_REQUEST')
  })

  it('revokes again and again, and the token stays refused', async () => {
    const { registry, store, stateOf, clock } = opened()
    const { share_id: shareId, token } = await registry.make({ device_id: 'A' }, ana)
    await registry.revoke(shareId, ana)
    const revokedAt = store.stored.get(shareId)?.revokedAt
    clock.now += 1_000
    await registry.revoke(shareId, ana)
    expect(store.stored.get(shareId)?.revokedAt).to.equal(revokedAt)
    expect(await stateOf(token)).to.equal('revoked')
    expect(await codeOf(registry.change(shareId, { ttl_secs: 60 }, ana))).to.equal('ERR_SHARE_REVOKED')
    expect(await registry.list(ana)).to.deep.equal([])
    clock.now += 1e10
    expect(await stateOf(token)).to.equal('revoked')
  })

  it('refuses an instant that it could not write, and lists the others beside one that ended so', async () => {
    const { registry, store } = opened()
    const { share_id: shareId } = await registry.make({ device_id: 'A' }, ana)
    const unwritable = '0001-01-01T00:00:00+23:59'
    const moved = registry.change(shareId, { expires_at: unwritable }, ana)
    expect(await codeOf(moved)).to.equal('ERR_BAD_REQUEST')
    const made = registry.make({ device_id: 'A', not_before: unwritable }, ana)
    expect(await codeOf(made)).to.equal('ERR_BAD_REQUEST')
    store.changeUnnoticed(shareRecord({ shareId: 'old', expiresAt: Date.UTC(0, 0) - 2e14 }))
    expect((await registry.list(operator)).map(({ share_id }) => share_id)).to.deep.equal([shareId])
  })

  it('refuses a share that would end after the last instant that it can write', async () => {
    const { registry, store } = opened({ maxTtlMs: 1e15 })
    expect(await codeOf(registry.make({ device_id: 'A', ttl_secs: 5e11 }, ana))).to.equal('ERR_BAD_REQUEST')
    expect(store.stored.size).to.equal(0)
    const { share_id: shareId } = await registry.make({ device_id: 'A' }, ana)
    expect(await codeOf(registry.change(shareId, { ttl_secs: 5e11 }, ana))).to.equal('ERR_BAD_REQUEST')
  })

  it('gives the word of a revocation each time that it is asked for', async () => {
    const { registry, store } = opened()
    const { share_id: shareId } = await registry.make({ device_id: 'A' }, ana)
    const told: (string | null)[] = []
    const telling = store.changed$.subscribe({ next: (id) => told.push(id), error: expect.fail.bind(expect) })
    for (const id of [shareId, shareId, 'foreign', 'foreign']) await registry.revoke(id, operator)
    telling.unsubscribe()
    expect(told).to.deep.equal([shareId, shareId, 'foreign', 'foreign'])
  })

  it('says when it cannot answer', async () => {
    const { registry, store } = opened()
    store.be('away')
    expect(await codeOf(registry.make({ device_id: 'A' }, ana))).to.equal('ERR_STORE_UNAVAILABLE')
    expect(await codeOf(registry.revoke('x', operator))).to.equal('ERR_STORE_UNAVAILABLE')
    const { registry: keyless } = opened({ ring: emptyKeyRing })
    expect(await codeOf(keyless.make({ device_id: 'A' }, ana))).to.equal('ERR_NOT_CONFIGURED')
    expect(await codeOf(keyless.list(ana))).to.equal('ERR_NOT_CONFIGURED')
  })

  it('refuses a device whose token would be too long', async () => {
    const { registry, store } = opened()
    expect(await codeOf(registry.make({ device_id: '\u0001'.repeat(256) }, operator))).to.equal(
      'ERR_BAD_REQUEST',
    )
    expect(store.stored.size).to.equal(0)
  })
})

describe('shareTokens', () => {
  const { key, tokens } = pasetoFixture('pyseto')
  const issuer = keyRing({ secretKeys: key })
  const whileGood = Date.UTC(2025, 11, 3, 15, 10)

  it('refuses a token of ours whose store is gone or foreign', async () => {
    const { registry } = opened()
    const { token } = await registry.make({ device_id: 'A' }, ana)
    expect(await shareTokens(ring, memoryShareStore(), () => start)(token)).to.deep.equal({ kind: 'invalid' })
  })

  it("opens the other issuer's token without a record, until its exp", async () => {
    const { token } = tokens.issuer
    const state = await shareTokens(issuer, memoryShareStore(), () => whileGood)(token)
    expect(state.kind === 'open' && state.share).to.deep.include({
      expiresAtText: '2025-12-03T15:30:00.123456+00:00',
      hasRecord: false,
      deviceIds: ['867564050638581'],
    })
    const expiresAt = Date.UTC(2025, 11, 3, 15, 30, 0, 123)
    const kindAt = async (now: number) =>
      (await shareTokens(issuer, memoryShareStore(), () => now)(token)).kind
    expect(await kindAt(expiresAt - 1)).to.equal('open')
    expect(await kindAt(expiresAt)).to.equal('expired')
  })

  it('keeps a foreign revocation until its token was seen and is past', async () => {
    const { registry, store, clock } = opened()
    clock.now = whileGood
    await registry.revoke(tokens.issuer.claims.share_id!, operator)
    await store.removeEnded(8e15)
    expect(store.stored.size).to.equal(1)
    const state = shareTokens(issuer, store, () => clock.now)
    expect((await state(tokens.issuer.token)).kind).to.equal('revoked')
    await store.removeEnded(whileGood)
    expect((await state(tokens.issuer.token)).kind).to.equal('revoked')
    expect(await store.removeEnded(Date.UTC(2025, 11, 3, 15, 31))).to.equal(1)
  })

  it('cannot know while the store is away, but knows what no store could change', async () => {
    const store = memoryShareStore()
    store.be('away')
    const stateAt = (now: number) => shareTokens(issuer, store, () => now)
    expect(await codeOf(stateAt(whileGood)(tokens.issuer.token))).to.equal('ERR_STORE_UNAVAILABLE')
    expect((await stateAt(Date.UTC(2026, 0))(tokens.issuer.token)).kind).to.equal('expired')
    expect((await stateAt(whileGood)(tokens.otherScope.token)).kind).to.equal('invalid')
  })

  it('has not begun before not_before', async () => {
    const { registry, clock, stateOf } = opened()
    const { token } = await registry.make(
      { device_id: 'A', not_before: '2026-01-01T01:00:00Z', ttl_secs: 60 },
      ana,
    )
    expect(await stateOf(token)).to.equal('notBegun')
    clock.now += 3_600_000
    expect(await stateOf(token)).to.equal('open')
    clock.now += 60_000
    expect(await stateOf(token)).to.equal('expired')
  })
})
