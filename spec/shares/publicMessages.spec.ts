import { expect } from 'chai'
import { type Body, Envelope } from '../../lib/feed/envelope.js'
import { publicMessages } from '../../lib/shares/publicMessages.js'

describe('publicMessages', () => {
  it('makes one message a message, in UTF-8, however many watch', () => {
    const body: Body = { data: { DEVICE_ID: 'ñ車', CELL_ID: '7' }, raw: 'x' }
    const envelope = new Envelope('ñ車', '', 0, body)
    const publicOf = publicMessages(new Set(['DEVICE_ID']))
    const { deviceId, frame } = publicOf(envelope)
    expect(deviceId).to.equal('ñ車')
    expect(frame.subarray(2).toString()).to.equal('{"event":"message","data":{"data":{"DEVICE_ID":"ñ車"}}}')
    expect(publicOf(envelope)).to.equal(publicOf(envelope))
  })
})
