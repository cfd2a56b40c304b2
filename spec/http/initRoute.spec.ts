import { expect } from 'chai'
import { emptyKeyRing } from '../../lib/auth/keyRing.js'
import { baseApp } from '../../lib/http/baseApp.js'
import { initRoute } from '../../lib/http/initRoute.js'
import type { Shares, SharesOptions } from '../../lib/shares/shares.js'
import { envelopeOf } from '../support/envelopes.js'
import { memoryShareStore } from '../support/memoryShareStore.js'
import { sealText } from '../support/sealText.js'
import { type Asking, type Doors, openDoors, type OpenedShares, openedShares } from '../support/shareDoors.js'
import { pasetoFixture } from '../support/vectors.js'

const init = '/api/v1/public/share-location/init'
const { key, tokens } = pasetoFixture('pyseto')
const { token: foreign, claims: foreignClaims } = tokens.farAway
const operator = { kind: 'operator' } as const

const sealed = (claims: Readonly<Record<string, unknown>>) =>
  sealText(
    Buffer.from(key, 'base64'),
    JSON.stringify({
      share_id: 'share-of-another',
      unit_id: 'u',
      device_id: 'A',
      scope: 'public-location-share',
      iat: '2026-01-01T00:00:00+00:00',
      exp: '9999-01-01T00:00:00.000001+00:00',
      ...claims,
    }),
  )

function doorsTo(shares: Pick<Shares, 'judge' | 'initOf'>): Promise<Doors> {
  const options = {
    allowedOrigins: '*',
    isDraining: () => false,
    doors: {},
    streamPaths: new Set<string>(),
  } as const
  return openDoors(baseApp({ ...options, routes: [initRoute(shares)] }))
}

