import { expect } from 'chai'
import { deviceIdOf, isShort } from '../../lib/feed/deviceId.js'
import type { Body } from '../../lib/feed/envelope.js'

const place = ['data', 'DEVICE_ID'] as const
const idIn = (json: string) => deviceIdOf(place, JSON.parse(json) as Body, 'tracking/data')
const idOf = (json: string) => idIn(`{"data":{"DEVICE_ID":${json}}}`)

describe('deviceIdOf', () => {
  it('1.1 takes a string as it is', () => {
    for (const id of [
      'A',
      ' A ',
      '0848086072',
      '007',
      'a,b',
      '"',
      '\\',
      '🚚',
      '__proto__',
      'a'.repeat(256),
    ]) {
      expect(idOf(JSON.stringify(id))).to.equal(id)
    }
  })

  it('1.1 takes a safe integer ≥ 0 as its decimal text', () => {
    expect(idOf('848086072')).to.equal('848086072')
    expect(idOf('0')).to.equal('0')
    expect(idOf('-0')).to.equal('0')
    expect(idOf('9007199254740991')).to.equal('9007199254740991')
    expect(idOf('1e3')).to.equal('1000')
  })

  it('1.1 takes nothing else', () => {
    const others = ['""', '-1', '1.5', '9007199254740992', '1e300', 'true', 'null', '{}', '["A"]']
    for (const json of [...others, JSON.stringify('a'.repeat(257))]) expect(idOf(json), json).to.equal(null)
  })

  it('tells a message without an id from one with a bad one', () => {
    for (const json of [
      '{}',
      '{"data":null}',
      '{"data":[]}',
      '{"data":"A"}',
      '{"data":{}}',
      '{"DEVICE_ID":"A"}',
    ]) {
      expect(idIn(json), json).to.equal(undefined)
    }
  })

  it('finds nothing on a prototype', () => {
    expect(deviceIdOf(['constructor', 'name'], {}, '')).to.equal(undefined)
    expect(deviceIdOf(['__proto__', 'constructor'], {}, '')).to.equal(undefined)
    expect(deviceIdOf(['data', 'length'], { data: 'text' }, '')).to.equal(undefined)
  })

  it('follows other keys', () => {
    expect(deviceIdOf(['vehicle', 'unit', 'id'], { vehicle: { unit: { id: 7 } } }, '')).to.equal('7')
  })

  it('takes a level of the topic', () => {
    expect(deviceIdOf({ topicLevel: 1 }, {}, 'fleet/A/position')).to.equal('A')
    expect(deviceIdOf({ topicLevel: 0 }, {}, '__proto__')).to.equal('__proto__')
    expect(deviceIdOf({ topicLevel: 1 }, {}, 'fleet//position')).to.equal(null)
    expect(deviceIdOf({ topicLevel: 3 }, {}, 'fleet/A/position')).to.equal(undefined)
  })
})

describe('isShort', () => {
  it('counts characters, not code units', () => {
    expect(isShort('🚚'.repeat(256))).to.equal(true)
    expect(isShort('🚚'.repeat(257))).to.equal(false)
  })
})
