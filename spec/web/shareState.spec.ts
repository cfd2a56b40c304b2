import { expect } from 'chai'
import type { Report } from '../../lib/web/report.js'
import type { ShareNews, Valid } from '../../lib/web/shareNews.js'
import { firstState, nextState, screenOf, type ShareState } from '../../lib/web/shareState.js'

const valid: Valid = {
  type: 'valid',
  expiresAt: 1_800_000,
  notBefore: null,
  deviceIds: ['A'],
  lastKnown: null,
  clockAheadMs: 0,
}
const report = (more: Partial<Report> = {}): Report => ({
  deviceId: 'A',
  place: { latitude: 20, longitude: -100 },
  speed: 40,
  course: 90,
  madeAt: 1_000,
  heardAt: 2_000,
  ...more,
})
const reported = (more: Partial<Report> = {}): ShareNews => ({ type: 'reported', report: report(more) })
const after = (...news: ShareNews[]): ShareState => news.reduce(nextState, firstState)
const vehicle = (...news: ShareNews[]) => after(...news).vehicles.get('A')
const opened: ShareNews = { type: 'opened' }
const waiting = (reason: 'away' | 'busy'): ShareNews => ({ type: 'waiting', reason, until: 5_000 })

describe('nextState', () => {
  it('shows where the vehicle was last heard, before it says anything', () => {
    expect(vehicle({ ...valid, lastKnown: report() })).to.deep.include({
      place: { latitude: 20, longitude: -100 },
      heardAt: 2_000,
      heading: 90,
      trail: [[{ latitude: 20, longitude: -100 }]],
    })
  })

  it('moves the vehicle, and draws where it came from', () => {
    const moved = vehicle(
      reported(),
      reported({ place: { latitude: 20.01, longitude: -100 }, madeAt: 3_000, heardAt: 4_000 }),
    )
    expect(moved?.trail).to.deep.equal([
      [
        { latitude: 20, longitude: -100 },
        { latitude: 20.01, longitude: -100 },
      ],
    ])
    expect(moved?.heardAt).to.equal(4_000)
  })

  it('takes late history for a sign of life, and not for where the vehicle is', () => {
    const late = vehicle(
      reported(),
      reported({ place: { latitude: 1, longitude: 1 }, madeAt: 500, heardAt: 9_000 }),
    )
    expect(late).to.deep.include({ place: { latitude: 20, longitude: -100 }, heardAt: 9_000, madeAt: 1_000 })
  })

  it('keeps the place of a vehicle that does not know where it is', () => {
    expect(vehicle(reported({ place: null }))).to.equal(undefined)
    expect(vehicle(reported(), reported({ place: null, heardAt: 9_000 }))).to.deep.include({
      place: { latitude: 20, longitude: -100 },
      heardAt: 9_000,
    })
  })

  it('knows from /init when a snapshot was heard', () => {
    expect(vehicle({ ...valid, lastKnown: report() }, reported({ heardAt: null }))?.heardAt).to.equal(2_000)
    expect(vehicle(reported({ heardAt: null }))?.heardAt).to.equal(1_000)
    expect(vehicle(reported(), reported({ heardAt: null, madeAt: 8_000 }))?.heardAt).to.equal(8_000)
  })

  it('points a parked vehicle nowhere, and a moving one where it goes', () => {
    expect(vehicle(reported({ speed: 0, course: 0 }))?.heading).to.equal(null)
    const north = { latitude: 20.01, longitude: -100 }
    expect(vehicle(reported({ course: null }), reported({ course: null, place: north }))?.heading).to.equal(0)
    expect(vehicle(reported(), reported({ speed: 0, course: 0 }))?.heading).to.equal(90)
  })

  it('begins a new piece of trail after a silence', () => {
    const place = { latitude: 20.01, longitude: -100 }
    expect(vehicle(reported(), reported({ place, heardAt: 200_000, madeAt: 199_000 }))?.trail).to.have.length(
      2,
    )
  })

  it('forgets where a vehicle was that is no longer shared, unless it arrived', () => {
    for (const ending of ['expired', 'revoked', 'invalid', 'failed'] as const) {
      expect(after(reported(), { type: 'ended', ending }).vehicles).to.have.length(0)
    }
    expect(after(reported(), { type: 'ended', ending: 'arrived' }).vehicles).to.have.length(1)
  })
})

describe('screenOf', () => {
  const screen = (...news: ShareNews[]) => screenOf(after(...news), 1_000)

  it('follows a link from its opening', () => {
    expect(screen()).to.equal('connecting')
    expect(screen({ type: 'connecting' }, valid)).to.equal('connecting')
    expect(screen(valid, opened)).to.equal('noPosition')
    expect(screen(valid, opened, reported())).to.equal('live')
    expect(screen({ ...valid, notBefore: 2_000 }, opened)).to.equal('notBegun')
    expect(screen({ ...valid, notBefore: 500 }, opened)).to.equal('noPosition')
  })

  it('keeps the map while it reconnects, where there is one', () => {
    expect(screen(valid, opened, reported(), waiting('away'))).to.equal('live')
    expect(screen(valid, opened, waiting('away'), { type: 'connecting' })).to.equal('reconnecting')
    expect(screen(waiting('away'))).to.equal('reconnecting')
  })

  it('says that too many watch until the stream stays open', () => {
    expect(screen(valid, waiting('busy'))).to.equal('busy')
    expect(screen(valid, waiting('busy'), { type: 'connecting' }, valid)).to.equal('busy')
    expect(screen(valid, waiting('busy'), { type: 'connecting' }, valid, opened)).to.equal('noPosition')
  })

  it('shows each ending', () => {
    for (const ending of ['expired', 'revoked', 'arrived', 'invalid', 'failed'] as const) {
      expect(screen(valid, opened, reported(), { type: 'ended', ending })).to.equal(ending)
    }
  })
})