describe('initRoute', () => {
  let opened: OpenedShares
  let doors: Doors
  before(async () => {
    opened = await openedShares()
    doors = await doorsTo(opened.shares)
  })
  after(async () => {
    await doors.close()
    await opened.close()
  })

  const look = (token: string, asking?: Asking) =>
    doors.ask('GET', `${init}?token=${encodeURIComponent(token)}`, asking)

  /** The answer to this token where `changes` are what shares are made of. */
  async function lookElsewhere(token: string, changes: Partial<SharesOptions>) {
    const elsewhere = await openedShares(changes)
    const others = await doorsTo(elsewhere.shares)
    const reply = await others.ask('GET', `${init}?token=${token}`)
    await others.close()
    await elsewhere.close()
    return reply
  }

  it("opens a token that pyseto sealed, with the token's own exp", async () => {
    const { status, json, headers } = await look(foreign)
    expect(status).to.equal(200)
    expect(json).to.deep.equal({
      msg: 'valid',
      expires_at: foreignClaims.exp,
      device_id: foreignClaims.device_id,
      last_communication: null,
    })
    expect(headers).to.include({ 'cache-control': 'no-store' })
    expect(headers['content-type']).to.match(/^application\/json/)
  })

  it('tells where the device was last', async () => {
    const data = {
      DEVICE_ID: 'A',
      LATITUD: '+20.5',
      LONGITUD: '-103.25',
      SPEED: '0.00',
      COURSE: '90',
      GPS_DATETIME: '2025-10-18 00:51:16',
      ENGINE_STATUS: 'ON',
      FIX_: '1',
      SATELLITES: '9',
      MAIN_BATTERY_VOLTAGE: '12.6',
    }
    opened.note(envelopeOf({ data }, Date.UTC(2026, 0, 1)))
    const { json } = await look(sealed({}))
    expect((json as { last_communication: unknown }).last_communication).to.deep.equal({
      device_id: 'A',
      latitude: 20.5,
      longitude: -103.25,
      speed: 0,
      course: 90,
      gps_datetime: '2025-10-18T00:51:16',
      received_at: '2026-01-01T00:00:00.000Z',
      engine_status: 'ON',
      fix_status: '1',
      satellites: 9,
      backup_battery_voltage: null,
      main_battery_voltage: 12.6,
      odometer: null,
    })
  })

  it("answers with the record's expiry, its devices and its beginning", async () => {
    const { registry } = opened.shares
    const body = { device_ids: ['A', 'B'], ttl_secs: 60, not_before: '2026-01-01T00:00:00Z' }
    const { token, share_id: shareId, expires_at: sealedExpiry } = await registry.make(body, operator)
    expect((await look(token)).json).to.include({ expires_at: sealedExpiry, device_id: 'A' })
    const { expires_at: moved } = await registry.change(shareId, { ttl_secs: 3_600 }, operator)
    expect(moved).to.not.equal(sealedExpiry)
    const { json } = await look(token)
    expect(json).to.include({ expires_at: moved }).and.to.not.have.property('not_before')
    expect((json as { devices: unknown }).devices).to.deep.equal(['A', 'B'])

    const notBefore = new Date(Date.now() + 3_600_000).toISOString()
    const later = await registry.make({ device_id: 'A', not_before: notBefore }, operator)
    const begins = (await look(later.token)).json as { not_before: string; last_communication: unknown }
    expect(Date.parse(begins.not_before)).to.equal(Date.parse(notBefore))
    expect(begins.last_communication).to.equal(null)
  })

  it('takes ?token= first, then a bearer, then the sub-protocol', async () => {
    expect((await look(foreign, { bearer: 'of-an-app' })).status).to.equal(200)
    expect((await look('nonsense', { bearer: foreign })).status).to.equal(403)
    expect((await doors.ask('GET', init, { bearer: foreign })).status).to.equal(200)
    const offered = { 'Sec-WebSocket-Protocol': `bearer, ${foreign}` }
    expect((await doors.ask('GET', init, { headers: offered })).status).to.equal(200)
    expect((await doors.ask('GET', init, { headers: offered, bearer: 'nonsense' })).status).to.equal(403)
  })

  it('answers 422 where no token was given', async () => {
    for (const path of [init, `${init}?token=`, `${init}?other=${foreign}`]) {
      const { status, json, headers } = await doors.ask('GET', path)
      expect(status, path).to.equal(422)
      expect(json).to.have.all.keys('detail').and.to.have.property('detail').that.matches(/token/)
      expect(headers).to.include({ 'cache-control': 'no-store' })
    }
  })

  it('answers 401 to what has expired', async () => {
    const { registry } = opened.shares
    const { token: shortened, share_id: shareId } = await registry.make({ device_id: 'A' }, operator)
    await registry.change(shareId, { expires_at: '2001-01-01T00:00:00Z' }, operator)
    for (const token of [tokens.issuer.token, tokens.localOffset.token, shortened]) {
      const { status, json, headers } = await look(token)
      expect(status).to.equal(401)
      expect(json).to.deep.equal({ detail: 'Token expired' })
      expect(headers).to.include({ 'cache-control': 'no-store', 'www-authenticate': 'Bearer' })
    }
  })

  it('answers 403 to what is no share token', async () => {
    const { otherScope } = tokens
    const wrong = {
      'another scope': otherScope.token,
      'no token at all': 'nonsense',
      'a changed letter': `${foreign.slice(0, -5)}AAAAA`,
      'a footer': `${foreign}.Zm9vdGVy`,
      'no unit_id': sealed({ unit_id: undefined }),
      'no exp': sealed({ exp: undefined }),
      'an exp that is no instant': sealed({ exp: '2026-02-30T00:00:00+00:00' }),
      'its nbf ahead': sealed({ nbf: '9998-01-01T00:00:00+00:00' }),
      'made here, without its record': sealed({ record: true }),
      'invalid and expired': sealed({ exp: '2001-01-01T00:00:00+00:00', unit_id: undefined }),
    }
    for (const [name, token] of Object.entries(wrong)) {
      const { status, json, headers } = await look(token)
      expect(status, name).to.equal(403)
      expect(json, name).to.deep.equal({ detail: 'Invalid token' })
      expect(headers).to.include({ 'cache-control': 'no-store' })
    }
    const { status, json } = await look(sealed({ device_id: undefined }))
    expect(status).to.equal(403)
    expect(json).to.deep.equal({ detail: 'Invalid token: missing device_id' })
  })

  it('answers 403 to a token that is longer than any, however well it is sealed', async () => {
    expect((await look(sealed({ more: 'x'.repeat(100) }))).status).to.equal(200)
    const { status, json } = await look(sealed({ more: 'x'.repeat(2_000) }))
    expect(status).to.equal(403)
    expect(json).to.deep.equal({ detail: 'Invalid token' })
  })

  it('answers 403 to what was revoked, made here or not', async () => {
    const { registry } = opened.shares
    const { token, share_id: shareId } = await registry.make({ device_id: 'A' }, operator)
    await registry.revoke(shareId, operator)
    await registry.revoke('revoked-of-another', operator)
    for (const revoked of [token, sealed({ share_id: 'revoked-of-another' })]) {
      const { status, json, headers } = await look(revoked)
      expect(status).to.equal(403)
      expect(json).to.deep.equal({ detail: 'Invalid token: share revoked' })
      expect(headers).to.include({ 'cache-control': 'no-store' })
    }
  })

  it('holds every token for invalid without a key', async () => {
    const { status, json } = await lookElsewhere(foreign, { ring: emptyKeyRing })
    expect(status).to.equal(403)
    expect(json).to.deep.equal({ detail: 'Invalid token' })
  })

  it('answers 503 while the store is away, and tells nothing of it', async () => {
    const store = memoryShareStore()
    store.be('away')
    const { status, json, headers, text } = await lookElsewhere(foreign, { store })
    expect(status).to.equal(503)
    expect(json).to.have.all.keys('detail')
    expect(headers).to.include({ 'cache-control': 'no-store' })
    expect(Number(headers['retry-after'])).to.be.above(0)
    expect(text).to.not.include('The store is away')
    expect((await lookElsewhere(tokens.issuer.token, { store })).status).to.equal(401)
  })

  it('answers 500 to what nobody foresaw, and tells nothing of it', async () => {
    const { initOf } = opened.shares
    const failing = await doorsTo({ initOf, judge: () => Promise.reject(new Error('a secret')) })
    const { status, json, headers } = await failing.ask('GET', `${init}?token=a`)
    expect(status).to.equal(500)
    expect(json).to.deep.equal({ detail: 'Internal Server Error' })
    expect(headers).to.include({ 'cache-control': 'no-store' })
    await failing.close()
  })

  it('answers HEAD as it answers GET, without a body', async () => {
    for (const token of [foreign, tokens.issuer.token, 'nonsense', '']) {
      const got = await look(token)
      const { status, headers, text } = await doors.ask('HEAD', `${init}?token=${token}`)
      expect(status).to.equal(got.status)
      expect(headers['content-length']).to.equal(got.headers['content-length'])
      expect(text).to.equal('')
    }
  })

  it('repeats nothing of a token in what it refuses', async () => {
    for (const token of [tokens.issuer.token, tokens.otherScope.token, 'a-secret-of-somebody']) {
      const { text, headers } = await look(token)
      expect(`${text}${JSON.stringify(headers)}`).to.not.include(token.slice(-12))
    }
  })
})
