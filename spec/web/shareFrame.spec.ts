import { expect } from 'chai'
import { afterClose, retryAfterOf } from '../../lib/web/shareFrame.js'

const close = (code: number, reason = '') =>
  afterClose({ code, reason, announced: undefined, retryAfterMs: null })

describe('afterClose', () => {
  it('does not come back where that changes nothing', () => {
    for (const [code, reason, ending] of [
      [1000, 'Token expired', 'expired'],
      [1000, '', 'expired'],
      [1008, 'Token expired', 'expired'],
      [1008, 'Invalid token', 'invalid'],
      [1008, 'Invalid token: share revoked', 'revoked'],
      [1008, 'Share revoked', 'revoked'],
      [1008, 'Too many frames', 'failed'],
      [1002, '', 'failed'],
      [1007, '', 'failed'],
      [1009, '', 'failed'],
    ] as const) {
      expect(close(code, reason), `${code} ${reason}`).to.deep.equal({ type: 'ended', ending })
    }
  })

  it('comes back after the others', () => {
    for (const code of [1001, 1005, 1006, 1011, 1012, 4000]) {
      expect(close(code)).to.deep.equal({ type: 'lost', reason: 'away', retryAfterMs: null })
    }
    expect(close(1013, 'Too many viewers')).to.deep.include({ type: 'lost', reason: 'busy' })
    expect(close(1013)).to.deep.include({ reason: 'busy' })
    expect(close(1013, 'Store unavailable')).to.deep.include({ reason: 'away' })
    expect(close(1013, 'Too slow')).to.deep.include({ reason: 'away' })
  })

  it('believes what was announced before it', () => {
    expect(afterClose({ code: 1006, reason: '', announced: 'revoked', retryAfterMs: null })).to.deep.equal({
      type: 'ended',
      ending: 'revoked',
    })
  })
})

describe('retryAfterOf', () => {
  it('reads a delay, and no more than a minute of it', () => {
    expect(retryAfterOf({ retry_after_ms: 1_234 })).to.equal(1_234)
    expect(retryAfterOf({ retry_after_ms: 1e9 })).to.equal(60_000)
    for (const data of [null, 5, {}, { retry_after_ms: 'x' }, { retry_after_ms: -1 }]) {
      expect(retryAfterOf(data)).to.equal(null)
    }
  })
})
