import { expect } from 'chai'
import { openGrant, permits } from '../../lib/auth/grant.js'

describe('permits', () => {
  it('permits the named devices, or all', () => {
    expect(permits(openGrant, 'A')).to.be.true
    expect(permits({ devices: new Set(['A']) }, 'A')).to.be.true
    expect(permits({ devices: new Set(['A']) }, 'B')).to.be.false
    expect(permits({ devices: new Set() }, 'A')).to.be.false
    expect(permits({ devices: new Set(['*']) }, 'A')).to.be.false
  })
})
