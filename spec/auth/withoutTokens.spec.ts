import { expect } from 'chai'
import { withoutTokens } from '../../lib/auth/withoutTokens.js'
import { pasetoFixture } from '../support/vectors.js'

describe('withoutTokens', () => {
  const { token } = pasetoFixture('pyseto').tokens.issuer
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'

  it('hides tokens in paths, queries and sentences, and leaves the rest', () => {
    expect(withoutTokens(`GET /share/${token} 302`)).to.equal('GET /share/[token] 302')
    expect(withoutTokens(`GET /share/${token}.Zm9v?a=1`)).to.equal('GET /share/[token]?a=1')
    expect(withoutTokens(`/api/v1/stream?device_ids=A&token=${jwt}&seq=true`)).to.equal(
      '/api/v1/stream?device_ids=A&token=[token]&seq=true',
    )
    expect(withoutTokens('/init?token=anything')).to.equal('/init?token=[token]')
    expect(withoutTokens(`Bearer ${jwt}, then ${token}`)).to.equal('Bearer [token], then [token]')
    expect(withoutTokens(`/share/${token.slice(0, 60)}`)).to.equal('/share/[token]')
    expect(withoutTokens('GET /api/v1/stream?device_ids=A,B 101')).to.equal(
      'GET /api/v1/stream?device_ids=A,B 101',
    )
  })
})
