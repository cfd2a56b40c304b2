import { expect } from 'chai'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pace } from '../../lib/session/pace.js'

function subscribed(count: number, now?: () => number) {
  const sessions = pace(now)
  let released = 0
  for (let at = 0; at < count; at++)
    sessions.next$.subscribe({ next: () => released++, error: expect.fail, complete: () => undefined })
  return { sessions, released: () => released }
}

describe('pace', () => {
  it('releases all that wait at the end of the turn', async () => {
    const { released } = subscribed(3)
    expect(released()).to.equal(0)
    await nextTurn()
    expect(released()).to.equal(3)
  })

  it('releases 64 in a turn, so that others have theirs', async () => {
    const { released } = subscribed(100)
    await nextTurn()
    expect(released()).to.equal(64)
    await nextTurn()
    expect(released()).to.equal(100)
  })

  it('releases 2 in a turn in which somebody came in, so that a crowd gets in', async () => {
    const { sessions, released } = subscribed(30)
    sessions.cameIn()
    await nextTurn()
    expect(released()).to.equal(2)
    sessions.cameIn()
    await nextTurn()
    expect(released()).to.equal(4)
    await nextTurn()
    expect(released()).to.equal(30)
  })

  it('gives way to a crowd for a quarter of a second a round, and no longer', async () => {
    let now = 0
    const { sessions, released } = subscribed(100, () => now)
    sessions.cameIn()
    await nextTurn()
    expect(released()).to.equal(2)
    now = 250
    sessions.cameIn()
    await nextTurn()
    expect(released()).to.equal(66)
  })
})
