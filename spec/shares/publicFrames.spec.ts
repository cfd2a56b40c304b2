import { expect } from 'chai'
import { type Body, Envelope } from '../../lib/feed/envelope.js'
import { publicFrames } from '../../lib/shares/publicFrames.js'

describe('publicFrames', () => {
  it('makes one frame a message, in UTF-8, however many watch', () => {
    const body: Body = { data: { DEVICE_ID: 'ñ車', CELL_ID: '7' }, raw: 'x' }
    const envelope = new Envelope('ñ車', '', 0, body)
    const frameOf = publicFrames(new Set(['DEVICE_ID']))
    const frame = frameOf(envelope)
    expect(frame.subarray(2).toString()).to.equal('{"event":"message","data":{"data":{"DEVICE_ID":"ñ車"}}}')
    expect(frameOf(envelope)).to.equal(frame)
  })
})
