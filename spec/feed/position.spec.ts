import { expect } from 'chai'
import { courseNames, dataOf, deviceTimeOf, numberIn, positionOf } from '../../lib/feed/position.js'
import { messageFixture } from '../support/fixtures.js'

const now = Date.UTC(2025, 9, 18, 1, 0, 0)
const timeOf = (data: object, timestamp?: unknown) => deviceTimeOf({ data, timestamp }, now)

describe('numberIn', () => {
  it('1.1 takes a field for a number when its text is one', () => {
    for (const [text, number] of [
      ['+20.652472', 20.652472],
      ['-100.391423', -100.391423],
      ['0.00', 0],
      ['1e2', 100],
      ['.5', 0.5],
      ['7.', 7],
    ] as const) {
      expect(numberIn({ SPEED: text }, ['SPEED']), text).to.equal(number)
    }
    expect(numberIn({ SPEED: 45 }, ['SPEED'])).to.equal(45)
    for (const value of [
      '',
      ' ',
      'abc',
      '1,5',
      '0x10',
      'Infinity',
      'NaN',
      '1e999',
      '12km',
      null,
      true,
      [1],
      {},
    ]) {
      expect(numberIn({ SPEED: value }, ['SPEED']), JSON.stringify(value)).to.equal(null)
    }
  })

  it('1.1 takes an empty text for absent', () => {
    expect(numberIn({ COURSE: '', HEADING: '90' }, courseNames)).to.equal(90)
  })
})

describe('numberIn, of texts made to be slow', () => {
  it('takes a text of over 64 characters for no number, and reads none of it twice', () => {
    expect(numberIn({ LAT: '0'.repeat(63) + '7' }, ['LAT'])).to.equal(7)
    expect(numberIn({ LAT: '0'.repeat(64) + '7' }, ['LAT'])).to.equal(null)
    expect(numberIn({ LAT: `${'1'.repeat(250_000)}x` }, ['LAT'])).to.equal(null)
  })
})

describe('dataOf', () => {
  it('is empty where a message has none', () => {
    for (const data of [undefined, null, 'text', 1]) expect(dataOf({ data })).to.deep.equal({})
  })
})

describe('positionOf', () => {
  it('1.1 knows LAT, LATITUD and LATITUDE, LON, LONGITUD and LONGITUDE', () => {
    const names = [
      ['LAT', 'LON'],
      ['LATITUD', 'LONGITUD'],
      ['LATITUDE', 'LONGITUDE'],
      ['LAT', 'LONGITUDE'],
    ] as const
    for (const [latitude, longitude] of names) {
      expect(positionOf({ data: { [latitude]: '+20.5', [longitude]: -100.4 } })).to.deep.equal({
        latitude: 20.5,
        longitude: -100.4,
      })
    }
  })

  it('reads both shapes', () => {
    expect(
      positionOf(JSON.parse(messageFixture('simple.json')) as object as Record<string, unknown>),
    ).to.deep.equal({
      latitude: -33.4567,
      longitude: -70.6789,
    })
    expect(
      positionOf(JSON.parse(messageFixture('fleet-parked.json')) as Record<string, unknown>),
    ).to.deep.equal({
      latitude: 20.652472,
      longitude: -100.391423,
    })
  })

  it('1.1 wants two finite numbers, in range', () => {
    for (const data of [
      { LAT: 1 },
      { LON: 1 },
      { LAT: '', LON: '' },
      { LAT: 90.1, LON: 0 },
      { LAT: -90.1, LON: 0 },
      { LAT: 0, LON: 180.1 },
      { LAT: 0, LON: -180.1 },
      { LAT: null, LON: 1 },
      { LAT: 'north', LON: 1 },
    ]) {
      expect(positionOf({ data }), JSON.stringify(data)).to.equal(null)
    }
    expect(positionOf({ data: { LAT: -90, LON: 180 } })).to.deep.equal({ latitude: -90, longitude: 180 })
    expect(positionOf({ data: { LAT: 0, LON: 0 } })).to.deep.equal({ latitude: 0, longitude: 0 })
    expect(positionOf({})).to.equal(null)
  })
})

