import { expect } from 'chai'
import { type Body, Envelope } from '../../lib/feed/envelope.js'
import { arrivals } from '../../lib/shares/arrivals.js'
import { eventually } from '../support/eventually.js'
import { memoryShareStore } from '../support/memoryShareStore.js'
import { closeAll, opens } from '../support/opened.js'
import { shareRecord } from '../support/shares.js'

const start = Date.UTC(2026, 0, 1)
const settle = () => new Promise((resolve) => setImmediate(resolve))
const home = { center: [-100, 20], radius_m: 100 } as const

function message(deviceId: string, longitude: number, epochMs: number, receivedAt = start + 60_000) {
  const body: Body = { data: { DEVICE_ID: deviceId, LAT: 20, LON: longitude, GPS_EPOCH: epochMs / 1_000 } }
  return new Envelope(deviceId, JSON.stringify(body), receivedAt, body)
}

async function opened(...records: Partial<Parameters<typeof shareRecord>[0]>[]) {
  const store = memoryShareStore()
  const clock = { now: start + 60_000 }
  for (const changes of records) {
    store.changeUnnoticed(
      shareRecord({ issuedAt: start, expiresAt: start + 600_000, arrive: home, ...changes }),
    )
  }
  const judge = arrivals(store, () => clock.now)
  const following = judge.followed$.subscribe({ error: expect.fail.bind(expect) })
  await settle()
  const arrivedOf = (shareId = 'share-a') => {
    const stored = store.stored.get(shareId)
    return stored?.kind === 'made' ? stored.arrived : undefined
  }
  opens('arrivals', () => following.unsubscribe())
  return { store, clock, judge, following, arrivedOf }
}

describe('arrivals', () => {
  afterEach(closeAll)

  it('ends a share by the first of its devices to get there', async () => {
    const { judge, arrivedOf } = await opened({ deviceIds: ['A', 'B'] })
    judge.note(message('B', -100.1, start + 1_000))
    judge.note(message('C', -100, start + 1_000))
    await settle()
    expect(arrivedOf()).to.be.undefined
    judge.note(message('B', -100.0005, start + 2_000))
    judge.note(message('A', -100, start + 3_000))
    await settle()
    expect(arrivedOf()).to.deep.equal({ at: start + 60_000, deviceId: 'B' })
  })

  it('does not judge what the device did before the share began', async () => {
    const { judge, arrivedOf } = await opened({}, { shareId: 'late', notBefore: start + 30_000 })
    judge.note(message('A', -100, start))
    judge.note(message('A', -100, start - 1_000))
    await settle()
    expect(arrivedOf()).to.be.undefined
    judge.note(message('A', -100, start + 1))
    await settle()
    expect(arrivedOf()).to.not.be.undefined
    expect(arrivedOf('late')).to.be.undefined
    judge.note(message('A', -100, start + 30_001))
    await settle()
    expect(arrivedOf('late')).to.not.be.undefined
  })

  it('leaves alone what is revoked, expired or was never to end so', async () => {
    const { judge, store, clock } = await opened(
      { shareId: 'r', revokedAt: start },
      { shareId: 'e', expiresAt: start + 90_000 },
    )
    clock.now = start + 90_000
    judge.note(message('A', -100, start + 1_000))
    await settle()
    expect([...store.stored.values()].every((share) => share.kind === 'made' && share.arrived === undefined))
      .to.be.true
  })

  it('follows shares that are made, changed and revoked meanwhile', async () => {
    const { judge, store, arrivedOf } = await opened({})
    await store.update('new', () =>
      shareRecord({ shareId: 'new', issuedAt: start, expiresAt: start + 600_000, arrive: home }),
    )
    await store.update('share-a', (stored) => stored && { ...stored, revokedAt: start })
    await settle()
    judge.note(message('A', -100, start + 1_000))
    await settle()
    expect(arrivedOf('new')).to.not.be.undefined
    expect(arrivedOf()).to.be.undefined
  })

  it('shows nothing more, and writes the arrival when the store is back, though the vehicle drove on', async () => {
    const { judge, store, arrivedOf } = await opened({})
    store.be('away')
    const there = message('A', -100, start + 1_000)
    const beyond = message('A', -101, start + 2_000)
    judge.note(there)
    judge.note(beyond)
    await settle()
    expect(arrivedOf()).to.be.undefined
    expect([judge.isPast('share-a', there), judge.isPast('share-a', beyond)]).to.deep.equal([false, true])
    store.be('well')
    await eventually(arrivedOf, (arrived) => arrived !== undefined)
    expect(arrivedOf()).to.deep.equal({ at: start + 60_000, deviceId: 'A' })
    expect(judge.isPast('share-a', beyond)).to.be.true
  })

  it('forgets the shares of silent devices that have expired, and no others', async () => {
    const { judge, clock, arrivedOf } = await opened(
      { deviceIds: ['A', 'B'] },
      { shareId: 'long', expiresAt: start + 900_000 },
    )
    expect(judge.forgetEnded()).to.equal(0)
    clock.now = start + 600_000
    expect(judge.forgetEnded()).to.equal(1)
    expect(judge.forgetEnded()).to.equal(0)
    judge.note(message('A', -100, start + 1_000))
    await settle()
    expect(arrivedOf('long')).to.not.be.undefined
    clock.now = start + 900_000
    expect(judge.forgetEnded(), 'the share that arrived is forgotten already').to.equal(0)
  })
})
