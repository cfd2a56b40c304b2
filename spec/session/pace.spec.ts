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

/** So many sessions get a message that passes, and so many of them a second one, which waits. */
function passAndWait(sessions: Pace, first: number, second: number): void {
  for (let at = 0; at < first; at++) {
    expect(sessions.passes(0)).to.equal(true)
    sessions.wrote(1)
  }
  for (let at = 0; at < second; at++) {
    expect(sessions.passes(sessions.round)).to.equal(false)
    sessions.next$.subscribe({ next: () => sessions.wrote(1), error: expect.fail })
  }
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

  it('lets the first message of a session pass in a round, and no second', async () => {
    const { sessions } = subscribed(0)
    expect(sessions.passes(0)).to.equal(true)
    const { round } = sessions
    expect(sessions.passes(round)).to.equal(false)
    expect(sessions.passes(0), 'of another session').to.equal(true)
    await nextTurn()
    expect(sessions.round).to.equal(round + 1)
    expect(sessions.passes(round)).to.equal(true)
  })

  it('lets nothing pass what waits from before', async () => {
    const { sessions } = subscribed(65)
    await nextTurn()
    expect(sessions.passes(0)).to.equal(false)
    await nextTurn()
    expect(sessions.passes(0)).to.equal(true)
  })

  it('lets 1,024 pass in a round, and takes those who wait beside them for what they are', async () => {
    const { sessions } = subscribed(0)
    for (let at = 0; at < 2048; at++) {
      const passes = sessions.passes(0)
      expect(passes).to.equal(at < 1024)
      if (passes) sessions.wrote(1)
      else sessions.next$.subscribe({ next: () => sessions.wrote(1), error: expect.fail })
    }
    await nextRound(sessions)
    expect(sessions.passes(0)).to.equal(true)
  })

  it('lets nothing pass in the round in which somebody came in, nor in the next', async () => {
    const { sessions } = subscribed(1)
    sessions.cameIn()
    expect(sessions.passes(0)).to.equal(false)
    await nextTurn()
    expect(sessions.passes(0)).to.equal(false)
    await nextRound(sessions)
    expect(sessions.passes(0)).to.equal(true)
  })

  it('lets nothing pass once more than one session in ten gets a second message', async () => {
    const { sessions } = subscribed(0)
    passAndWait(sessions, 10, 1)
    await nextTurn()
    expect(sessions.passes(0), 'with 11 messages for 10').to.equal(true)
    sessions.wrote(1)
    await nextTurn()
    passAndWait(sessions, 10, 2)
    await nextTurn()
    expect(sessions.passes(0), 'with 12 messages for 10').to.equal(false)
    await nextRound(sessions)
    expect(sessions.passes(0)).to.equal(true)
  })

  it('collects for a millisecond once sessions get two messages a round', async () => {
    const { sessions } = subscribed(0)
    passAndWait(sessions, 3, 3)
    await nextTurn()
    const passed = new Promise((resolve) => setTimeout(resolve, 1))
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
    const { sessions, released } = subscribed(100, () => now)
    sessions.cameIn()
    await nextTurn()
    expect(released()).to.equal(2)
    now = 1_000
    sessions.cameIn()
    await nextTurn()
    expect(released()).to.equal(66)
  })
})
