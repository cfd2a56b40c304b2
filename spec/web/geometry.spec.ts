import { expect } from 'chai'
import { bearingBetween, distanceBetween, placeBetween, turn, windOf } from '../../lib/web/geometry.js'

const at = (latitude: number, longitude: number) => ({ latitude, longitude })

describe('distanceBetween', () => {
  it('measures along the great circle, also across the antimeridian', () => {
    expect(distanceBetween(at(0, 0), at(0, 1))).to.be.closeTo(111_195, 1)
    expect(distanceBetween(at(0, 179.5), at(0, -179.5))).to.be.closeTo(111_195, 1)
    expect(distanceBetween(at(0, 0), at(0, 180))).to.be.closeTo(20_015_115, 1)
    expect(distanceBetween(at(20, -100), at(20, -100))).to.equal(0)
  })
})

describe('bearingBetween', () => {
  it('goes clockwise from north', () => {
    expect(bearingBetween(at(0, 0), at(1, 0))).to.equal(0)
    expect(bearingBetween(at(0, 0), at(0, 1))).to.equal(90)
    expect(bearingBetween(at(0, 0), at(-1, 0))).to.equal(180)
    expect(bearingBetween(at(0, 179.9), at(0, -179.9))).to.be.closeTo(90, 1e-9)
  })
})

describe('turn', () => {
  it('goes the short way round', () => {
    expect(turn(350, 10)).to.equal(20)
    expect(turn(10, 350)).to.equal(-20)
  })
})

describe('placeBetween', () => {
  it('goes the short way round the globe', () => {
    expect(placeBetween(at(0, 0), at(10, 20), 0.5)).to.deep.equal(at(5, 10))
    expect(placeBetween(at(0, 179), at(0, -179), 0.75)).to.deep.equal(at(0, -179.5))
  })
})

describe('windOf', () => {
  it('is the nearest of the eight', () => {
    expect([0, 22, 23, 45, 90, 180, 270, 337, 338, 360, -45].map(windOf)).to.deep.equal([
      0, 0, 1, 1, 2, 4, 6, 7, 0, 0, 7,
    ])
  })
})
