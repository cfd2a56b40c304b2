import { expect } from 'chai'
import { Envelope } from '../../lib/feed/envelope.js'
import { type Notable, notedTogether } from '../../lib/stores/notedTogether.js'

function envelopeOf(deviceId: string, bytes = '{}'): Envelope {
  return new Envelope(deviceId, bytes, 1, { deviceId })
}

function rig() {
  const seen: Notable[] = []
  return { seen, ...notedTogether((message) => seen.push(message)) }
}

describe('notedTogether', () => {
  it('notes what was put by when asked to, once and in its order', () => {
    const { add, settle, seen } = rig()
    for (const id of ['A', 'B', 'A']) add(envelopeOf(id))
    expect(seen).to.deep.equal([])
    settle()
    settle()
    expect(seen.map(({ deviceId }) => deviceId)).to.deep.equal(['A', 'B', 'A'])
  })

  it('has the body that the envelope let go of, and does not parse it anew', () => {
    const { add, settle, seen } = rig()
    const envelope = envelopeOf('A')
    const { body } = envelope
    add(envelope)
    envelope.forgetBody()
    settle()
    expect(seen[0]?.body).to.equal(body)
  })

  it('puts by 64 messages at most', () => {
    const { add, seen } = rig()
    for (let count = 0; count < 63; count++) add(envelopeOf('A'))
    expect(seen).to.have.length(0)
    add(envelopeOf('A'))
    expect(seen).to.have.length(64)
  })

  it('puts by no more than one that is large', () => {
    const { add, seen } = rig()
    add(envelopeOf('A', 'x'.repeat(65_535)))
    expect(seen).to.have.length(0)
    add(envelopeOf('B', 'x'))
    expect(seen).to.have.length(2)
    add(envelopeOf('C', 'x'.repeat(65_536)))
    expect(seen).to.have.length(3)
  })
})
