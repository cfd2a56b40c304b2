import { expect } from 'chai'
import * as ws from 'ws'
import { eventFrame, pingFrame, pongFrame, textFrame } from '../../lib/feed/frame.js'

// Exported by the package, unknown to its types.
interface FrameOptions {
  fin: boolean
  opcode: number
  mask: boolean
  readOnly: boolean
  rsv1: boolean
}
const { Sender } = ws as unknown as { Sender: { frame(data: Buffer, options: FrameOptions): Buffer[] } }

function frameOfWs(payload: Buffer, opcode = 1): Buffer {
  const options = { fin: true, opcode, mask: false, readOnly: true, rsv1: false }
  return Buffer.concat(Sender.frame(payload, options))
}

describe('textFrame', () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536, 300_000]) {
    it(`makes of ${length} bytes what ws makes of them`, () => {
      const payload = Buffer.alloc(length, 'é')
      expect(textFrame(payload.toString('latin1')).equals(frameOfWs(payload))).to.equal(true)
    })
  }

  it('owns its memory, so that a held frame retains itself alone', () => {
    const frame = textFrame('hi')
    expect(frame.buffer.byteLength).to.equal(frame.length)
  })
})

describe('pingFrame', () => {
  for (const length of [0, 1, 125]) {
    it(`makes of ${length} bytes what ws makes of them`, () => {
      const payload = Buffer.alloc(length, '7')
      expect(pingFrame(payload.toString('latin1')).equals(frameOfWs(payload, 9))).to.equal(true)
    })
  }
})

describe('pongFrame', () => {
  it('makes of a ping what ws answers to it', () => {
    const payload = Buffer.from([0, 0x7f, 0x80, 0xff])
    expect(pongFrame(payload.toString('latin1')).equals(frameOfWs(payload, 10))).to.equal(true)
  })
})

describe('eventFrame', () => {
  it('is the text frame of an event', () => {
    expect(eventFrame('ping', { type: 'keep-alive' })).to.deep.equal(
      frameOfWs(Buffer.from('{"event":"ping","data":{"type":"keep-alive"}}')),
    )
  })
})
