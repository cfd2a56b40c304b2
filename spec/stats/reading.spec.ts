import { expect } from 'chai'
import { createCounters } from '../../lib/stats/counters.js'
import { type GroupState, type Reading, readinessOf, statsOf } from '../../lib/stats/reading.js'

const alone: Reading = {
  counters: { ...createCounters(), messages: 9, watches: 4, devicesWatched: 3, sessions: 2 },
  isFeedUp: true,
  isStoreUp: true,
  isDraining: false,
  residentBytes: 0,
  heapUsedBytes: 0,
}
const group = (state: Partial<GroupState>, more: Partial<Reading> = {}): Reading => ({
  ...alone,
  ...more,
  workers: { expected: 3, up: 3, answered: 3, deaths: 0, ...state },
})
const status = (reading: Reading) => {
  const { isReady, body } = readinessOf(reading)
  return `${isReady ? 200 : 503} ${body.status}`
}

describe('statsOf', () => {
  it('has the names that clients read', () => {
    expect(statsOf(alone)).to.deep.equal({
      total_messages_processed: 9,
      active_subscribers: 4,
      devices_being_monitored: 3,
      open_sessions: 2,
    })
  })

  it('says of a group whose numbers are in it', () => {
    expect(statsOf(group({ answered: 2 }))).to.include({ workers: 3, workers_answered: 2 })
  })
})

describe('readinessOf', () => {
  it('is ready while the feed is up and nothing drains', () => {
    expect(status(alone)).to.equal('200 ready')
    expect(status({ ...alone, isFeedUp: false })).to.equal('503 feed_down')
    expect(status({ ...alone, isFeedUp: false, isDraining: true })).to.equal('503 draining')
  })

  it('2.7 is ready, and degraded, while the store of shares is away', () => {
    expect(status({ ...alone, isStoreUp: false })).to.equal('200 degraded')
    expect(status({ ...alone, isStoreUp: false, isFeedUp: false })).to.equal('503 feed_down')
  })

  it('is not ready where a worker that takes connections says nothing', () => {
    expect(status(group({ answered: 2 }))).to.equal('503 worker_silent')
  })

  it('is not ready until all have come, or the first would get everybody', () => {
    expect(status(group({ up: 2, answered: 2 }))).to.equal('503 starting')
  })

  it('is ready, and degraded, while a dead worker is replaced', () => {
    expect(status(group({ up: 2, answered: 2, deaths: 1 }))).to.equal('200 degraded')
    expect(status(group({ up: 2, answered: 2, deaths: 1 }, { isFeedUp: false }))).to.equal('503 feed_down')
  })
})
