import { expect } from 'chai'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Waiter } from '../../lib/operators/turns.js'
import { pace, type Pace } from '../../lib/session/pace.js'

/** One that is ready, and has `held` messages. */
const waiter = (onRelease: () => void, held = 1): Waiter => ({
  isReady: () => true,
  release() {
    onRelease()
    return held
  },
  stay: expect.fail,
})

const neverBusy = () => false

function waiting(count: number, now?: () => number) {
  const sessions = pace(neverBusy, now)
  let released = 0
  for (let at = 0; at < count; at++) sessions.enqueue(waiter(() => released++))
  return { sessions, released: () => released }
}

/** Waits with a batch of one message. */
function nextRound(sessions: Pace): Promise<void> {
  return new Promise((resolve) => sessions.enqueue(waiter(resolve)))
}

describe('pace', () => {
  it('releases all that wait at the end of the turn', async () => {
    const { released } = waiting(3)
    expect(released()).to.equal(0)
    await nextTurn()
    expect(released()).to.equal(3)
  })

  it('releases 256 in a turn, so that others have theirs', async () => {
    const { released } = waiting(300)
    await nextTurn()
    expect(released()).to.equal(256)
    await nextTurn()
    expect(released()).to.equal(300)
  })

  it('releases 2 in a turn in which somebody came in, so that a crowd gets in', async () => {
    const { sessions, released } = waiting(30)
    sessions.cameIn()
    await nextTurn()
    expect(released()).to.equal(2)
    sessions.cameIn()
    await nextTurn()
    expect(released()).to.equal(4)
    await nextTurn()
    expect(released()).to.equal(30)
  })

  /** Whether one that comes now is still there a millisecond before `ms` have passed. */
  async function isCollected(sessions: Pace, ms: number): Promise<boolean> {
    let isReleased = false
    const passed = new Promise((resolve) => setTimeout(resolve, ms - 1))
    sessions.enqueue(waiter(() => (isReleased = true)))
    await passed
    const isWaiting = !isReleased
    await nextRound(sessions)
    expect(isReleased).to.equal(true)
    return isWaiting
  }

  it('collects for six milliseconds once sessions get two messages a round', async () => {
    const { sessions } = waiting(3)
    sessions.enqueue(waiter(() => undefined, 8))
    await nextTurn()
    expect(await isCollected(sessions, 6)).to.equal(true)
  })

  it('collects for three milliseconds while the loop is busy', async () => {
    let isBusy = true
    const sessions = pace(() => isBusy)
    expect(await isCollected(sessions, 3)).to.equal(true)
    isBusy = false
    expect(await isCollected(sessions, 3)).to.equal(false)
  })

  it('asks sixteen whether they are ready before it releases the first of them', async () => {
    const sessions = pace(neverBusy)
    let asked = 0
    const seen: number[] = []
    for (let at = 0; at < 20; at++)
      sessions.enqueue({
        isReady: () => ++asked > 0,
        release: () => seen.push(asked),
        stay: expect.fail,
      })
    await nextTurn()
    expect(seen).to.deep.equal([...Array<number>(16).fill(16), ...Array<number>(4).fill(20)])
  })

  it('lets those stay who are not ready, and releases the others', async () => {
    const { sessions, released } = waiting(3)
    let stayed = 0
    sessions.enqueue({ isReady: () => false, release: expect.fail, stay: () => stayed++ })
    await nextTurn()
    expect([released(), stayed]).to.deep.equal([3, 1])
  })

  it('goes on where a release throws', async () => {
    const { sessions } = waiting(0)
    const thrown = new Promise((resolve) => {
      process.setUncaughtExceptionCaptureCallback(resolve)
    })
    try {
      const fail = () => {
        throw new RangeError('on purpose')
      }
      const before = nextRound(sessions)
      sessions.enqueue(waiter(fail))
      await Promise.all([before, nextRound(sessions), thrown])
    } finally {
      process.setUncaughtExceptionCaptureCallback(null)
    }
    await nextRound(sessions)
    expect(await thrown).to.be.instanceOf(RangeError)
  })

  it('gives way to a crowd for a second a round, and no longer', async () => {
    let now = 0
    const { sessions, released } = waiting(300, () => now)
    sessions.cameIn()
    await nextTurn()
    expect(released()).to.equal(2)
    now = 1_000
    sessions.cameIn()
    await nextTurn()
    expect(released()).to.equal(258)
  })
})
