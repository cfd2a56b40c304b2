import { expect } from 'chai'
import fc from 'fast-check'
import { filter } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { type Area, distanceMetres, isWithin, type Place, within } from '../../lib/operators/within.js'

const at = (longitude: number, latitude: number): Place => ({ latitude, longitude })
const places = fc
  .tuple(fc.double({ min: -180, max: 180, noNaN: true }), fc.double({ min: -90, max: 90, noNaN: true }))
  .map(([longitude, latitude]) => at(longitude, latitude))

describe('within', () => {
  const area: Area = { bbox: [-101, 20, -100, 21] }

  it('passes on what lies in the area', () => {
    const scheduler = new TestScheduler((actual, expected) => void expect(actual).to.deep.equal(expected))
    scheduler.run((rx) => {
      const values = { a: at(-100.5, 20.5), b: at(-99, 20.5), c: at(-100, 21), d: null }
      const source$ = rx.hot<Place | null>('-a-b-c-d-|', values)
      rx.expectObservable(source$.pipe(within(area, (place) => place))).toBe('-a---c---|', values)
      rx.expectSubscriptions(source$.subscriptions).toBe('                   ^--------!')
      const same$ = rx.hot<Place | null>('-a-b-c-d-|', values)
      rx.expectObservable(same$.pipe(within(area, (place) => place))).toEqual(
        same$.pipe(filter((place) => isWithin(area, place))),
      )
    })
  })

  it('counts the edge as inside, and what has no place as outside', () => {
    expect(isWithin(area, at(-101, 20))).to.be.true
    expect(isWithin(area, at(-101.000001, 20))).to.be.false
    expect(isWithin(area, at(-100.5, 21.000001))).to.be.false
    expect(isWithin(area, null)).to.be.false
    expect(isWithin(area, undefined)).to.be.false
  })

  it('crosses the antimeridian when minLon > maxLon', () => {
    const fiji: Area = { bbox: [176, -20, -178, -15] }
    expect([at(177, -17), at(180, -17), at(-180, -17), at(-179, -17)].every((place) => isWithin(fiji, place)))
      .to.be.true
    expect([at(0, -17), at(175, -17), at(-177, -17), at(177, -21)].some((place) => isWithin(fiji, place))).to
      .be.false
  })

  it('knows the antimeridian by both its names', () => {
    expect(isWithin({ bbox: [170, -10, 180, 10] }, at(-180, 0))).to.be.true
    expect(isWithin({ bbox: [-180, -10, -170, 10] }, at(180, 0))).to.be.true
    expect(isWithin({ bbox: [-180, -90, 180, 90] }, at(180, 0))).to.be.true
    expect(isWithin({ bbox: [170, -10, 179, 10] }, at(-180, 0))).to.be.false
  })

  it('measures metres on the ground, also across the antimeridian and at the poles', () => {
    const london = at(-0.1278, 51.5074)
    const paris = at(2.3522, 48.8566)
    expect(distanceMetres(london, paris)).to.be.closeTo(343_556, 500)
    expect(distanceMetres(at(179.999, 0), at(-179.999, 0))).to.be.closeTo(222.4, 0.1)
    expect(distanceMetres(at(0, 90), at(123, 90))).to.be.closeTo(0, 1e-6)
    expect(distanceMetres(at(0, 0), at(180, 0))).to.be.closeTo(Math.PI * 6_371_008.8, 1)
    expect(isWithin({ center: [-100.39, 20.65], radius_m: 500 }, at(-100.39, 20.6544))).to.be.true
    expect(isWithin({ center: [-100.39, 20.65], radius_m: 500 }, at(-100.39, 20.6546))).to.be.false
  })

  it('holds: distance is symmetric, never negative, and 0 to itself', () => {
    fc.assert(
      fc.property(places, places, (a, b) => {
        expect(distanceMetres(a, b)).to.be.within(0, 20_015_200)
        expect(distanceMetres(a, b)).to.be.closeTo(distanceMetres(b, a), 1e-6)
        expect(distanceMetres(a, a)).to.equal(0)
      }),
    )
  })
})
