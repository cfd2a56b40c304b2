import { expect } from 'chai'
import fc from 'fast-check'
import { formatInstant, parseInstant } from '../../lib/auth/instant.js'

describe('parseInstant', () => {
  it("reads Python's isoformat, with and without microseconds, with Z and with an offset", () => {
    expect(parseInstant('2025-12-03T15:00:00.123456+00:00')).to.equal(Date.UTC(2025, 11, 3, 15, 0, 0, 123))
    expect(parseInstant('2025-12-03T15:00:00+00:00')).to.equal(Date.UTC(2025, 11, 3, 15))
    expect(parseInstant('2025-12-03T15:00:00Z')).to.equal(Date.UTC(2025, 11, 3, 15))
    expect(parseInstant('2025-12-03T15:00:00.5Z')).to.equal(Date.UTC(2025, 11, 3, 15, 0, 0, 500))
    expect(parseInstant('2025-12-03T09:30:00-05:30')).to.equal(Date.UTC(2025, 11, 3, 15))
    expect(parseInstant('2025-12-03T16:00:00+01:00')).to.equal(Date.UTC(2025, 11, 3, 15))
    expect(parseInstant('2024-02-29T00:00:00Z')).to.equal(Date.UTC(2024, 1, 29))
    expect(parseInstant('9999-12-31T23:59:59.999999+00:00')).to.equal(Date.UTC(9999, 11, 31, 23, 59, 59, 999))
    expect(parseInstant('0001-01-01T00:00:00Z')).to.equal(-62_135_596_800_000)
  })

  it('refuses what is no instant with an offset', () => {
    const refused = [
      '2025-02-30T00:00:00+00:00',
      '2025-02-29T00:00:00+00:00',
      '2025-13-01T00:00:00Z',
      '2025-00-01T00:00:00Z',
      '2025-01-00T00:00:00Z',
      '0000-01-01T00:00:00Z',
      '0001-01-01T00:00:00+23:59',
      '9999-12-31T23:59:59-00:01',
      '2025-12-03T24:00:00Z',
      '2025-12-03T15:60:00Z',
      '2025-12-03T15:00:60Z',
      '2025-12-03T15:00:00',
      '2025-12-03T15:00:00.123456',
      '2025-12-03T15:00:00+24:00',
      '2025-12-03T15:00:00+00:60',
      '2025-12-03T15:00:00+0000',
      '2025-12-03T15:00:00+00',
      '2025-12-03T15:00:00.Z',
      '2025-12-03T15:00:00,5Z',
      '2025-12-03 15:00:00Z',
      '2025-12-03t15:00:00z',
      '2025-12-03T15:00Z',
      '2025-12-03',
      ' 2025-12-03T15:00:00Z',
      '2025-12-03T15:00:00Z\n',
      '+02025-12-03T15:00:00Z',
      '0001-01-01T00:00:00+00:01',
      '9999-12-31T23:59:59-00:01',
      '1764774000',
      '',
      1_764_774_000,
      null,
      undefined,
      {},
    ]
    for (const text of refused) expect(parseInstant(text), JSON.stringify(text)).to.be.undefined
  })
})

describe('formatInstant', () => {
  it("writes Python's isoformat, microseconds left out when zero", () => {
    expect(formatInstant(Date.UTC(2025, 11, 3, 15))).to.equal('2025-12-03T15:00:00+00:00')
    expect(formatInstant(Date.UTC(2025, 11, 3, 15, 0, 0, 123))).to.equal('2025-12-03T15:00:00.123000+00:00')
    for (const beyond of [Date.UTC(10_000, 0), Date.parse('0000-12-31T23:59:59Z'), NaN])
      expect(() => formatInstant(beyond)).to.throw(RangeError)
  })

  it('holds: parseInstant reads back what formatInstant writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1, 0) + 6e13, max: Date.UTC(9999, 11, 31) }), (atMs) => {
        expect(parseInstant(formatInstant(atMs))).to.equal(atMs)
      }),
    )
  })
})
