import { expect } from 'chai'
import { answerOf } from '../../lib/web/shareAnswer.js'

const now = Date.parse('2025-12-03T15:00:00Z')
const answer = (status: number, body: unknown = null, headers: { date?: string; retryAfter?: string } = {}) =>
  answerOf({ status, body, date: headers.date ?? null, retryAfter: headers.retryAfter ?? null, now })

describe('answerOf', () => {
  const body = {
    msg: 'valid',
    expires_at: '2025-12-03T15:30:00.123456+00:00',
    device_id: 'A',
    devices: ['A', 'B'],
    not_before: '2025-12-03T15:10:00+00:00',
    last_communication: null,
  }

  it('reads what a valid link permits', () => {
    expect(answer(200, body)).to.deep.equal({
      type: 'valid',
      expiresAt: Date.parse('2025-12-03T15:30:00.123Z'),
      notBefore: Date.parse('2025-12-03T15:10:00Z'),
      deviceIds: ['A', 'B'],
      lastKnown: null,
      clockAheadMs: 0,
    })
  })

  it('goes by the service’s clock where the phone’s is wrong, and not for a second', () => {
    const ahead = (date: string) => answer(200, body, { date })
    expect(ahead('Wed, 03 Dec 2025 16:00:00 GMT')).to.deep.include({ clockAheadMs: 3_600_500 })
    expect(ahead('Wed, 03 Dec 2025 15:00:01 GMT')).to.deep.include({ clockAheadMs: 0 })
    expect(ahead('no date')).to.deep.include({ clockAheadMs: 0 })
  })

  it('tells what is final from what may be tried again', () => {
    const ended = (ending: string) => ({ type: 'ended', ending })
    expect(answer(401, { detail: 'Token expired' })).to.deep.equal(ended('expired'))
    expect(answer(403, { detail: 'Invalid token' })).to.deep.equal(ended('invalid'))
    expect(answer(403, { detail: 'Invalid token: missing device_id' })).to.deep.equal(ended('invalid'))
    expect(answer(403, { detail: 'Invalid token: share revoked' })).to.deep.equal(ended('revoked'))
    expect(answer(422, { detail: [] })).to.deep.equal(ended('invalid'))
    for (const status of [404, 429, 500, 502, 503]) {
      expect(answer(status)).to.deep.equal({ type: 'lost', reason: 'away', retryAfterMs: null })
    }
    expect(answer(200, '<html>')).to.deep.include({ type: 'lost' })
    expect(answer(503, null, { retryAfter: '5' })).to.deep.include({ retryAfterMs: 5_000 })
    expect(answer(429, null, { retryAfter: '9999' })).to.deep.include({ retryAfterMs: 300_000 })
  })
})
