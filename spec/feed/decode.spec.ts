import { expect } from 'chai'
import { map, of } from 'rxjs'
import { decode, type DecodeOptions, type FeedMessage, type MalformedReason } from '../../lib/feed/decode.js'
import type { Envelope } from '../../lib/feed/envelope.js'
import { messageFixture } from '../support/fixtures.js'
import { marbles } from '../support/marbles.js'

function feedMessage(payload: string | Buffer, topic = 'tracking/data'): FeedMessage {
  return { topic, payload: Buffer.from(payload) }
}

/** The envelope that a payload becomes, or why it becomes none. */
function read(
  payload: string | Buffer,
  options: DecodeOptions = {},
  topic?: string,
): Envelope | MalformedReason | undefined {
  let result: Envelope | MalformedReason | undefined
  of(feedMessage(payload, topic))
    .pipe(decode({ ...options, onMalformed: (reason) => (result = reason) }))
    .subscribe({ next: (envelope) => (result = envelope), error: () => expect.fail() })
  return result
}

const deviceOf = (payload: string) => {
  const result = read(payload)
  return typeof result === 'object' ? result.deviceId : result
}

describe('decode', () => {
  it('passes device messages on and skips the others', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const messages = { a: feedMessage('{"data":{"DEVICE_ID":"A"}}'), x: feedMessage('x') }
      const source$ = cold('a-x-a-|', messages)
      const subs = '        ^-----!'
      const expected = '    A---A-|'
      const ids$ = source$.pipe(
        decode(),
        map(({ deviceId }) => deviceId),
      )
      expectObservable(ids$).toBe(expected)
      expectSubscriptions(source$.subscriptions).toBe(subs)
    })
  })

  it('tells what it skipped, and why', () => {
    const skipped: [MalformedReason, FeedMessage][] = []
    const bad = feedMessage('x')
    of(bad)
      .pipe(decode({ onMalformed: (reason, message) => skipped.push([reason, message]) }))
      .subscribe({ next: () => expect.fail(), error: () => expect.fail() })
    expect(skipped).to.deep.equal([['bad_json', bad]])
  })

  it('1.1 accepts both shapes as they come', () => {
    for (const payload of [messageFixture('simple.json'), messageFixture('fleet-parked.json')]) {
      const envelope = read(payload) as Envelope
      expect(envelope.deviceId).to.equal('0848086072')
      expect(envelope.payload.toString()).to.equal(payload)
      expect(envelope.body).to.deep.equal(JSON.parse(payload))
    }
    for (const line of messageFixture('fleet.ndjson').trim().split('\n')) {
      expect(deviceOf(line)).to.match(/^08480860\d\d$/)
    }
  })

  it('1.1 names why a payload is no device message', () => {
    expect(read(' '.repeat(257 * 1024))).to.equal('oversize')
    expect(read(Buffer.from('7b2264617461223a7b224445564943455f4944223a22ff227d7d', 'hex'))).to.equal(
      'bad_utf8',
    )
    for (const text of [
      '',
      '{',
      'NaN',
      '{"a":Infinity}',
      '\ufeff{"data":{"DEVICE_ID":"A"}}',
      "{'a':1}",
      '{}x',
    ]) {
      expect(read(text), text).to.equal('bad_json')
    }
    for (const text of ['null', '1', '[]', '"A"', 'true']) expect(read(text), text).to.equal('not_an_object')
    expect(read('{"data":{}}')).to.equal('no_device')
    expect(read('{"data":{"DEVICE_ID":""}}')).to.equal('bad_device')
  })

  it('refuses nesting that would break clients, and only nesting', () => {
    const nested = (depth: number) =>
      `{"a":${'['.repeat(depth)}${']'.repeat(depth)},"data":{"DEVICE_ID":"A"}}`
    expect(deviceOf(nested(499))).to.equal('A')
    expect(read(nested(500))).to.equal('too_deep')
    expect(read('['.repeat(100_000))).to.equal('too_deep')
    const brackets = `{"a":"${'\\"[{'.repeat(600)}","data":{"DEVICE_ID":"A"}}`
    expect(deviceOf(brackets)).to.equal('A')
  })

  it('takes the largest payload that is allowed', () => {
    const payload = '{"data":{"DEVICE_ID":"A"}}'
    expect(read(payload, { maxPayloadBytes: payload.length })).to.have.property('deviceId', 'A')
    expect(read(payload, { maxPayloadBytes: payload.length - 1 })).to.equal('oversize')
  })

  it('takes the id from where it is told to', () => {
    const level = { deviceIdPlace: { topicLevel: 1 } }
    expect(read('{"x":1}', level, 'fleet/A/position')).to.have.property('deviceId', 'A')
    const keys = { deviceIdPlace: ['id'] }
    expect(read('{"id":7,"data":{"DEVICE_ID":"A"}}', keys)).to.have.property('deviceId', '7')
  })

  it('leaves Object.prototype alone', () => {
    read('{"__proto__":{"x":1},"data":{"DEVICE_ID":"A","__proto__":{"x":1}}}')
    expect(({} as Record<string, unknown>).x).to.equal(undefined)
  })
})
