import { expect } from 'chai'
import { type Counters, createCounters } from '../../lib/stats/counters.js'
import { caughtUp, groupReading, type Place, totalsOf } from '../../lib/stats/groupReading.js'
import type { Snapshot } from '../../lib/stats/reading.js'

const counted = (some: Partial<Counters>): Counters => ({ ...createCounters(), ...some })

const snapshotOf = (counters: Partial<Counters>, more: Partial<Snapshot> = {}): Snapshot => ({
  counters: counted(counters),
  isFeedUp: true,
  isStoreUp: true,
  isDraining: false,
  watchedDevices: [],
  residentBytes: 10,
  heapUsedBytes: 1,
  ...more,
})

const placeOf = (snapshot: Snapshot, before: Partial<Counters> = {}): Place => ({
  before: counted(before),
  known: snapshot.counters,
  snapshot,
})

const silent = (known: Partial<Counters>, before: Partial<Counters> = {}): Place => ({
  before: counted(before),
  known: counted(known),
  snapshot: undefined,
})

const read = (...places: Place[]) => groupReading(places, { up: places.length, deaths: 0 })

describe('groupReading', () => {
  it('takes the largest of what each takes from the feed, the sum of what each has to itself', () => {
    const { counters } = read(
      placeOf(snapshotOf({ messages: 10, unwatched: 4, watches: 3, sessions: 2, delivered: 7, actors: 5 })),
      placeOf(snapshotOf({ messages: 9, unwatched: 6, watches: 1, sessions: 1, delivered: 2, actors: 6 })),
    )
    expect(counters).to.include({
      messages: 10,
      unwatched: 4,
      watches: 4,
      sessions: 3,
      delivered: 9,
      actors: 6,
    })
  })

  it('does so by name where counts have names', () => {
    const { counters } = read(
      placeOf(snapshotOf({ malformed: { bad_json: 3, oversize: 1 }, ended: { left: 2 } })),
      placeOf(snapshotOf({ malformed: { bad_json: 2 }, ended: { left: 1, draining: 4 } })),
    )
    expect(counters.malformed).to.deep.equal({ bad_json: 3, oversize: 1 })
    expect(counters.ended).to.deep.equal({ left: 3, draining: 4 })
  })

  it('counts a device once, however many workers it is watched in', () => {
    const { counters } = read(
      placeOf(snapshotOf({ devicesWatched: 2 }, { watchedDevices: ['A', 'B'] })),
      placeOf(snapshotOf({ devicesWatched: 2 }, { watchedDevices: ['B', '__proto__'] })),
    )
    expect(counters.devicesWatched).to.equal(3)
  })

  it('has its feed up where every worker has', () => {
    const up = placeOf(snapshotOf({}))
    const down = placeOf(snapshotOf({}, { isFeedUp: false }))
    expect(read(up, up).isFeedUp).to.equal(true)
    expect(read(up, down).isFeedUp).to.equal(false)
    expect(read(silent({})).isFeedUp).to.equal(false)
  })

  it('drains when all do: one that leaves alone takes nobody in, and says nothing about the others', () => {
    const leaving = placeOf(snapshotOf({}, { isDraining: true }))
    expect(read(leaving, placeOf(snapshotOf({}))).isDraining).to.equal(false)
    expect(read(leaving, leaving).isDraining).to.equal(true)
    expect(read(silent({})).isDraining).to.equal(false)
  })

  it('sums memory, and tells who answered', () => {
    const group = groupReading([placeOf(snapshotOf({})), placeOf(snapshotOf({})), silent({})], {
      up: 3,
      deaths: 1,
    })
    expect(group).to.include({ residentBytes: 20, heapUsedBytes: 2 })
    expect(group.workers).to.deep.equal({ expected: 3, up: 3, answered: 2, deaths: 1 })
  })

  it("keeps a silent worker's totals as it last told them, and leaves out its numbers of now", () => {
    const { counters } = read(
      placeOf(snapshotOf({ delivered: 5, sessions: 1 })),
      silent({ delivered: 3, sessions: 8, watches: 8, messages: 12 }),
    )
    expect(counters).to.include({ delivered: 8, sessions: 1, watches: 0, messages: 12 })
  })

  it('never goes back when a worker dies', () => {
    const other = placeOf(snapshotOf({ messages: 20, delivered: 5, ended: { left: 1 } }))
    const alive = placeOf(snapshotOf({ messages: 21, delivered: 9, sessions: 3, ended: { left: 2 } }))
    const dead = silent({}, totalsOf(alive.before, alive.known))
    expect(read(other, dead).counters).to.deep.equal({ ...read(other, alive).counters, sessions: 0 })
  })
})

describe('totalsOf', () => {
  it('adds what only grows, and forgets what is of now', () => {
    const before = counted({ delivered: 5, sessions: 0, refused: { 503: 1 } })
    const known = counted({ delivered: 2, sessions: 4, watches: 9, refused: { 403: 1, 503: 1 } })
    expect(totalsOf(before, known)).to.deep.equal(counted({ delivered: 7, refused: { 403: 1, 503: 2 } }))
  })
})

describe('caughtUp', () => {
  it('goes on where the group is in the feed, and changes nothing else', () => {
    const before = counted({ messages: 5, malformed: { bad_json: 2 }, delivered: 3 })
    const group = counted({ messages: 9, malformed: { bad_json: 1, no_device: 4 }, delivered: 50 })
    expect(caughtUp(before, group)).to.deep.equal(
      counted({ messages: 9, malformed: { bad_json: 2, no_device: 4 }, delivered: 3 }),
    )
  })

  it('so that the largest is exact when all of them have died, one after the other', () => {
    // The one dies at 1,000, the other at 2,000, and whoever comes next takes another 10.
    const first = caughtUp(totalsOf(counted({}), counted({ messages: 990 })), counted({ messages: 1000 }))
    const second = caughtUp(
      totalsOf(counted({}), counted({ messages: 1000 })),
      read(placeOf(snapshotOf({ messages: 1000 }), first)).counters,
    )
    const group = read(
      placeOf(snapshotOf({ messages: 1010 }), first),
      placeOf(snapshotOf({ messages: 10 }), second),
    )
    expect(group.counters.messages).to.equal(2010)
  })
})
