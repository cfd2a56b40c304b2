import { expect } from 'chai'
import { lastCommunication } from '../../lib/shares/lastCommunication.js'

const receivedAt = Date.UTC(2025, 9, 18, 0, 51, 17)
const read = (data: Record<string, unknown>, more = {}) =>
  lastCommunication('A', { data, ...more }, receivedAt)

describe('lastCommunication', () => {
  it("reads the fleet's messages, where every value is a string", () => {
    const data = {
      DEVICE_ID: 'A',
      LATITUD: '+20.652472',
      LONGITUD: '-100.391423',
      SPEED: '0.00',
      COURSE: '188.46',
      GPS_DATETIME: '2025-10-18 00:51:16',
      ENGINE_STATUS: 'OFF',
      FIX_: '1',
      SATELLITES: '9',
      BACKUP_BATTERY_VOLTAGE: '4.10',
      MAIN_BATTERY_VOLTAGE: '12.86',
      ODOMETER: '184223192',
    }
    expect(read(data)).to.deep.equal({
      device_id: 'A',
      latitude: 20.652472,
      longitude: -100.391423,
      speed: 0,
      course: 188.46,
      gps_datetime: '2025-10-18T00:51:16',
      received_at: '2025-10-18T00:51:17.000Z',
      engine_status: 'OFF',
      fix_status: '1',
      satellites: 9,
      backup_battery_voltage: 4.1,
      main_battery_voltage: 12.86,
      odometer: 184223192,
    })
  })

  it('reads the short shape, and says null for what is not there', () => {
    const known = read(
      { DEVICE_ID: 'A', LAT: -33.4567, LON: -70.6789, SPEED: 45, HEADING: 7, FIX_: 1, SATELLITES: '' },
      {
        timestamp: '2024-12-11T10:30:00Z',
      },
    )
    expect(known).to.include({
      latitude: -33.4567,
      longitude: -70.6789,
      speed: 45,
      course: 7,
      fix_status: '1',
    })
    expect(known).to.include({
      gps_datetime: '2024-12-11T10:30:00Z',
      satellites: null,
      engine_status: null,
      odometer: null,
    })
    expect(read({}).gps_datetime).to.be.null
  })

  it('writes GPS_DATETIME in UTC without an offset', () => {
    const cases = {
      '2025-10-18T00:51:16': '2025-10-18T00:51:16',
      '2025-10-18 00:51:16Z': '2025-10-18T00:51:16',
      '2025-10-18T00:51:16.5': '2025-10-18T00:51:16.5',
      '2025-10-17T18:51:16-06:00': '2025-10-18T00:51:16',
    }
    for (const [text, expected] of Object.entries(cases))
      expect(read({ GPS_DATETIME: text }).gps_datetime).to.equal(expected)
    expect(read({ GPS_DATETIME: 'yesterday' }, { timestamp: 'x' }).gps_datetime).to.equal('x')
  })
})
