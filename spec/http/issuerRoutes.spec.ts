import { expect } from 'chai'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { unavailable } from '../../lib/auth/jwksKeys.js'
import { emptyKeyRing } from '../../lib/auth/keyRing.js'
import { baseApp } from '../../lib/http/baseApp.js'
import { shareRoutes } from '../../lib/http/shareRoutes.js'
import type { SharesOptions } from '../../lib/shares/shares.js'
import { memoryShareStore } from '../support/memoryShareStore.js'
import {
  type Asking,
  type Doors,
  issuerKey,
  issuerToken,
  openDoors,
  openedShares,
  type Reply,
} from '../support/shareDoors.js'
import { pasetoFixture } from '../support/vectors.js'

const init = '/api/v1/public/share-location/init'
const list = '/api/v1/shares'
const { token: foreign, claims: foreignClaims } = pasetoFixture('pyseto').tokens.farAway
const foreignPath = `${list}/${foreignClaims.share_id}`

type Json = Readonly<Record<string, unknown>>

/** Every route of an issuer, with a body that would do. */
const routes = [
  ['POST', init, { device_id: 'A' }],
  ['GET', list, undefined],
  ['GET', `${list}/some`, undefined],
  ['PATCH', `${list}/some`, { ttl_secs: 60 }],
  ['DELETE', `${list}/some`, undefined],
] as const

async function openedDoors(changes: Partial<SharesOptions> = {}): Promise<Doors> {
  const { shares, close } = await openedShares(changes)
  const options = { allowedOrigins: '*', isDraining: () => false, doors: {} } as const
  const doors = await openDoors(
    baseApp({ ...options, streamPaths: new Set(), routes: [shareRoutes(shares)] }),
  )
  return { ...doors, close: () => Promise.all([doors.close(), close()]) }
}

