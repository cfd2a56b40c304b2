import { expect } from 'chai'
import fc from 'fast-check'
import type { Body } from '../../lib/feed/envelope.js'
import { defaultShareFields, publicProjection } from '../../lib/shares/publicProjection.js'

const fields = new Set(defaultShareFields)
const project = (text: string, wanted: ReadonlySet<string> = fields) =>
  JSON.parse(publicProjection(JSON.parse(text) as Body, wanted)) as Record<string, unknown>

describe('publicProjection', () => {
  it('shows timestamp, uuid and the public fields, and nothing else', () => {
    const payload = {
      data: {
        DEVICE_ID: 'A',
        LATITUD: '+20.65',
        LONGITUD: '-100.39',
        SPEED: '0.00',
        CELL_ID: '0A1B',
        MODEL: 'T-1',
        lat: 1,
      },
      decoded: { fields: ['A'] },
      metadata: { CLIENT_IP: '192.0.2.10' },
      raw: 'STT;A',
      uuid: 'u',
      timestamp: '2024-12-11T10:30:00Z',
      other: 1,
    }
    expect(project(JSON.stringify(payload))).to.deep.equal({
      timestamp: payload.timestamp,
      uuid: 'u',
      data: { DEVICE_ID: 'A', LATITUD: '+20.65', LONGITUD: '-100.39', SPEED: '0.00' },
    })
  })

  it('keeps values equal under JSON.parse, the odd ones too', () => {
    const text =
      '{"data":{"DEVICE_ID":1e3,"LAT":-0,"LON":1e999,"SPEED":-1e999,"ODOMETER":12345678901234567890,"FIX_":{"a":[null,-0]}}}'
    const { data } = JSON.parse(text) as Record<string, unknown>
    const shown = project(text).data as Record<string, number>
    expect(shown).to.deep.equal(data)
    expect(Object.is(shown.LAT, -0)).to.be.true
    expect(shown.LON).to.equal(Infinity)
  })

  it('is not fooled by names of prototype members', () => {
    const text = '{"__proto__":{"uuid":"x"},"data":{"DEVICE_ID":"A","__proto__":{"LAT":1},"constructor":1}}'
    expect(publicProjection(JSON.parse(text) as Body, fields)).to.equal('{"data":{"DEVICE_ID":"A"}}')
    expect(publicProjection(JSON.parse(text) as Body, new Set(['__proto__']))).to.equal(
      '{"data":{"__proto__":{"LAT":1}}}',
    )
  })

  it('holds: what is shown of any JSON is a part of it, equal in value', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...defaultShareFields, 'X', 'raw'), fc.jsonValue()),
        (data) => {
          const text = JSON.stringify({ data, raw: data })
          const expected = Object.entries((JSON.parse(text) as { data: object }).data).filter(([name]) =>
            fields.has(name),
          )
          expect(project(text)).to.deep.equal({ data: Object.fromEntries(expected) })
        },
      ),
    )
  })
})
