import { expect } from 'chai'
import { Envelope } from '../../lib/feed/envelope.js'
import { textFrame } from '../../lib/feed/frame.js'

describe('Envelope', () => {
  for (const length of [26, 90, 91, 65_500, 70_000]) {
    it(`frames a payload of ${length} bytes once, unchanged, between event and data`, () => {
      const text = `{"data":{"DEVICE_ID":"A🚚"${' '.repeat(length)}}}`
      const bytes = Buffer.from(text).toString('latin1')
      const envelope = new Envelope('A', bytes, 1, {})
      const { frame } = envelope
      expect(frame).to.deep.equal(textFrame(`{"event":"message","data":${bytes}}`))
      expect(envelope.frame).to.equal(frame)
      expect(envelope.payload.toString()).to.equal(text)
    })
  }

  it('parses its body anew once it was let go', () => {
    const body = { data: { DEVICE_ID: 'A🚚' } }
    const envelope = new Envelope('A🚚', Buffer.from(JSON.stringify(body)).toString('latin1'), 1, body)
    expect(envelope.body).to.equal(body)
    envelope.forgetBody()
    expect(envelope.body).to.not.equal(body)
    expect(envelope.body).to.deep.equal(body)
  })
})
