import { expect } from 'chai'
import { recencyOf, replaces } from '../../lib/feed/lastKnown.js'
import { envelopeOf } from '../support/envelopes.js'

const recency = (deviceTime: number | null, hasPosition = true) => ({ deviceTime, hasPosition })

describe('replaces', () => {
  it('1.1 lets the newest device time win', () => {
    expect(replaces(recency(1), recency(2))).to.equal(true)
    expect(replaces(recency(2), recency(1))).to.equal(false)
  })

  it('1.1 goes by arrival where either has no time, and between equals', () => {
    expect(replaces(recency(null), recency(1))).to.equal(true)
    expect(replaces(recency(1), recency(null))).to.equal(true)
    expect(replaces(recency(null), recency(null))).to.equal(true)
    expect(replaces(recency(1), recency(1))).to.equal(true)
  })

  it('1.1 never lets a message without a position replace one that has it', () => {
    expect(replaces(recency(1), recency(2, false))).to.equal(false)
    expect(replaces(recency(null), recency(null, false))).to.equal(false)
    expect(replaces(recency(2, false), recency(1))).to.equal(true)
    expect(replaces(recency(1, false), recency(2, false))).to.equal(true)
  })
})

describe('recencyOf', () => {
  it('reads time and position of a message', () => {
    const data = { GPS_EPOCH: '1760748676', LAT: '1', LON: '2' }
    expect(recencyOf(envelopeOf({ data }))).to.deep.equal(recency(1_760_748_676_000))
    expect(recencyOf(envelopeOf({}))).to.deep.equal(recency(null, false))
  })

  it('1.1 judges a time by its arrival: a receiver whose date is wrong has none', () => {
    const receivedAt = 1_760_748_676_000
    const ahead = (seconds: number) =>
      recencyOf(envelopeOf({ data: { GPS_EPOCH: receivedAt / 1000 + seconds } }, receivedAt)).deviceTime
    expect(ahead(301)).to.equal(null)
    expect(ahead(300)).to.equal(receivedAt + 300_000)
  })
})
