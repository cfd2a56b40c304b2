import { expect } from 'chai'
import { Attention } from '../../lib/session/attention.js'

describe('Attention', () => {
  const keepAliveMs = 1_000
  let now = 0

  beforeEach(() => {
    now = 0
    performance.now = () => now
  })
  afterEach(() => {
    Reflect.deleteProperty(performance, 'now') // and what it inherits shows again
  })

  it('calls a peer silent that answers no ping for two periods', () => {
    const attention = new Attention()
    now = 1_000
    attention.pinged()
    expect(attention.isSilent(keepAliveMs)).to.equal(false)
    now = 2_000
    expect(attention.isSilent(keepAliveMs)).to.equal(true)
    attention.heard(false)
    expect(attention.isSilent(keepAliveMs)).to.equal(false)
  })

  it('gives a peer time to answer where the service was frozen, and two periods ended at once', () => {
    const attention = new Attention()
    now = 60_000
    expect(attention.isSilent(keepAliveMs)).to.equal(false)
    attention.pinged()
    now += 25
    expect(attention.isSilent(keepAliveMs)).to.equal(false)
    now += 1_000
    expect(attention.isSilent(keepAliveMs)).to.equal(true)
  })
})
