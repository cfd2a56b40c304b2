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

  it('is calm while nothing waits from before, and counts the turns', async () => {
    const { sessions } = subscribed(0)
    expect(sessions.isCalm).to.equal(true)
    const { turn } = sessions
    sessions.passed()
    expect(sessions.isCalm, 'in the same turn').to.equal(true)
    expect(sessions.turn).to.equal(turn)
    await nextTurn()
    expect(sessions.turn).to.equal(turn + 1)
    const { sessions: busy } = subscribed(65)
    await nextTurn()
    expect(busy.isCalm, 'one waits from before').to.equal(false)
    await nextTurn()
    expect(busy.isCalm).to.equal(true)
  })

  it('lets 1,024 pass in a turn', async () => {
    const { sessions } = subscribed(0)
    for (let at = 0; at < 1023; at++) sessions.passed()
    expect(sessions.isCalm).to.equal(true)
    sessions.passed()
    expect(sessions.isCalm).to.equal(false)
    await nextTurn()
    expect(sessions.isCalm).to.equal(true)
  })

  it('is not calm in the turn in which somebody came in, nor in the next', async () => {
    const { sessions } = subscribed(0)
    sessions.passed()
    sessions.cameIn()
    expect(sessions.isCalm).to.equal(false)
    await nextTurn()
    expect(sessions.isCalm).to.equal(false)
    sessions.next$.subscribe({ next: () => undefined, error: expect.fail })
    await nextTurn()
    expect(sessions.isCalm).to.equal(true)
  })

  it('is not calm where sessions had two messages in a turn, one that passed and one that waited', async () => {
    const { sessions } = subscribed(0)
    for (let at = 0; at < 3; at++) {
      sessions.passed()
      sessions.wrote(1)
      sessions.next$.subscribe({ next: () => sessions.wrote(1), error: expect.fail })
    }
    await nextTurn()
    expect(sessions.isCalm).to.equal(false)
    await new Promise<void>((resolve) => {
      sessions.next$.subscribe({
        next() {
          sessions.wrote(1)
          resolve()
        },
        error: expect.fail,
      })
    }) // a millisecond later now
    expect(sessions.isCalm).to.equal(true)
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
