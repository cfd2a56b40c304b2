import { expect } from 'chai'
import { reportOfLastKnown, reportOfPayload, utc } from '../../lib/web/report.js'

const now = Date.parse('2025-10-18T00:52:00Z')

describe('reportOfPayload', () => {
  it('reads the fleet’s shape, where every value is a string and names are Spanish', () => {
    const payload = {
      data: {
        DEVICE_ID: '0848086072',
        LATITUD: '+20.652472',
        LONGITUD: '-100.391423',
        SPEED: '0.00',
        COURSE: '188.46',
        GPS_DATETIME: '2025-10-18 00:51:16',
        GPS_EPOCH: '1760748676',
      },
    }
    expect(reportOfPayload(payload, now, null)).to.deep.equal({
      deviceId: '0848086072',
      place: { latitude: 20.652472, longitude: -100.391423 },
      speed: 0,
      course: 188.46,
      madeAt: 1_760_748_676_000,
      heardAt: null,
    })
  })

  it('reads the short shape', () => {
    const payload = {
      timestamp: '2024-12-11T10:30:00Z',
      data: { DEVICE_ID: 7, LAT: -33.4567, LON: -70.6789, HEADING: 5, SPEED: '' },
    }
    expect(reportOfPayload(payload, now, now)).to.deep.equal({
      deviceId: '7',
      place: { latitude: -33.4567, longitude: -70.6789 },
      speed: null,
      course: 5,
      madeAt: Date.parse('2024-12-11T10:30:00Z'),
      heardAt: now,
    })
  })

  it('takes a place out of range, or half of one, for none', () => {
    for (const data of [{ LAT: 91, LON: 0 }, { LAT: 0, LON: 181 }, { LAT: 1 }, { LAT: 'x', LON: 1 }, {}]) {
      expect(reportOfPayload({ data: { DEVICE_ID: 'A', ...data } }, now, now)?.place).to.equal(null)
    }
  })

  it('does not believe a clock that is far ahead, and asks the next one', () => {
    const data = { DEVICE_ID: 'A', GPS_EPOCH: 4e9, GPS_DATETIME: '2025-10-18 00:51:16' }
    expect(reportOfPayload({ data }, now, now)?.madeAt).to.equal(1_760_748_676_000)
    expect(reportOfPayload({ data: { DEVICE_ID: 'A', GPS_EPOCH: 0 } }, now, now)?.madeAt).to.equal(null)
    expect(
      reportOfPayload({ data: { DEVICE_ID: 'A', GPS_EPOCH: 1_760_748_676_123 } }, now, now)?.madeAt,
    ).to.equal(1_760_748_676_123)
  })

  it('takes what names no device for nothing', () => {
    for (const payload of [null, 1, [], {}, { data: {} }, { data: { DEVICE_ID: '' } }]) {
      expect(reportOfPayload(payload, now, now)).to.equal(null)
    }
  })
})

describe('reportOfLastKnown', () => {
  it('reads what /init tells', () => {
    const lastKnown = {
      device_id: 'A',
      latitude: 20.5,
      longitude: -100.5,
      speed: 0,
      course: null,
      gps_datetime: '2025-10-18T00:51:16',
      received_at: '2025-10-18T00:51:17.250000+00:00',
    }
    expect(reportOfLastKnown(lastKnown, now)).to.deep.equal({
      deviceId: 'A',
      place: { latitude: 20.5, longitude: -100.5 },
      speed: 0,
      course: null,
      madeAt: 1_760_748_676_000,
      heardAt: 1_760_748_677_250,
    })
    expect(reportOfLastKnown(null, now)).to.equal(null)
  })
})

describe('utc', () => {
  it('takes an instant without an offset as UTC', () => {
    expect(utc('2025-10-18 00:51:16')).to.equal(1_760_748_676_000)
    expect(utc('2025-12-03T15:30:00.123456+00:00')).to.equal(Date.parse('2025-12-03T15:30:00.123Z'))
    expect(utc('soon')).to.equal(null)
    expect(utc(5)).to.equal(null)
  })
})
