import { expect } from 'chai'
import { extended, faded, type Trail } from '../../lib/web/trail.js'

const at = (metresNorth: number) => ({ latitude: metresNorth / 111_195, longitude: 0 })
const through = (...metres: number[]) =>
  metres.reduce<Trail>((trail, each) => extended(trail, at(each), false), [])

describe('extended', () => {
  it('grows as the vehicle moves, and not as a parked receiver wanders', () => {
    expect(through(0, 10, 12, 20)).to.deep.equal([[at(0), at(10), at(20)]])
  })

  it('draws no way that it does not know', () => {
    expect(through(0, 10, 9_000, 9_010)).to.deep.equal([
      [at(0), at(10)],
      [at(9_000), at(9_010)],
    ])
    expect(extended([[at(0)]], at(10), true)).to.deep.equal([[at(0)], [at(10)]])
  })

  it('forgets its oldest end', () => {
    const short = { length: 3 }
    expect(extended([[at(0), at(10)], [at(20)]], at(30), false, short)).to.deep.equal([
      [at(10)],
      [at(20), at(30)],
    ])
    expect(extended([[at(0)], [at(20), at(30)]], at(40), false, short)).to.deep.equal([
      [at(20), at(30), at(40)],
    ])
  })
})

describe('faded', () => {
  it('cuts the trail in three, each going on where the other ends', () => {
    expect(faded([[0, 10, 20, 30, 40, 50].map(at)])).to.deep.equal([
      [[at(0), at(10)]],
      [[at(10), at(20), at(30)]],
      [[at(30), at(40), at(50)]],
    ])
  })

  it('keeps its pieces apart', () => {
    expect(faded([[at(0)], [at(900), at(910)]])).to.deep.equal([[[at(0)]], [[at(900)]], [[at(900), at(910)]]])
    expect(faded([])).to.deep.equal([[], [], []])
  })
})