describe('issuerRoutes', () => {
  let doors: Doors
  let ana: string
  before(async () => {
    doors = await openedDoors()
    ana = await issuerToken()
  })
  after(() => doors.close())

  const ask = (method: string, path: string, bearer: string, body?: unknown) =>
    doors.ask(method, path, { bearer, ...(body === undefined ? {} : { body }) })
  const look = async (token: string) => doors.ask('GET', `${init}?token=${token}`)

  async function made(bearer: string, body: Json = { device_id: 'A' }) {
    const { status, json } = await ask('POST', init, bearer, body)
    expect(status).to.equal(201)
    // 2.5 names these, and the first test sees to it.
    const answer = json as Readonly<Record<'share_id' | 'token' | 'expires_at', string>>
    return { ...answer, path: `${list}/${answer.share_id}` }
  }

  function expectRefusal({ status, json, headers }: Reply, expected: number, name?: string): void {
    expect(status, name).to.equal(expected)
    expect(json, name).to.have.all.keys('detail')
    expect((json as Json).detail, name).to.be.a('string').and.not.empty
    expect(headers['cache-control'], name).to.equal('no-store')
  }

  it('makes a link, by the key and by a token', async () => {
    for (const bearer of [issuerKey, ana]) {
      const { status, json, headers } = await ask('POST', init, bearer, { device_id: 'A', unit_id: 'u' })
      expect(status).to.equal(201)
      const keys = ['share_id', 'token', 'device_id', 'unit_id', 'expires_at', 'share_url']
      expect(json).to.have.all.keys(keys).and.to.include({ device_id: 'A', unit_id: 'u' })
      const {
        share_id: shareId,
        token,
        expires_at: expiresAt,
        share_url: shareUrl,
      } = json as Record<string, string>
      expect(shareUrl).to.equal(`https://map.example/share#${token}`)
      expect(Math.abs(Date.parse(expiresAt!) - Date.now() - 1_800_000)).to.be.below(60_000)
      expect(headers).to.include({ 'cache-control': 'no-store', location: `${list}/${shareId}` })
      expect((await look(token!)).json).to.include({ msg: 'valid', expires_at: expiresAt })
    }
  })

  it('makes up a unit_id, and hides the label from viewers', async () => {
    const { token, ...answer } = await made(ana, { device_ids: ['A', 'B'], label: 'for the boss' })
    expect(answer)
      .to.have.property('unit_id')
      .that.matches(/^[0-9a-f-]{36}$/)
    const { text, json } = await look(token)
    expect(text).to.not.include('boss')
    expect((json as Json).devices).to.deep.equal(['A', 'B'])
  })

  it('asks for a credential, as a bearer alone', async () => {
    const elsewhere: Asking[] = [
      {},
      { headers: { Authorization: `Basic ${Buffer.from(`a:${issuerKey}`).toString('base64')}` } },
      { headers: { Authorization: issuerKey } },
      { headers: { 'Sec-WebSocket-Protocol': `bearer, ${issuerKey}` } },
      { headers: { Cookie: `token=${issuerKey}` } },
    ]
    for (const [method, path, body] of routes) {
      for (const asking of elsewhere) {
        const reply = await doors.ask(method, `${path}?token=${issuerKey}`, { ...asking, body })
        expectRefusal(reply, 401, `${method} ${path}`)
        expect(reply.headers['www-authenticate']).to.equal('Bearer')
      }
    }
  })

  it('refuses a wrong credential', async () => {
    const wrong = {
      'another key': 'the-key-of-another',
      'a share token': foreign,
      'a token without the scope': await issuerToken({ scope: 'share:read' }),
      'a token without sub': await issuerToken({ sub: undefined }),
      'a token without device_ids': await issuerToken({ device_ids: undefined }),
      'an expired token': await issuerToken({ exp: 1 }),
      'a token of another hand': `${ana.slice(0, ana.lastIndexOf('.'))}.${'A'.repeat(43)}`,
    }
    for (const [method, path, body] of routes) {
      for (const [name, bearer] of Object.entries(wrong)) {
        const reply = await ask(method, path, bearer, body)
        expectRefusal(reply, 403, `${method} ${path}, ${name}`)
        expect(reply.text).to.not.include(bearer.slice(-8))
      }
    }
  })

  it('refuses every credential where neither is configured', async () => {
    const closed = await openedDoors({ issuerKey: undefined, verifier: undefined })
    for (const [method, path, body] of routes) {
      expectRefusal(await closed.ask(method, path, { bearer: issuerKey, body }), 403)
      expectRefusal(await closed.ask(method, path, { body }), 401)
    }
    await closed.close()
  })

  it('answers 503 while the verifier is down, except to the key', async () => {
    const secretUrl = 'https://keys.example/jwks'
    const verifier: SharesOptions['verifier'] = {
      verify: () => Promise.resolve({ kind: 'unavailable', error: unavailable(new Error(secretUrl)) }),
    }
    const down = await openedDoors({ verifier })
    for (const [method, path, body] of routes) {
      const reply = await down.ask(method, path, { bearer: ana, body })
      expectRefusal(reply, 503)
      expect(Number(reply.headers['retry-after'])).to.be.above(0)
      expect(reply.text).to.not.include(secretUrl)
    }
    expect((await down.ask('GET', list, { bearer: issuerKey })).status).to.equal(200)
    await down.close()
  })

  it('answers 503 without PASETO_SECRET_KEY, and no word of trying again', async () => {
    const keyless = await openedDoors({ ring: emptyKeyRing })
    for (const [method, path, body] of routes) {
      const reply = await keyless.ask(method, path, { bearer: issuerKey, body })
      expectRefusal(reply, 503)
      expect((reply.json as Json).detail).to.include('PASETO_SECRET_KEY')
      expect(reply.headers).to.not.have.property('retry-after')
    }
    await keyless.close()
  })

  it('answers 503 while the store is away, and nothing of it', async () => {
    const store = memoryShareStore()
    store.be('away')
    const away = await openedDoors({ store })
    for (const [method, path, body] of routes) {
      const reply = await away.ask(method, path, { bearer: issuerKey, body })
      expectRefusal(reply, 503)
      expect(Number(reply.headers['retry-after'])).to.be.above(0)
      expect(reply.text).to.not.include('The store is away')
    }
    await away.close()
  })

  it('looks at the credential before it reads the body', async () => {
    const headers = { Authorization: 'Bearer wrong', 'Content-Length': '100' }
    const asked = request({ port: doors.port, method: 'POST', path: init, headers })
    asked.flushHeaders()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    expect(response.statusCode).to.equal(403)
    asked.on('error', () => undefined).destroy()
  })

  it('names the field of a bad body', async () => {
    const bad: readonly [unknown, string][] = [
      [{}, 'device_id'],
      [undefined, 'device_id'],
      [{ device_id: 'A', device_ids: ['B'] }, 'device_id'],
      [{ device_id: 'A', ttl_secs: 'long' }, 'ttl_secs'],
      [{ device_id: 'A', ttl_secs: 31 * 86_400 }, 'ttl_secs'],
      [{ device_id: 'A', not_before: 'tomorrow' }, 'not_before'],
      [{ device_id: 'A', max_viewers: 0 }, 'max_viewers'],
      [{ device_id: 'A', within: { center: [0, 0], radius_m: -1 } }, 'within.radius_m'],
      [{ device_id: 'A', arrive: { center: [0, 91], radius_m: 1 } }, 'arrive.center.1'],
      [{ device_id: 'A', ttl: 60 }, 'ttl'],
      [[], 'body'],
    ]
    for (const [body, field] of bad) {
      const reply = await ask('POST', init, issuerKey, body)
      expectRefusal(reply, 422, JSON.stringify(body))
      expect((reply.json as Json).detail).to.include(field)
    }
    const { path } = await made(ana)
    for (const body of [{}, { ttl_secs: 1, expires_at: '2030-01-01T00:00:00Z' }, { expires_at: 'soon' }]) {
      const reply = await ask('PATCH', path, ana, body)
      expectRefusal(reply, 422)
      expect((reply.json as Json).detail).to.include('expires_at')
    }
    const tooLong = await ask('PATCH', path, ana, { ttl_secs: 31 * 86_400 })
    expectRefusal(tooLong, 422)
    expect((tooLong.json as Json).detail).to.include('ttl_secs')
  })

  it('repeats nothing of a body that is no JSON, and no token from one that is', async () => {
    for (const text of ['secret-in-body', '{"secret-in-body"', '"secret-in-body"', 'null', '{"a":1}x']) {
      const reply = await ask('POST', init, issuerKey, text)
      expectRefusal(reply, 422, text)
      expect((reply.json as Json).detail)
        .to.include('expected')
        .and.to.not.include('secret')
    }
    const { text } = await ask('POST', init, issuerKey, { device_id: 'A', [foreign]: 1, [ana]: 1 })
    expect(text).to.include('unknown field').and.to.not.include(foreign.slice(10, 30))
    expect(text).to.not.include(ana.slice(-12))
  })

  it('refuses bytes that are no UTF-8', async () => {
    const asked = request({
      port: doors.port,
      method: 'POST',
      path: init,
      headers: { Authorization: `Bearer ${issuerKey}` },
    })
    asked.end(Buffer.from('{"device_id":"\xff"}', 'latin1'))
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    expect(response.statusCode).to.equal(422)
    response.resume()
  })

  it('reads JSON under any content type', async () => {
    for (const type of [
      'application/json',
      'application/x-www-form-urlencoded',
      'text/plain; charset=latin1',
      'x',
    ]) {
      const body = { device_id: 'A' }
      const reply = await doors.ask('POST', init, { bearer: ana, body, headers: { 'Content-Type': type } })
      expect(reply.status, type).to.equal(201)
    }
  })

  it('reads at most 64 KiB, and nothing compressed', async () => {
    const ofLength = (length: number) => {
      const frame = JSON.stringify({ device_id: 'A', label: '' }).length
      return JSON.stringify({ device_id: 'A', label: 'x'.repeat(length - frame) })
    }
    const largest = await ask('POST', init, issuerKey, ofLength(65_536))
    expectRefusal(largest, 422)
    expect((largest.json as Json).detail).to.include('label')
    for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
      const asking = { bearer: issuerKey, headers, body: ofLength(65_537) }
      expectRefusal(await doors.ask('POST', init, asking), 413)
      expectRefusal(await doors.ask('PATCH', `${list}/a`, asking), 413)
    }
    const compressed = { bearer: issuerKey, body: 'x', headers: { 'Content-Encoding': 'gzip' } }
    expectRefusal(await doors.ask('POST', init, compressed), 415)
  })

  it('lists what has not ended: to a subject its own, to the key all', async () => {
    const eva = await issuerToken({ sub: 'eva-of-the-list' })
    const ofEva = await made(eva, { device_id: 'A', label: 'mine' })
    const revoked = await made(eva)
    const past = await made(eva)
    const ofKey = await made(issuerKey)
    await ask('DELETE', revoked.path, eva)
    await ask('PATCH', past.path, eva, { expires_at: '2001-01-01T00:00:00Z' })

    const { status, json, headers, text } = await ask('GET', list, eva)
    expect(status).to.equal(200)
    expect(headers['cache-control']).to.equal('no-store')
    expect(json).to.be.an('array').with.lengthOf(1)
    const [only] = json as Json[]
    expect(only).to.include({ share_id: ofEva.share_id, label: 'mine', viewers: 0, state: 'open' })
    expect(text).to.not.include(ofEva.token)

    const all = ((await ask('GET', list, issuerKey)).json as Json[]).map(({ share_id: id }) => id)
    expect(all).to.include.members([ofEva.share_id, ofKey.share_id])
    expect(all).to.not.include.members([revoked.share_id]).and.to.not.include.members([past.share_id])
    expect((await ask('HEAD', list, eva)).status).to.equal(200)
  })

  it('gives the same link again', async () => {
    const share = await made(ana)
    for (const bearer of [ana, issuerKey]) {
      const { status, json, headers } = await ask('GET', share.path, bearer)
      expect(status).to.equal(200)
      expect(json).to.include({ share_id: share.share_id, token: share.token, viewers: 0, state: 'open' })
      expect(json).to.include({ share_url: `https://map.example/share#${share.token}` })
      expect(headers['cache-control']).to.equal('no-store')
    }
  })

  it("answers 404 to a subject that asks for another's share, as for none", async () => {
    const share = await made(ana)
    const eva = await issuerToken({ sub: 'eva' })
    for (const path of [share.path, (await made(issuerKey)).path, `${list}/none`, foreignPath]) {
      for (const [method, body] of [['GET'], ['PATCH', { ttl_secs: 60 }], ['DELETE']] as const) {
        expectRefusal(await ask(method, path, eva, body), 404, `${method} ${path}`)
      }
    }
    expect((await look(share.token)).status).to.equal(200)
    for (const method of ['GET', 'PATCH']) {
      const body = method === 'PATCH' ? { ttl_secs: 60 } : undefined
      expectRefusal(await ask(method, foreignPath, issuerKey, body), 404)
      expectRefusal(await ask(method, `${list}/${'x'.repeat(200)}`, issuerKey, body), 404)
    }
  })

  it('bounds making, extending and reading by device_ids, and nothing else', async () => {
    expectRefusal(await ask('POST', init, ana, { device_ids: ['A', 'C'] }), 403)
    const share = await made(ana)
    const bound = await issuerToken({ device_ids: ['B'] })
    expectRefusal(await ask('GET', share.path, bound), 403)
    expectRefusal(await ask('PATCH', share.path, bound, { ttl_secs: 86_400 }), 403)
    const listed = ((await ask('GET', list, bound)).json as Json[]).map(({ share_id: id }) => id)
    expect(listed).to.include(share.share_id)
    expect((await ask('PATCH', share.path, bound, { ttl_secs: 60 })).status).to.equal(200)
    expect((await ask('DELETE', share.path, bound)).status).to.equal(204)
    const everything = await issuerToken({ device_ids: '*' })
    expect((await ask('POST', init, everything, { device_id: 'C' })).status).to.equal(201)
  })

  it('extends and shortens', async () => {
    const share = await made(ana, { device_id: 'A', ttl_secs: 60 })
    const extended = await ask('PATCH', share.path, ana, { ttl_secs: 3_600 })
    expect(extended.status).to.equal(200)
    expect(extended.headers['cache-control']).to.equal('no-store')
    const { expires_at: longer } = extended.json as Record<string, string>
    expect(Date.parse(longer!)).to.be.above(Date.parse(share.expires_at) + 3_000_000)
    expect((await look(share.token)).json).to.include({ expires_at: longer })
    const shorter = new Date(Date.now() + 30_000).toISOString()
    const shortened = (await ask('PATCH', share.path, ana, { expires_at: shorter })).json as Json
    expect(Date.parse(String(shortened.expires_at))).to.equal(Date.parse(shorter))
    expect((await look(share.token)).json).to.include({ expires_at: shortened.expires_at })
  })

  it('ends a share by an expiry in the past, for good', async () => {
    const { path, token } = await made(ana)
    const { status, json } = await ask('PATCH', path, ana, { expires_at: '2001-01-01T00:00:00Z' })
    expect(status).to.equal(200)
    expect(json).to.include({ state: 'expired' })
    expect((await look(token)).json).to.deep.equal({ detail: 'Token expired' })
    expectRefusal(await ask('PATCH', path, ana, { ttl_secs: 60 }), 409)
    expect((await look(token)).status).to.equal(401)
  })

  it('revokes again and again, and refuses to move what is revoked', async () => {
    const { path, token } = await made(ana)
    for (const bearer of [ana, ana, issuerKey]) {
      const { status, text, headers } = await ask('DELETE', path, bearer)
      expect(status).to.equal(204)
      expect(text).to.equal('')
      expect(headers['cache-control']).to.equal('no-store')
    }
    expect((await look(token)).json).to.deep.equal({ detail: 'Invalid token: share revoked' })
    expectRefusal(await ask('PATCH', path, ana, { ttl_secs: 60 }), 410)
  })

  it("revokes the other issuer's share, by the key alone", async () => {
    const { token, claims } = pasetoFixture('pyseto').tokens.farAway
    expect((await look(token)).status).to.equal(200)
    const all = await issuerToken({ device_ids: '*' })
    expectRefusal(await ask('DELETE', foreignPath, all), 404)
    expect((await look(token)).status).to.equal(200)
    for (const path of [foreignPath, `${list}/${claims.share_id!.toUpperCase()}`]) {
      expect((await ask('DELETE', path, issuerKey)).status).to.equal(204)
    }
    expect((await look(token)).json).to.deep.equal({ detail: 'Invalid token: share revoked' })
    expectRefusal(await ask('PATCH', foreignPath, issuerKey, { ttl_secs: 60 }), 410)
  })

  it('names the methods that a path has', async () => {
    const allowed = [
      [init, 'PUT', 'GET, HEAD, POST'],
      [init, 'DELETE', 'GET, HEAD, POST'],
      [list, 'POST', 'GET, HEAD'],
      [list, 'DELETE', 'GET, HEAD'],
      [`${list}/a`, 'PUT', 'GET, HEAD, PATCH, DELETE'],
      [`${list}/a`, 'POST', 'GET, HEAD, PATCH, DELETE'],
    ] as const
    for (const [path, method, allow] of allowed) {
      const reply = await ask(method, path, issuerKey)
      expectRefusal(reply, 405, `${method} ${path}`)
      expect(reply.headers.allow).to.equal(allow)
    }
    expect((await ask('GET', `${list}/a/b`, issuerKey)).status).to.equal(404)
    expect((await ask('GET', `${list}/%ff`, issuerKey)).status).to.equal(400)
  })
})