describe('deviceTimeOf', () => {
  it('1.1 takes GPS_EPOCH in seconds, above 1e11 in milliseconds', () => {
    expect(timeOf({ GPS_EPOCH: '1760748676' })).to.equal(1_760_748_676_000)
    expect(timeOf({ GPS_EPOCH: 1_760_748_676 })).to.equal(1_760_748_676_000)
    expect(timeOf({ GPS_EPOCH: '1760748676123' })).to.equal(1_760_748_676_123)
  })

  it('1.1 else GPS_DATETIME as UTC', () => {
    const time = Date.UTC(2025, 9, 18, 0, 51, 16)
    for (const text of [
      '2025-10-18 00:51:16',
      '2025-10-18T00:51:16',
      '2025-10-18T00:51:16Z',
      '2025-10-17 19:51:16-05:00',
    ]) {
      expect(timeOf({ GPS_EPOCH: '', GPS_DATETIME: text }), text).to.equal(time)
    }
  })

  it('reads a GPS_DATETIME as Date.parse does, whatever stands in it', () => {
    const wellAhead = 8e15
    const expected = (text: string) => {
      const iso = text.trim().replace(' ', 'T')
      const time = Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(iso) ? iso : `${iso}Z`)
      return time > 0 ? time : null
    }
    for (const plain of ['2025-10-18 00:51:16', '2024-02-29T23:59:59', '1999-12-31 11:09:30']) {
      for (let at = 0; at <= plain.length; at++) {
        for (const part of ['', ...'0123456789 -+:.TZtx', 'é', '٣']) {
          const text = plain.slice(0, at) + part + plain.slice(at + 1)
          expect(deviceTimeOf({ data: { GPS_DATETIME: text } }, wellAhead), text).to.equal(expected(text))
        }
      }
    }
    for (const text of [
      '2025-02-30 00:00:00',
      '2025-04-31 00:00:00',
      '9999-12-31 23:59:59',
      '0099-01-01 00:00:00',
    ])
      expect(deviceTimeOf({ data: { GPS_DATETIME: text } }, wellAhead), text).to.equal(expected(text))
  })

  it('1.1 else the top-level timestamp', () => {
    expect(timeOf({}, '2024-12-11T10:30:00Z')).to.equal(Date.UTC(2024, 11, 11, 10, 30))
    expect(timeOf({ GPS_DATETIME: 'yesterday' }, '2024-12-11T10:30:00.123456+00:00')).to.equal(
      Date.UTC(2024, 11, 11, 10, 30, 0, 123),
    )
    expect(timeOf({})).to.equal(null)
    expect(timeOf({}, 1_733_913_000)).to.equal(null)
  })

  it('prefers GPS_EPOCH to GPS_DATETIME, and that to timestamp', () => {
    const data = { GPS_EPOCH: '1760748676', GPS_DATETIME: '2025-10-18 00:00:00' }
    expect(timeOf(data, '2024-12-11T10:30:00Z')).to.equal(1_760_748_676_000)
    expect(timeOf({ ...data, GPS_EPOCH: '' }, '2024-12-11T10:30:00Z')).to.equal(Date.UTC(2025, 9, 18))
  })

  it('1.1 takes a time ≤ 0, or more than 5 minutes ahead, for none', () => {
    const seconds = now / 1000
    for (const GPS_EPOCH of ['0', '-1', seconds + 301, (seconds + 301) * 1000]) {
      expect(timeOf({ GPS_EPOCH }), String(GPS_EPOCH)).to.equal(null)
    }
    expect(timeOf({ GPS_EPOCH: seconds + 300 })).to.equal(now + 300_000)
    expect(timeOf({ GPS_DATETIME: '1969-12-31 23:59:59' })).to.equal(null)
    expect(timeOf({ GPS_DATETIME: '2099-01-01 00:00:00' })).to.equal(null)
    expect(timeOf({}, '2099-01-01T00:00:00Z')).to.equal(null)
  })
})
