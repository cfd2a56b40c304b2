import { expect } from 'chai'
import { turnstile } from '../../lib/doors/turnstile.js'

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('turnstile', () => {
  it('lets one pass in each turn, in the order in which they came', async () => {
    const passed: string[] = []
    const turn$ = turnstile()
    const come = (name: string) => turn$.subscribe({ next: () => passed.push(name), error: expect.fail })
    for (const name of ['a', 'b', 'c']) come(name)
    expect(passed).to.deep.equal([])
    const counts: number[] = []
    for (let turns = 0; turns < 5; turns++) {
      await turn()
      counts.push(passed.length)
    }
    expect(counts.every((count, index) => count <= index + 1)).to.be.true
    expect(passed).to.deep.equal(['a', 'b', 'c'])
    come('d')
    await turn()
    await turn()
    expect(passed).to.deep.equal(['a', 'b', 'c', 'd'])
  })

  it('gives no turn to who has left, and goes on', async () => {
    const passed: string[] = []
    const turn$ = turnstile()
    const come = (name: string) => turn$.subscribe({ next: () => passed.push(name), error: expect.fail })
    const [first, second] = [come('a'), come('b')]
    come('c')
    first.unsubscribe()
    second.unsubscribe()
    await turn()
    await turn()
    expect(passed).to.deep.equal(['c'])
  })
})
