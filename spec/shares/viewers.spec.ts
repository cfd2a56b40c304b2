import { expect } from 'chai'
import { viewers } from '../../lib/shares/viewers.js'

describe('viewers', () => {
  it('admits so many at a time, and counts each leaving once', () => {
    const seats = viewers()
    const first = seats.admit('a', 2)
    const second = seats.admit('a', 2)
    expect(seats.admit('a', 2)).to.be.undefined
    expect(seats.admit('b', 1)).to.not.be.undefined
    first?.()
    first?.()
    expect(seats.count('a')).to.equal(1)
    expect(seats.admit('a', 2)).to.not.be.undefined
    second?.()
    expect(seats.count('a')).to.equal(1)
    expect(seats.count('nobody')).to.equal(0)
  })

  it('admits any number where no limit is set', () => {
    const seats = viewers()
    for (let count = 0; count < 1_000; count++) expect(seats.admit('a')).to.not.be.undefined
    expect(seats.count('a')).to.equal(1_000)
  })
})
