import { expect } from 'chai'
import { Envelope } from '../../lib/feed/envelope.js'
import { memoryLastKnown } from '../../lib/stores/memoryLastKnown.js'
import { envelopeOf } from '../support/envelopes.js'

const at = (GPS_EPOCH: unknown, more: object = {}) => ({ data: { GPS_EPOCH, LAT: 1, LON: 2, ...more } })
const unbounded = { maxDevices: 1_000_000, maxAgeMs: 0 }

describe('memoryLastKnown', () => {
  function textAfter(...bodies: Record<string, unknown>[]): unknown {
    const lastKnown = memoryLastKnown(unbounded)
    for (const body of bodies) lastKnown.note(envelopeOf(body))
    return JSON.parse(lastKnown.get('A')?.payload.toString() ?? 'null') as unknown
  }

  it('knows nothing of a device that has not reported', () => {
    expect(memoryLastKnown(unbounded).get('A')).to.equal(undefined)
  })

  it('keeps the bytes as they came, and when', () => {
    const lastKnown = memoryLastKnown(unbounded)
    const payload = Buffer.from('{ "data":{"DEVICE_ID":"A","n":1.0,"e":"🚚é\\u00e9"} }')
    lastKnown.note(new Envelope('A', payload.toString('latin1'), 1234, {}))
    expect(lastKnown.get('A')).to.deep.equal({ payload, receivedAt: 1234 })
  })

  it('1.1 is not set back by buffered history that arrives late', () => {
    expect(textAfter(at(1000), at(1002), at(1001))).to.deep.equal(at(1002))
    const [live, late] = [at(1000, { ODOMETER: 2 }), at(1000, { ODOMETER: 3 })]
    expect(textAfter(live, late)).to.deep.equal(late)
  })

  it('1.1 is not frozen by a receiver whose date was wrong', () => {
    const farAhead = at(Math.round(Date.now() / 1000) + 86_400)
    expect(textAfter(farAhead, at(1000))).to.deep.equal(at(1000))
  })

  it('1.1 keeps the message with a position over one without', () => {
    const blind = { data: { GPS_EPOCH: 1001, LAT: '', LON: '' } }
    expect(textAfter(at(1000), blind)).to.deep.equal(at(1000))
    expect(textAfter(blind, at(1000))).to.deep.equal(at(1000))
    expect(textAfter(blind)).to.deep.equal(blind)
  })

  it('1.1 holds a bounded number of devices, and lets those go that have not reported for longest', () => {
    const lastKnown = memoryLastKnown({ maxDevices: 10, maxAgeMs: 0 })
    for (let id = 0; id < 1000; id++) {
      lastKnown.note(envelopeOf({}, 1, 'busy'))
      lastKnown.note(envelopeOf({}, 1, String(id)))
    }
    const known = Array.from({ length: 1000 }, (_, id) => id).filter(
      (id) => lastKnown.get(String(id)) !== undefined,
    )
    expect(known).to.have.length(9)
    expect(Math.min(...known)).to.be.at.least(980)
    expect(lastKnown.get('busy')).to.not.equal(undefined)
  })

  it('1.1 forgets what is older than the limit, if there is one', () => {
    const lastKnown = memoryLastKnown({ maxDevices: 10, maxAgeMs: 60_000 })
    lastKnown.note(envelopeOf({}, Date.now() - 61_000, 'old'))
    lastKnown.note(envelopeOf({}, Date.now(), 'new'))
    expect(lastKnown.get('old')).to.equal(undefined)
    expect(lastKnown.get('new')).to.not.equal(undefined)
    const unlimited = memoryLastKnown(unbounded)
    unlimited.note(envelopeOf({}, 1, 'old'))
    expect(unlimited.get('old')).to.not.equal(undefined)
  })

  it('takes __proto__ and constructor for ids', () => {
    const lastKnown = memoryLastKnown(unbounded)
    expect(lastKnown.get('constructor')).to.equal(undefined)
    lastKnown.note(envelopeOf({}, 7, '__proto__'))
    expect(lastKnown.get('__proto__')).to.have.property('receivedAt', 7)
    expect(lastKnown.get('toString')).to.equal(undefined)
  })

  it('makes room at a bounded cost, where every device reported since the last time', () => {
    const lastKnown = memoryLastKnown({ maxDevices: 1000, maxAgeMs: 0 })
    const note = (id: number) => lastKnown.note(envelopeOf({ data: {} }, 1, String(id)))
    const ids = Array.from({ length: 1000 }, (_, id) => id)
    for (const id of [...ids, ...ids]) note(id)
    note(1000)
    expect([...ids, 1000].filter((id) => lastKnown.get(String(id)) === undefined)).to.deep.equal([32])
  })

  it('holds no more bytes than it may, whichever way they come', () => {
    const lastKnown = memoryLastKnown({ maxDevices: 1000, maxAgeMs: 0, maxBytes: 1000 })
    const note = (id: string, bytes: number) => lastKnown.note(new Envelope(id, 'x'.repeat(bytes), 1, {}))
    const held = () => ['A', 'B', 'C', 'D', 'E'].filter((id) => lastKnown.get(id) !== undefined)
    for (const id of ['A', 'B', 'C', 'D']) note(id, 300)
    expect(held()).to.deep.equal(['B', 'C', 'D'])
    note('D', 900) // one that grows
    expect(held()).to.deep.equal(['D'])
    note('E', 1001) // one that never fits
    expect(held()).to.deep.equal(['D'])
  })
})
