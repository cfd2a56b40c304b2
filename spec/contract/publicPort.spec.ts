import { expect } from 'chai'
import { openClient } from '../support/client.js'
import { freePort } from '../support/mosquitto.js'
import { closeAll } from '../support/opened.js'
import { foreignToken, issuerKey, type ShareRig, startShareRig } from '../support/shareRig.js'

describe('PUBLIC_PORT', () => {
  let rig: ShareRig
  let at: string
  before(async () => {
    const port = await freePort()
    at = `127.0.0.1:${port}`
    rig = await startShareRig({ PUBLIC_PORT: String(port) })
  })
  after(closeAll)

  it('2.5 shows strangers /init, the stream of shares and the page', async () => {
    const { token } = await rig.make({ device_id: 'A' })
    const init = await fetch(`http://${at}/api/v1/public/share-location/init?token=${token}`)
    expect(await init.json()).to.include({ msg: 'valid', device_id: 'A' })
    const page = await fetch(`http://${at}/share`)
    expect(page.headers.get('content-type')).to.match(/^text\/html/)
    expect((await page.text()).length).to.be.above(500)
    const client = await openClient(`ws://${at}/api/v1/public/share-location/stream?token=${token}`)
    await rig.watching(1)
    await rig.report('A')
    expect((await client.next()).event).to.equal('message')
    await client.close()
    await rig.watching(0)
  })

  it('2.5 has nothing else', async () => {
    const bearer = { Authorization: `Bearer ${issuerKey}` }
    for (const path of ['stream/stats', 'shares', 'stream']) {
      const { status } = await fetch(`http://${at}/api/v1/${path}`, { headers: bearer })
      expect(status, path).to.equal(404)
    }
    for (const path of ['', 'health', 'healthz', 'readyz', 'metrics'])
      expect((await fetch(`http://${at}/${path}`)).status, path).to.equal(404)
    const making = { method: 'POST', headers: bearer, body: '{"device_id":"A"}' }
    expect((await fetch(`http://${at}/api/v1/public/share-location/init`, making)).status).to.equal(405)
    const opening = openClient(`ws://${at}/api/v1/stream?device_ids=A`)
    expect(await opening.then(() => 'open', String)).to.match(/Unexpected server response: 404/)
  })

  it('2.5 counts its sessions with the others, and drains them too', async () => {
    const client = await openClient(`ws://${at}/api/v1/public/share-location/stream?token=${foreignToken()}`)
    await rig.watching(1)
    const ended = rig.service().stop('SIGTERM')
    expect((await client.next()).event).to.equal('draining')
    expect((await client.closed).code).to.equal(1001)
    expect(await ended).to.equal(0)
  })

  it('2.5 says loudly what its absence means while the stream is open to all', async () => {
    await rig.restart('SIGTERM', { PUBLIC_PORT: '' })
    expect(rig.service().output()).to.match(/warn .*PUBLIC_PORT/)
  })
})
