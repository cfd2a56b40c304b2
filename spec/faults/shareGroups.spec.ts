import { expect } from 'chai'
import { eventually } from '../support/eventually.js'
import { closeAll, opens } from '../support/opened.js'
import { redisServer } from '../support/redisServer.js'
import { foreignToken, type ShareRig, startShareRig } from '../support/shareRig.js'

const sharesPath = '/api/v1/shares'
const readiness = async (rig: ShareRig) => {
  const response = await fetch(`${rig.service().http}/readyz`)
  return `${response.status} ${((await response.json()) as { status: string }).status}`
}

describe('shares of several processes', () => {
  afterEach(closeAll)

  it('row 44: revoked at one of two workers, a share ends at both; extended, it lives on at both', async () => {
    const rig = await startShareRig({ WORKERS: '2' })
    const gone = await rig.make({ device_id: 'A' })
    const kept = await rig.make({ device_id: 'B', ttl_secs: 2 })
    // Connections go to the workers in turn, so that each has some of both.
    const leaving = [await rig.open(gone.token), await rig.open(gone.token), await rig.open(gone.token)]
    const staying = [await rig.open(kept.token), await rig.open(kept.token), await rig.open(kept.token)]
    await rig.watching(6)
    expect((await rig.ask('PATCH', `${sharesPath}/${kept.share_id}`, { ttl_secs: 600 })).status).to.equal(200)
    expect((await rig.ask('DELETE', `${sharesPath}/${gone.share_id}`)).status).to.equal(204)
    for (const client of leaving)
      expect(await client.closed).to.deep.equal({ code: 1008, reason: 'Share revoked' })
    for (let times = 0; times < 3; times++) expect((await rig.init(gone.token)).status).to.equal(403)
    await new Promise((resolve) => setTimeout(resolve, Date.parse(kept.expires_at) + 300 - Date.now()))
    await rig.report('B')
    for (const client of staying) expect((await client.next()).event).to.equal('message')
  })

  it('with Redis: who is in stays in while it is away, and what was revoked stays so when it forgets', async () => {
    const redis = await redisServer()
    opens('redis', redis.close)
    const rig = await startShareRig({ REDIS_URL: redis.url })
    const revoked = await rig.make({ device_id: 'A' })
    const share = await rig.make({ device_id: 'A' })
    expect((await rig.ask('DELETE', `${sharesPath}/${revoked.share_id}`)).status).to.equal(204)
    const inside = await rig.open(share.token)
    await rig.watching(1)
    expect(await readiness(rig)).to.equal('200 ready')
    await redis.stop()
    await eventually(
      () => readiness(rig),
      (status) => status === '200 degraded',
    )
    expect((await rig.init(share.token)).status).to.equal(503)
    expect((await (await rig.open(share.token)).closed).code).to.equal(1013)
    expect((await rig.ask('DELETE', `${sharesPath}/${share.share_id}`)).status).to.equal(503)
    await rig.report('A')
    expect((await inside.next()).event).to.equal('message')
    await redis.start()
    await eventually(
      () => readiness(rig),
      (status) => status === '200 ready',
    )
    expect((await rig.init(revoked.token)).status).to.equal(403)
    expect((await rig.init(foreignToken())).status).to.equal(200)
    expect(rig.service().output()).to.match(/Redis is not append-only/)
  })
})
