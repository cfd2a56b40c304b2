import { expect } from 'chai'
import { rmSync } from 'node:fs'
import { openClient } from '../support/client.js'
import { scratchDirectory } from '../support/directories.js'
import { eventually } from '../support/eventually.js'
import { closeAll, opens } from '../support/opened.js'
import { foreignToken, startShareRig } from '../support/shareRig.js'

const sharesPath = '/api/v1/shares'

describe('faults of shares', () => {
  afterEach(closeAll)

  it('row 53: a revocation that was answered holds after kill -9, of a share made here and of a foreign one', async () => {
    const rig = await startShareRig()
    const { token, share_id: id } = await rig.make({ device_id: 'A' })
    const foreignId = '0b1f7b3e-6f0e-4f5a-9a52-0d1c9a2f4d10'
    const foreign = foreignToken({ share_id: foreignId })
    const open = await rig.open(foreign)
    const answers = await Promise.all([
      rig.ask('DELETE', `${sharesPath}/${id}`),
      rig.ask('DELETE', `${sharesPath}/${foreignId.toUpperCase()}`),
    ])
    expect(answers.map(({ status }) => status)).to.deep.equal([204, 204])
    expect(await open.closed).to.deep.equal({ code: 1008, reason: 'Share revoked' })
    await rig.restart('SIGKILL')
    for (const revoked of [token, foreign]) {
      expect((await rig.init(revoked)).status).to.equal(403)
      expect((await (await rig.open(revoked)).closed).code).to.equal(1008)
    }
  })

  it('2.5 revokes a foreign share by an id of any length', async () => {
    const rig = await startShareRig()
    const foreign = foreignToken({ share_id: 'x'.repeat(1000) })
    expect((await rig.init(foreign)).status).to.equal(200)
    expect((await rig.ask('DELETE', `${sharesPath}/${'x'.repeat(1000)}`)).status).to.equal(204)
    expect((await rig.init(foreign)).status).to.equal(403)
  })

  it('1.4 refuses a token of ours whose store is gone, and takes a foreign one', async () => {
    const rig = await startShareRig()
    const { token } = await rig.make({ device_id: 'A' })
    expect((await rig.init(token)).status).to.equal(200)
    const empty = scratchDirectory()
    opens(empty.path, empty.remove)
    await rig.restart('SIGTERM', { DATA_DIR: empty.path })
    expect(await rig.init(token)).to.deep.equal({ status: 403, body: { detail: 'Invalid token' } })
    expect((await rig.init(foreignToken())).status).to.equal(200)
  })

  it('row 54: confirms no revocation that is written to a file which was removed', async () => {
    const rig = await startShareRig()
    const { token, share_id: id } = await rig.make({ device_id: 'A' })
    rmSync(rig.dataDirectory, { recursive: true })
    expect((await rig.ask('DELETE', `${sharesPath}/${id}`)).status).to.equal(503)
    const client = await openClient(`${rig.service().ws}/api/v1/stream?device_ids=A`)
    await rig.report('A')
    expect((await client.next()).event).to.equal('message')
    expect(token).to.be.a('string')
  })

  it('row 54: with an unusable DATA_DIR it says so and streams on, and accepts no share', async () => {
    const rig = await startShareRig()
    const { token } = await rig.make({ device_id: 'A' })
    await rig.restart('SIGTERM', { DATA_DIR: '/dev/null/data' })
    expect(rig.service().output()).to.match(/error .*\/dev\/null\/data/)
    expect((await rig.init(token)).status).to.equal(503)
    expect((await rig.init(foreignToken())).status).to.equal(503)
    expect((await (await rig.open(token)).closed).code).to.equal(1013)
    expect((await rig.ask('POST', '/api/v1/public/share-location/init', { device_id: 'A' })).status).to.equal(
      503,
    )
    const ready = await fetch(`${rig.service().http}/readyz`)
    expect(ready.status).to.equal(200)
    expect(await ready.json()).to.include({ status: 'degraded', feed: 'up', store: 'down' })
  })

  it('row 44: of 100 sockets of one token those over its limit get 1013; revoked, all are gone', async () => {
    const rig = await startShareRig({ MAX_SESSIONS_PER_TOKEN: '60' })
    const { token, share_id: id } = await rig.make({ device_id: 'A' })
    const clients = await Promise.all(Array.from({ length: 100 }, () => rig.open(token)))
    const refused: { code: number; reason: string }[] = []
    for (const { closed } of clients) void closed.then((how) => refused.push(how))
    await eventually(
      () => refused.length,
      (count) => count >= 40,
    )
    for (const how of refused)
      expect(how).to.deep.equal({ code: 1013, reason: 'Too many sessions of this token' })
    await rig.watching(60)
    expect((await rig.ask('DELETE', `${sharesPath}/${id}`)).status).to.equal(204)
    const codes = await Promise.all(clients.map(async ({ closed }) => (await closed).code))
    expect(codes.filter((code) => code === 1013)).to.have.length(40)
    expect(codes.filter((code) => code === 1008)).to.have.length(60)
    await rig.watching(0)
  })

  it('without PASETO_SECRET_KEY every share token is invalid', async () => {
    const rig = await startShareRig({ PASETO_SECRET_KEY: '' })
    expect(await rig.init(foreignToken())).to.deep.equal({ status: 403, body: { detail: 'Invalid token' } })
    expect(await (await rig.open(foreignToken())).closed).to.deep.equal({
      code: 1008,
      reason: 'Invalid token',
    })
    expect((await rig.ask('POST', '/api/v1/public/share-location/init', { device_id: 'A' })).status).to.equal(
      503,
    )
  })
})
