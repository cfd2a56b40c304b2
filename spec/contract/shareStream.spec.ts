import { expect } from 'chai'
import type { Client } from '../support/client.js'
import { openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { fleetMessage } from '../support/fleetMessage.js'
import { closeAll } from '../support/opened.js'
import { foreignToken, isoIn, type ShareRig, startShareRig } from '../support/shareRig.js'

/** Reports over and over, so that the vehicle never stops sending, until it is told to stop. */
function driving(rig: ShareRig, deviceId: string): () => void {
  const timer = setInterval(() => void rig.report(deviceId, { LAT: 20 + Math.random() / 100 }), 20)
  return () => clearInterval(timer)
}

const eventsOf = (client: Client) => client.frames().map(({ event }) => event)

describe('the public stream', () => {
  let rig: ShareRig
  before(async () => {
    rig = await startShareRig({ SHARE_FIELDS: 'DEVICE_ID,LAT,LON,SPEED' })
  })
  after(closeAll)

  it("1.6 carries the token's device alone, cut down to what a stranger may see", async () => {
    const client = await rig.open(foreignToken(), '&device_ids=B')
    await rig.watching(1)
    await rig.report('B')
    await rig.publisher.publish(fleetMessage('A'))
    const { data } = await client.next()
    expect(data).to.deep.equal({
      uuid: 'f3a9',
      timestamp: '2025-10-18T00:51:20Z',
      data: { DEVICE_ID: 'A', LAT: 20.5, LON: -100.4, SPEED: '0.00' },
    })
    expect(client.texts[0]).to.not.match(/raw|decoded|metadata|secret/)
    await client.close()
    await rig.watching(0)
  })

  const late = { exp: isoIn(-1) }
  for (const [what, token, reason] of [
    ['expired', () => foreignToken(late), 'Token expired'],
    ['expiring now', () => foreignToken({ exp: new Date().toISOString() }), 'Token expired'],
    ['of another scope', () => foreignToken({ scope: 'login' }), 'Invalid token'],
    ['of another scope, and expired', () => foreignToken({ scope: 'login', ...late }), 'Invalid token'],
    ['without a unit_id', () => foreignToken({ unit_id: undefined }), 'Invalid token'],
    ['without a device_id', () => foreignToken({ device_id: undefined }), 'Invalid token: missing device_id'],
    ['with an exp of 30 February', () => foreignToken({ exp: '2099-02-30T00:00:00+00:00' }), 'Invalid token'],
    ['whose nbf is ahead', () => foreignToken({ nbf: isoIn(60) }), 'Invalid token'],
    ['of ours without its record', () => foreignToken({ record: true }), 'Invalid token'],
    ['of another version', () => foreignToken().replace('v4', 'v3'), 'Invalid token'],
    ['in upper case', () => foreignToken().replace('v4.local', 'V4.LOCAL'), 'Invalid token'],
    ['public', () => `v4.public.${foreignToken().slice(9)}`, 'Invalid token'],
    ['a JWT', () => 'eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTl9.', 'Invalid token'],
    ['over 2 KiB', () => `v4.local.${'A'.repeat(4000)}`, 'Invalid token'],
    ['none at all', () => '', 'Invalid token'],
  ] as const) {
    it(`1.6 row 39 row 40 upgrades a token that is ${what}, and then closes with 1008`, async () => {
      const client = await rig.open(token())
      expect(await client.closed).to.deep.equal({ code: 1008, reason })
      expect(client.texts).to.deep.equal([])
    })
  }

  it('1.6 row 41 ends at its expiry a link whose vehicle never stops sending', async () => {
    const expiresAt = Date.now() + 1500
    const stop = driving(rig, 'moving')
    const exp = new Date(expiresAt).toISOString()
    const client = await rig.open(foreignToken({ device_id: 'moving', share_id: undefined, exp }))
    await client.messages(3)
    expect(await client.closed).to.deep.equal({ code: 1000, reason: 'Token expired' })
    expect(Date.now()).to.be.at.least(expiresAt)
    stop()
    expect(client.frames().at(-1)).to.deep.equal({ event: 'expired', data: { message: 'Token expired' } })
    expect(eventsOf(client).slice(0, -1)).to.not.include('expired')
    await rig.watching(0)
  })

  for (const exp of [isoIn(40 * 86_400), '9999-12-31T23:59:59.999999+00:00']) {
    it(`row 41 stays open until ${exp.startsWith('9999') ? 'the year 9999' : 'in 40 days'}`, async () => {
      const client = await rig.open(foreignToken({ exp }))
      await rig.watching(1)
      await rig.report('A', { SPEED: 7 })
      expect((await client.next()).data).to.deep.equal({
        data: { DEVICE_ID: 'A', LAT: -33.4567, LON: -70.6789, SPEED: 7 },
      })
      await client.close()
      await rig.watching(0)
    })
  }

  it('2.5 opens a link made here, and follows its expiry on every socket, later and earlier', async () => {
    const { token, share_id: id } = await rig.make({ device_id: 'ext', ttl_secs: 2 })
    const stop = driving(rig, 'ext')
    const clients = [await rig.open(token), await rig.open(token)]
    const path = `/api/v1/shares/${id}`
    expect((await rig.ask('PATCH', path, { ttl_secs: 600 })).status).to.equal(200)
    const oldExpiry = Date.now() + 2100
    for (const client of clients) {
      while (Date.now() < oldExpiry) await client.next()
      expect(eventsOf(client)).to.not.include('expired')
    }
    expect((await rig.ask('GET', path)).body).to.include({ viewers: 2, state: 'open' })
    expect((await rig.ask('PATCH', path, { expires_at: isoIn(-1) })).status).to.equal(200)
    for (const client of clients) {
      expect(await client.closed).to.deep.equal({ code: 1000, reason: 'Token expired' })
      expect(eventsOf(client).at(-1)).to.equal('expired')
    }
    stop()
    expect(await (await rig.open(token)).closed).to.deep.equal({ code: 1008, reason: 'Token expired' })
    expect((await rig.ask('PATCH', path, { ttl_secs: 600 })).status).to.equal(409)
  })

  it('2.5 lets an extension win that was committed before the old expiry', async () => {
    for (let round = 0; round < 3; round++) {
      const { token, share_id: id, expires_at } = await rig.make({ device_id: 'race', ttl_secs: 1 })
      const client = await rig.open(token)
      await rig.watching(1)
      const expiresAt = Date.parse(expires_at)
      // As late as can be: the timer of the session is due in the same moment.
      await new Promise((resolve) => setTimeout(resolve, expiresAt - Date.now() - 10 - 15 * round))
      const { status } = await rig.ask('PATCH', `/api/v1/shares/${id}`, { ttl_secs: 600 })
      if (status === 200) {
        await rig.report('race', { round })
        expect(eventsOf(client)).to.not.include('expired')
        expect((await client.next()).event).to.equal('message')
        await client.close()
      } else {
        expect(status).to.equal(409)
        expect((await client.closed).code).to.equal(1000)
      }
      await rig.watching(0)
    }
  })

  it('2.5 closes every socket of a share that is revoked, and refuses its token from then on', async () => {
    const { token, share_id: id } = await rig.make({ device_id: 'rev' })
    const stop = driving(rig, 'rev')
    const clients = await Promise.all(Array.from({ length: 20 }, () => rig.open(token)))
    await rig.watching(20)
    const path = `/api/v1/shares/${id}`
    expect((await rig.ask('DELETE', path)).status).to.equal(204)
    for (const client of clients) {
      expect(await client.closed).to.deep.equal({ code: 1008, reason: 'Share revoked' })
      expect(client.frames().at(-1)).to.deep.equal({ event: 'revoked', data: { message: 'Share revoked' } })
    }
    stop()
    expect((await rig.ask('DELETE', path)).status).to.equal(204)
    expect(await (await rig.open(token)).closed).to.include({
      code: 1008,
      reason: 'Invalid token: share revoked',
    })
    expect(await rig.init(token)).to.deep.equal({
      status: 403,
      body: { detail: 'Invalid token: share revoked' },
    })
    expect((await rig.ask('PATCH', path, { ttl_secs: 9 })).status).to.equal(410)
    await rig.watching(0)
  })

  it('2.5 shows nothing before the share begins, and then begins by itself', async () => {
    const { token } = await rig.make({ device_id: 'soon', not_before: isoIn(1), ttl_secs: 600 })
    await rig.report('soon', { SPEED: 1 })
    const client = await rig.open(token, '&snapshot=true')
    const early = await rig.init(token)
    expect(early.body)
      .to.include({ msg: 'valid', last_communication: null })
      .and.to.have.property('not_before')
    await rig.report('soon', { SPEED: 2 })
    expect(await client.next()).to.deep.include({ event: 'snapshot' })
    expect((client.frames()[0]?.data.data as { SPEED: number }).SPEED).to.equal(2)
    await rig.report('soon', { SPEED: 3 })
    expect((await client.next()).event).to.equal('message')
    expect(client.texts).to.have.length(2)
    await client.close()
  })

  it('2.5 admits no more than max_viewers, and somebody else when one has left', async () => {
    const { token } = await rig.make({ device_id: 'few', max_viewers: 2 })
    const first = await rig.open(token)
    await rig.open(token)
    await rig.watching(2)
    expect(await (await rig.open(token)).closed).to.deep.equal({ code: 1013, reason: 'Too many viewers' })
    await first.close()
    await rig.watching(1)
    const next = await rig.open(token)
    await rig.watching(2)
    await rig.report('few')
    expect((await next.next()).event).to.equal('message')
  })

  it('2.5 shows several devices where the share has them', async () => {
    const { token } = await rig.make({ device_ids: ['m1', 'm2'] })
    expect((await rig.init(token)).body).to.deep.include({ device_id: 'm1', devices: ['m1', 'm2'] })
    const client = await rig.open(token)
    const others = (await rig.service().stats()).active_subscribers
    expect(others).to.be.at.least(0)
    await rig.report('m2', { SPEED: 2 })
    await rig.report('m1', { SPEED: 1 })
    const devices = [await client.next(), await client.next()].map(
      ({ data }) => (data.data as { DEVICE_ID: string }).DEVICE_ID,
    )
    expect(devices).to.deep.equal(['m2', 'm1'])
    await client.close()
  })

  it('2.5 shows nothing outside of the area: live, snapshot and /init alike', async () => {
    const within = { center: [-100, 20], radius_m: 500 }
    const { token } = await rig.make({ device_id: 'area', within })
    await rig.report('area', { LAT: 21, LON: -100 })
    expect((await rig.init(token)).body.last_communication).to.be.null
    const client = await rig.open(token, '&snapshot=true')
    await rig.watching((await rig.service().stats()).active_subscribers)
    await rig.publisher.publish({ data: { DEVICE_ID: 'area' } })
    await rig.report('area', { LAT: 20.1, LON: -100, SPEED: 1 })
    await rig.report('area', { LAT: 20.001, LON: -100, SPEED: 2 })
    expect(((await client.next()).data.data as { SPEED: number }).SPEED).to.equal(2)
    expect(client.texts).to.have.length(1)
    expect((await rig.init(token)).body.last_communication).to.include({ latitude: 20.001, speed: 2 })
    await client.close()
  })

  it('2.5 ends a share on arrival: that position, `arrived`, 1000, and is expired from then on', async () => {
    const arrive = { center: [-100, 20], radius_m: 100 }
    const { token, share_id: id } = await rig.make({ device_ids: ['x', 'home'], arrive })
    const clients = [await rig.open(token), await rig.open(token)]
    await rig.report('home', { LAT: 20.1, LON: -100, SPEED: 1 })
    for (const client of clients) await client.next()
    const moves = [2, 3, 4].map((SPEED) => rig.report('home', { LAT: 20.0001, LON: -100, SPEED }))
    await Promise.all(moves)
    for (const client of clients) {
      expect(await client.closed).to.deep.equal({ code: 1000, reason: 'Arrived' })
      const [, there, arrived, ...more] = client.frames()
      expect((there?.data.data as { SPEED: number }).SPEED).to.equal(2)
      expect(arrived).to.deep.equal({ event: 'arrived', data: { device_id: 'home' } })
      expect(more).to.deep.equal([])
    }
    expect(await (await rig.open(token)).closed).to.deep.equal({ code: 1008, reason: 'Token expired' })
    expect(await rig.init(token)).to.deep.equal({ status: 401, body: { detail: 'Token expired' } })
    expect((await rig.ask('GET', `/api/v1/shares/${id}`)).body).to.include({ state: 'arrived' })
  })

  it('2.5 judges an arrival that nobody watches', async () => {
    const { token } = await rig.make({ device_id: 'alone', arrive: { center: [-100, 20], radius_m: 100 } })
    await rig.report('alone', { LAT: 20, LON: -100 })
    await eventually(
      () => rig.init(token),
      ({ status }) => status === 401,
    )
    expect((await (await rig.open(token)).closed).reason).to.equal('Token expired')
  })

  it('2.4 takes the token from the query first, then from Authorization, then from the sub-protocol', async () => {
    const stream = `${rig.service().ws}/api/v1/public/share-location/stream`
    const bad = { headers: { Authorization: 'Bearer of-the-app' } }
    const byQuery = await openClient(`${stream}?token=${foreignToken({ device_id: 'q' })}`, bad)
    const byHeader = await openClient(stream, {
      headers: { Authorization: `Bearer ${foreignToken({ device_id: 'h' })}` },
    })
    const byProtocol = await openClient(stream, {}, ['bearer', foreignToken({ device_id: 'p' })])
    expect(byProtocol.socket.protocol).to.equal('bearer')
    expect(await (await openClient(stream)).closed).to.deep.equal({ code: 1008, reason: 'Invalid token' })
    for (const [client, deviceId] of [
      [byQuery, 'q'],
      [byHeader, 'h'],
      [byProtocol, 'p'],
    ] as const) {
      await rig.report(deviceId)
      expect((await client.next()).data.data).to.include({ DEVICE_ID: deviceId })
      await client.close()
    }
  })

  it('2.1 names a bad option like a missing device_id', async () => {
    const client = await rig.open(foreignToken(), '&snapshot=yes')
    expect(await client.next()).to.deep.equal({
      event: 'error',
      data: { message: 'snapshot: expected true or false; and only once' },
    })
    expect((await client.closed).code).to.equal(1008)
  })

  it('row 45 logs no token, no key and no payload', () => {
    const output = rig.service().output()
    expect(output).to.not.match(/v4\.(local|public)\.|eyJ[\w-]{4}/i)
    expect(output).to.not.include('an-issuer-key').and.not.include('BwcHBwcH')
    expect(output).to.not.include('LAT').and.not.include('f3a9')
  })
})
