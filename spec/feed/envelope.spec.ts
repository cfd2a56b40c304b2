import { expect } from 'chai'
import { Envelope } from '../../lib/feed/envelope.js'
import { textFrame } from '../../lib/feed/frame.js'

describe('Envelope', () => {
  for (const length of [26, 90, 91, 65_500, 70_000]) {
    it(`frames a payload of ${length} bytes once, unchanged, between event and data`, () => {
      const text = `{"data":{"DEVICE_ID":"A🚚"${' '.repeat(length)}}}`
      const envelope = new Envelope('A', Buffer.from(text), 1, {})
      const { frame } = envelope
      expect(frame).to.deep.equal(textFrame(Buffer.from(`{"event":"message","data":${text}}`)))
      expect(envelope.frame).to.equal(frame)
      expect(envelope.payload.toString()).to.equal(text)
    })
  }

  it('lets go of the buffer that the payload came in, once it is framed', () => {
    const read = Buffer.from('........{"data":{"DEVICE_ID":"A"}}....')
    const envelope = new Envelope('A', read.subarray(8, -4), 1, {})
    const { frame } = envelope
    expect(envelope.payload.buffer).to.equal(frame.buffer)
    read.fill(0)
    expect(envelope.payload.toString()).to.equal('{"data":{"DEVICE_ID":"A"}}')
  })
})
