import { expect } from 'chai'
import { AfluenteError } from '../../lib/errors.js'
import { readShareChange, readShareWish } from '../../lib/shares/shareBody.js'

const now = Date.UTC(2026, 0, 1)
const maxTtlMs = 30 * 86_400_000
const wish = (body: unknown) => readShareWish(body, now, maxTtlMs)

function refusalOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof AfluenteError && error.code === 'ERR_BAD_REQUEST') return error.message
    throw error
  }
  return 'accepted'
}

describe('readShareWish', () => {
  it('reads one device, or several without repeats', () => {
    expect(wish({ device_id: 'A' })).to.deep.include({ deviceIds: ['A'], expiresAt: now + 1_800_000 })
    expect(wish({ device_id: 848 }).deviceIds).to.deep.equal(['848'])
    expect(wish({ device_ids: ['B', 'A', 'B', 7] }).deviceIds).to.deep.equal(['B', 'A', '7'])
  })

  it('reads every field', () => {
    const body = {
      device_id: 'A',
      unit_id: 'u',
      ttl_secs: 60,
      not_before: '2026-01-02T00:00:00Z',
      label: 'x',
      max_viewers: 3,
      within: { bbox: [170, -10, -170, 10] },
      arrive: { center: [1, 2], radius_m: 100 },
    }
    expect(wish(body)).to.deep.equal({
      deviceIds: ['A'],
      unitId: 'u',
      notBefore: now + 86_400_000,
      expiresAt: now + 86_400_000 + 60_000,
      label: 'x',
      maxViewers: 3,
      within: { bbox: [170, -10, -170, 10] },
      arrive: { center: [1, 2], radius_m: 100 },
    })
  })

  it('refuses a bad body, naming the field', () => {
    const cases: [unknown, RegExp][] = [
      [undefined, /^body: /],
      [[], /^body: /],
      ['{}', /^body: /],
      [{}, /device_id/],
      [{ device_id: '' }, /^device_id: /],
      [{ device_id: 'x'.repeat(257) }, /^device_id: /],
      [{ device_id: -1 }, /^device_id: /],
      [{ device_id: 'A', device_ids: ['B'] }, /device_id or device_ids/],
      [{ device_ids: [] }, /^device_ids: /],
      [{ device_ids: ['A', null] }, /^device_ids\.1: /],
      [{ device_id: 'A', ttl_secs: 0 }, /^ttl_secs: /],
      [{ device_id: 'A', ttl_secs: '60' }, /^ttl_secs: /],
      [{ device_id: 'A', ttl_secs: 1e300 }, /^ttl_secs: /],
      [{ device_id: 'A', ttl_secs: 30 * 86_400 + 1 }, /^ttl_secs: /],
      [{ device_id: 'A', not_before: '2026-02-30T00:00:00Z' }, /^not_before: /],
      [{ device_id: 'A', not_before: 7 }, /^not_before: /],
      [{ device_id: 'A', not_before: '2026-01-31T00:00:00Z' }, /^not_before and ttl_secs: /],
      [{ device_id: 'A', max_viewers: 0 }, /^max_viewers: /],
      [{ device_id: 'A', max_viewers: 1.5 }, /^max_viewers: /],
      [{ device_id: 'A', label: 7 }, /^label: /],
      [{ device_id: 'A', label: 'x'.repeat(201) }, /^label: /],
      [{ device_id: 'A', within: { bbox: [0, 1, 2] } }, /^within\.bbox/],
      [{ device_id: 'A', within: { bbox: [0, 5, 2, 1] } }, /^within\.bbox/],
      [{ device_id: 'A', within: { bbox: [0, 0, 181, 1] } }, /^within\.bbox\.2/],
      [{ device_id: 'A', within: { center: [0, 91], radius_m: 5 } }, /^within\.center\.1/],
      [{ device_id: 'A', within: { center: [0, 0] } }, /^within\.radius_m/],
      [{ device_id: 'A', within: {} }, /^within\./],
      [{ device_id: 'A', within: 'x' }, /^within: /],
      [{ device_id: 'A', arrive: { center: [0, 0], radius_m: 0 } }, /^arrive\.radius_m/],
      [{ device_id: 'A', arrive: { bbox: [0, 0, 1, 1] } }, /^arrive/],
      [{ device_id: 'A', max_viewer: 1 }, /^max_viewer: unknown field/],
    ]
    for (const [body, expected] of cases) {
      expect(
        refusalOf(() => wish(body)),
        JSON.stringify(body),
      ).to.match(expected)
    }
  })
})

describe('readShareChange', () => {
  const change = (body: unknown) => readShareChange(body, now, maxTtlMs)

  it('reads an instant or a time from now, the past too', () => {
    expect(change({ ttl_secs: 60 })).to.equal(now + 60_000)
    expect(change({ expires_at: '2026-01-01T00:01:00+00:00' })).to.equal(now + 60_000)
    expect(change({ expires_at: '2001-01-01T00:00:00Z' })).to.be.below(now)
  })

  it('refuses neither, both, too far and what is unknown', () => {
    expect(refusalOf(() => change({}))).to.match(/expires_at or ttl_secs/)
    expect(refusalOf(() => change({ ttl_secs: 1, expires_at: '2026-01-01T00:01:00Z' }))).to.match(
      /one of them/,
    )
    expect(refusalOf(() => change({ expires_at: '2026-02-01T00:00:00Z' }))).to.match(/^expires_at: /)
    expect(refusalOf(() => change({ ttl_secs: -1 }))).to.match(/^ttl_secs: /)
    expect(refusalOf(() => change({ label: 'x' }))).to.match(/^label: unknown field/)
  })
})
