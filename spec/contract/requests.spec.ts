import { expect } from 'chai'
import { openClient } from '../support/client.js'
import { closeAll } from '../support/opened.js'
import { message } from '../support/publisher.js'
import { openPythonClient } from '../support/python.js'
import { type Rig, startRig } from '../support/rig.js'

describe('what a session asks for', () => {
  let rig: Rig
  before(async () => void (rig = await startRig()))
  after(closeAll)

  /** Opens a stream and tells which of some devices it gets. */
  async function watched(query: string, ...deviceIds: string[]): Promise<unknown[]> {
    const client = await openPythonClient(`${rig.service.ws}/api/v1/stream?${query}`)
    for (const deviceId of [...deviceIds, 'last']) await rig.paho.publish(message(deviceId))
    const got: unknown[] = []
    for (;;) {
      const { data } = await client.next(({ event }) => event === 'message')
      const { DEVICE_ID } = (data as { data: { DEVICE_ID: unknown } }).data
      if (DEVICE_ID === 'last') break
      got.push(DEVICE_ID)
    }
    await client.close()
    return got
  }

  it('1.2 separates ids by commas, split after percent-decoding', async () => {
    expect(await watched('device_ids=A,B%2CC%2Clast', 'A', 'B', 'C', 'D', 'B,C')).to.deep.equal([
      'A',
      'B',
      'C',
    ])
  })

  it('1.2 trims ids, drops blanks and takes duplicates once', async () => {
    expect(await watched('device_ids=A,,B,%20A%20,B,,+,last,', 'A', 'B', ' A ')).to.deep.equal(['A', 'B'])
  })

  it('1.2 merges a repeated device_ids', async () => {
    expect(await watched('device_ids=A,B&device_ids=B,C&device_ids=last', 'A', 'B', 'C')).to.deep.equal([
      'A',
      'B',
      'C',
    ])
  })

  it('1.2 ignores unknown parameters', async () => {
    expect(await watched('v=2&device_ids=A,last&token=x&token=y&device_id=B', 'B', 'A')).to.deep.equal(['A'])
  })

  for (const query of [
    '',
    '?',
    '?device_ids',
    '?device_ids=',
    '?device_ids=,',
    '?device_ids=%20,+',
    '?other=A',
  ]) {
    it(`1.2 answers '${query}' with an error event, and closes with 1008`, async () => {
      const before = await rig.service.stats()
      const client = await openPythonClient(`${rig.service.ws}/api/v1/stream${query}`)
      expect(await client.nextText()).to.equal(
        '{"event":"error","data":{"message":"Debe especificar al menos un device_id en los query params"}}',
      )
      expect((await client.closed).code).to.equal(1008)
      expect(await rig.service.stats()).to.deep.equal(before)
    })
  }

  it('1.2 offers no compression and no sub-protocol that nobody asked for', async () => {
    const client = await openClient(rig.url('A'), { perMessageDeflate: true })
    expect(client.socket.extensions).to.equal('')
    expect(client.socket.protocol).to.equal('')
    await client.close()
  })
})
