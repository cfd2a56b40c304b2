import { expect } from 'chai'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { produce } from '../../lib/operators/link.js'
import { pace, type Pace } from '../../lib/session/pace.js'

function subscribed(count: number, now?: () => number) {
  const sessions = pace(now)
  let released = 0
  for (let at = 0; at < count; at++)
    sessions.next$.subscribe({ next: () => released++, error: expect.fail, complete: () => undefined })
  return { sessions, released: () => released }
}

/** Waits with a batch of one message. */
function nextRound(sessions: Pace): Promise<void> {
  return new Promise((resolve) => {
    sessions.next$.subscribe({
      next() {
        sessions.wrote(1)
        resolve()
      },
      error: expect.fail,
    })
  })
}

describe('pace', () => {
  it('releases all that wait at the end of the turn', async () => {
    const { released } = subscribed(3)
    expect(released()).to.equal(0)
    await nextTurn()
    expect(released()).to.equal(3)
  })

  it('releases 256 in a turn, so that others have theirs', async () => {
    const { released } = subscribed(300)
    await nextTurn()
    expect(released()).to.equal(256)
    await nextTurn()
    expect(released()).to.equal(300)
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

  it('collects for three milliseconds once sessions get two messages a round', async () => {
    const { sessions } = subscribed(3)
    sessions.next$.subscribe({ next: () => sessions.wrote(8), error: expect.fail })
    await nextTurn()
    const passed = new Promise((resolve) => setTimeout(resolve, 2))
    let isReleased = false
    sessions.next$.subscribe({ next: () => (isReleased = true), error: expect.fail })
    await passed
    expect(isReleased).to.equal(false)
    await nextRound(sessions)
    expect(isReleased).to.equal(true)
  })

  it('goes on where a release throws', async () => {
    const { sessions } = subscribed(0)
    const thrown = new Promise((resolve) => {
      process.setUncaughtExceptionCaptureCallback(resolve)
    })
    try {
      produce<unknown>((out) => {
        out.next = () => {
          throw new RangeError('on purpose')
        }
        sessions.next$.subscribe(out)
      }).subscribe({ error: expect.fail })
      await Promise.all([nextRound(sessions), thrown])
    } finally {
      process.setUncaughtExceptionCaptureCallback(null)
    }
    await nextRound(sessions)
    expect(await thrown).to.be.instanceOf(RangeError)
  })

  it('gives way to a crowd for a second a round, and no longer', async () => {
    let now = 0
    const { sessions, released } = subscribed(300, () => now)
    sessions.cameIn()
    await nextTurn()
    expect(released()).to.equal(2)
    now = 1_000
    sessions.cameIn()
    await nextTurn()
    expect(released()).to.equal(258)
  })
})
