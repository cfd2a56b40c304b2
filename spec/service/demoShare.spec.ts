import { expect } from 'chai'
import { keyRing } from '../../lib/auth/keyRing.js'
import { openShareToken } from '../../lib/auth/shareToken.js'
import { demoShare } from '../../lib/service/demoShare.js'

describe('demoShare', () => {
  it('makes a token that its key opens, for one device and a day', async () => {
    const now = Date.UTC(2026, 0, 1)
    const { key, token } = await demoShare('A', now)
    const opened = await openShareToken(keyRing({ secretKeys: key }), token, now)
    expect(opened).to.have.nested.include({
      kind: 'sound',
      'claims.deviceId': 'A',
      'claims.expiresAt': now + 86_400_000,
      'claims.shareId': undefined,
      'claims.needsRecord': false,
    })
    expect((await demoShare('A', now)).key, 'a key of its own').to.not.equal(key)
  })
})
