import { expect } from 'chai'
import { lineBudget, limitedLines } from '../../lib/stats/limitedLines.js'

describe('limitedLines', () => {
  let at = 0
  const now = () => at
  beforeEach(() => void (at = 1000))

  it('1.2 writes the first line of a key at once, then at most one in the period, with the number held back', () => {
    const lines = limitedLines(10_000, () => true, now)
    const written: [string, number][] = []
    const tell = (key: string) => lines(key, (heldBack) => written.push([`${key}@${at}`, heldBack]))
    tell('A')
    tell('A')
    tell('B')
    at += 9_999
    tell('A')
    expect(written).to.deep.equal([
      ['A@1000', 0],
      ['B@1000', 0],
    ])
    at += 1
    tell('A')
    tell('A')
    at += 10_000
    tell('A')
    tell('B')
    expect(written.slice(2)).to.deep.equal([
      ['A@11000', 2],
      ['A@21000', 1],
      ['B@21000', 0],
    ])
  })

  it('holds a line back where the budget is used up, and tries again at the next', () => {
    let isFree = false
    const lines = limitedLines(10_000, () => isFree, now)
    const written: number[] = []
    lines('A', (heldBack) => written.push(heldBack))
    lines('A', (heldBack) => written.push(heldBack))
    isFree = true
    lines('A', (heldBack) => written.push(heldBack))
    expect(written).to.deep.equal([2])
  })
})

describe('lineBudget', () => {
  it('1.2 allows so many lines in a second, for all who share it', () => {
    let at = 5_000
    const budget = lineBudget(100, () => at)
    const allowed = () => Array.from({ length: 250 }, budget).filter(Boolean).length
    expect(allowed()).to.equal(100)
    at = 5_999
    expect(allowed()).to.equal(0)
    at = 6_000
    expect(allowed()).to.equal(100)
  })
})
