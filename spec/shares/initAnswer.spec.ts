import { expect } from 'chai'
import { initAnswer } from '../../lib/shares/initAnswer.js'
import type { OpenShare } from '../../lib/shares/shareState.js'

const share: OpenShare = {
  shareId: 's',
  deviceIds: ['A'],
  unitId: 'u',
  expiresAt: 9e12,
  expiresAtText: '2025-12-03T15:30:00.123456+00:00',
  startsAt: undefined,
  notBefore: undefined,
  maxViewers: undefined,
  within: undefined,
  hasRecord: true,
}
const payload = Buffer.from('{"data":{"DEVICE_ID":"A","LAT":20,"LON":-100}}')
const known = (deviceId: string) => (deviceId === 'A' ? { payload, receivedAt: 0 } : undefined)

describe('initAnswer', () => {
  it("answers with the token's own exp and where the device was last", () => {
    const answer = initAnswer({ kind: 'open', share }, known)
    expect(answer).to.include({ msg: 'valid', expires_at: share.expiresAtText, device_id: 'A' })
    expect(answer).to.have.all.keys('msg', 'expires_at', 'device_id', 'last_communication')
    expect(answer.last_communication).to.include({ latitude: 20, longitude: -100 })
    expect(initAnswer({ kind: 'open', share }, () => undefined).last_communication).to.be.null
  })

  it('names several devices', () => {
    expect(
      initAnswer({ kind: 'open', share: { ...share, deviceIds: ['A', 'B'] } }, known).devices,
    ).to.deep.equal(['A', 'B'])
  })

  it('shows nothing before the share begins, and says when that is', () => {
    const answer = initAnswer(
      { kind: 'notBegun', share: { ...share, notBefore: Date.UTC(2026, 0, 1) } },
      known,
    )
    expect(answer.last_communication).to.be.null
    expect(answer.not_before).to.equal('2026-01-01T00:00:00+00:00')
  })

  it('shows nothing outside of the area', () => {
    const inArea = (within: OpenShare['within']) =>
      initAnswer({ kind: 'open', share: { ...share, within } }, known)
    expect(inArea({ bbox: [-101, 19, -99, 21] }).last_communication).to.not.be.null
    expect(inArea({ bbox: [0, 0, 1, 1] }).last_communication).to.be.null
  })
})
