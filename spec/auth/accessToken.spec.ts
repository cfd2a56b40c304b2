import { expect } from 'chai'
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { createHmac, createSecretKey } from 'node:crypto'
import { firstValueFrom } from 'rxjs'
import { accessTokenVerifier, type AccessTokenOptions } from '../../lib/auth/accessToken.js'
import { AfluenteError } from '../../lib/errors.js'
import { type JwksServer, jwksServer } from '../support/jwksServer.js'

const secret = 'a secret of thirty-two bytes and more'
const now = Date.UTC(2026, 0, 1)
const exp = now / 1_000 + 60
const claims = { sub: 'ana', device_ids: ['A', 7], exp }

type SigningKey = Parameters<SignJWT['sign']>[0]

const sign = (
  payload: JWTPayload,
  key: SigningKey | string,
  alg: string,
  header: Record<string, unknown> = {},
) =>
  new SignJWT(payload)
    .setProtectedHeader({ alg, ...header })
    .sign(typeof key === 'string' ? createSecretKey(Buffer.from(key)) : key)
const bySecret = accessTokenVerifier({ secretKey: secret, now: () => now })
const kindOf = async (token: string, options: AccessTokenOptions = { secretKey: secret }) =>
  (await accessTokenVerifier({ now: () => now, ...options }).verify(token)).kind
const hs256 = (payload: JWTPayload, header?: Record<string, unknown>) =>
  sign(payload, secret, 'HS256', header)

function problem(options: AccessTokenOptions): string {
  try {
    accessTokenVerifier(options)
  } catch (error) {
    if (error instanceof AfluenteError && error.code === 'ERR_CONFIG') return error.message
    throw error
  }
  return 'no problem'
}

describe('accessTokenVerifier', () => {
  it('reads what a token permits', async () => {
    const verified = await bySecret.verify(await hs256({ ...claims, jti: 'n', scope: 'share:write  other' }))
    expect(verified).to.deep.equal({
      kind: 'granted',
      grant: {
        kind: 'access',
        devices: new Set(['A', '7']),
        namesDevices: true,
        expiresAt: exp * 1_000,
        subject: 'ana',
        tokenId: 'n',
        scopes: new Set(['share:write', 'other']),
      },
    })
    const scopes = await bySecret.verify(await hs256({ ...claims, scope: ['share:write', 7] }))
    expect(scopes.kind === 'granted' && scopes.grant.scopes).to.deep.equal(new Set(['share:write']))
  })

  it('takes the string "*" for all, in an array for a device of that name, and no claim for none', async () => {
    const devicesOf = async (device_ids: unknown) => {
      const verified = await bySecret.verify(await hs256({ ...claims, device_ids }))
      return verified.kind === 'granted' ? verified.grant.devices : verified.kind
    }
    expect(await devicesOf('*')).to.equal('all')
    expect(await devicesOf(['*'])).to.deep.equal(new Set(['*']))
    expect(await devicesOf(undefined)).to.deep.equal(new Set())
    expect(await devicesOf([])).to.deep.equal(new Set())
    for (const odd of ['A', 'A,B', null, {}, 7, true, [''], [-1], [1.5], [['A']], [null]]) {
      expect(await devicesOf(odd), JSON.stringify(odd)).to.equal('invalid')
    }
  })

  it('refuses no signature, another key, no exp, an exp of another kind and what is no token', async () => {
    expect(await kindOf(await hs256(claims))).to.equal('granted')
    expect(await kindOf(new UnsecuredJWT(claims).encode())).to.equal('invalid')
    expect(await kindOf(await sign(claims, 'another secret of thirty-two bytes', 'HS256'))).to.equal(
      'invalid',
    )
    expect(await kindOf(await hs256({ sub: 'ana' }))).to.equal('invalid')
    expect(await kindOf(await hs256({ ...claims, exp: String(exp) } as unknown as JWTPayload))).to.equal(
      'invalid',
    )
    expect(await kindOf(await hs256({ ...claims, nbf: exp - 1 }))).to.equal('invalid')
    for (const text of ['', 'a', 'a.b', 'a.b.c', 'a.b.c.d.e', '...', `${'a'.repeat(1_000_000)}.b.c`]) {
      expect(await kindOf(text)).to.equal('invalid')
    }
  })

  it('refuses algorithms that are not pinned', async () => {
    expect(
      await kindOf(await sign(claims, secret.repeat(2), 'HS512'), { secretKey: secret.repeat(2) }),
    ).to.equal('invalid')
    const algorithms = 'HS384, HS512'
    expect(
      await kindOf(await sign(claims, secret.repeat(2), 'HS512'), {
        secretKey: secret.repeat(2),
        algorithms,
      }),
    ).to.equal('granted')
    expect(await kindOf(await hs256(claims), { secretKey: secret, algorithms })).to.equal('invalid')
  })

  it('refuses an array or another value where claims belong', async () => {
    for (const text of [JSON.stringify([claims]), '[]', 'null', '7', '"a"', '']) {
      const head = Buffer.from('{"alg":"HS256"}').toString('base64url')
      const body = `${head}.${Buffer.from(text).toString('base64url')}`
      const token = `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
      expect(await kindOf(token), text).to.equal('invalid')
    }
  })

  it('refuses another typ, and takes JWT and at+jwt', async () => {
    for (const typ of ['JWT', 'jwt', 'at+jwt', 'application/at+jwt']) {
      expect(await kindOf(await hs256(claims, { typ }))).to.equal('granted')
    }
    for (const typ of ['logout+jwt', 'dpop+jwt', 'JWE', '']) {
      expect(await kindOf(await hs256(claims, { typ })), typ).to.equal('invalid')
    }
  })

  it('2.4 refuses a typ that is no text, in time and expired', async () => {
    for (const typ of [5, null, true, {}, ['JWT'], 0, false]) {
      expect(await kindOf(await hs256(claims, { typ })), JSON.stringify(typ)).to.equal('invalid')
      const expired = await hs256({ ...claims, exp: now / 1_000 }, { typ })
      expect(await kindOf(expired), JSON.stringify(typ)).to.equal('invalid')
    }
  })

  it('never rejects, whatever is thrown while it judges', async () => {
    const hostile = new Proxy(new Error('hostile'), {
      getPrototypeOf() {
        throw new Error('no prototype')
      },
    })
    for (const thrown of [new TypeError('odd'), hostile]) {
      const broken = () => {
        throw thrown
      }
      const { verify } = accessTokenVerifier({ secretKey: secret, now: broken })
      const verified = await verify(await hs256(claims))
      expect(verified.kind).to.equal('unavailable')
    }
  })

  it('checks iss and aud where configured', async () => {
    const options = { secretKey: secret, issuer: 'https://id', audience: 'afluente' }
    expect(
      await kindOf(await hs256({ ...claims, iss: 'https://id', aud: ['other', 'afluente'] }), options),
    ).to.equal('granted')
    expect(await kindOf(await hs256({ ...claims, iss: 'https://id', aud: 'other' }), options)).to.equal(
      'invalid',
    )
    expect(await kindOf(await hs256({ ...claims, iss: 'https://evil', aud: 'afluente' }), options)).to.equal(
      'invalid',
    )
    expect(await kindOf(await hs256(claims), options)).to.equal('invalid')
  })

  it('tells expired from invalid, and calls what is both invalid', async () => {
    const past = { ...claims, exp: now / 1_000 }
    expect(await kindOf(await hs256(past))).to.equal('expired')
    expect(await kindOf(await hs256({ ...past, device_ids: 7 }))).to.equal('invalid')
    expect(await kindOf(await hs256(past, { typ: 'logout+jwt' }))).to.equal('invalid')
    expect(await kindOf(await hs256(past), { secretKey: secret, audience: 'afluente' })).to.equal('invalid')
    expect(await kindOf(await sign(past, 'another secret of thirty-two bytes', 'HS256'))).to.equal('invalid')
  })

  it('refuses to start on a bad configuration, naming the variable and never the key', () => {
    const short = problem({ secretKey: 'thirty-one bytes are not enough' })
    expect(short)
      .to.match(/^JWT_SECRET_KEY must have at least 32 bytes/)
      .and.not.include('thirty-one')
    expect(problem({})).to.match(/^JWT_JWKS_URL, JWT_PUBLIC_KEY or JWT_SECRET_KEY must be set/)
    expect(problem({ publicKey: 'AAAA' }))
      .to.match(/^JWT_PUBLIC_KEY must be/)
      .and.not.include('AAAA')
    expect(problem({ jwksUrl: 'file:///etc/passwd' })).to.match(/^JWT_JWKS_URL/)
    expect(problem({ secretKey: secret, algorithms: 'none' }))
      .to.match(/^JWT_ALGORITHM must fit the key/)
      .and.not.include('none')
    expect(problem({ secretKey: secret, algorithms: 'RS256' })).to.match(/^JWT_ALGORITHM/)
    expect(problem({ jwksUrl: 'https://id/jwks', algorithms: 'HS256' })).to.match(/^JWT_ALGORITHM/)
  })
})

describe('accessTokenVerifier, with a public key', () => {
  it('takes PEM, PEM on one line and a JWK, for RSA, EC and Ed25519', async () => {
    for (const alg of ['RS256', 'ES256', 'ES384', 'EdDSA']) {
      const pair = await generateKeyPair(alg, { extractable: true })
      const pem = await exportSPKI(pair.publicKey)
      const token = await sign(claims, pair.privateKey, alg)
      const forms = [pem, pem.replaceAll('\n', '\\n'), JSON.stringify(await exportJWK(pair.publicKey))]
      for (const publicKey of forms) expect(await kindOf(token, { publicKey }), alg).to.equal('granted')
    }
  })

  it('refuses HS256 made with the public key as the secret', async () => {
    const { publicKey } = await generateKeyPair('RS256', { extractable: true })
    const pem = await exportSPKI(publicKey)
    for (const text of [pem, pem.trim()])
      expect(await kindOf(await sign(claims, text, 'HS256'), { publicKey: pem })).to.equal('invalid')
    expect(problem({ publicKey: pem, algorithms: 'HS256' })).to.match(/^JWT_ALGORITHM/)
    expect(problem({ publicKey: pem, algorithms: 'ES256' })).to.match(/^JWT_ALGORITHM/)
  })
})

describe('accessTokenVerifier, with a JWKS', () => {
  let server: JwksServer
  let first: { jwk: JWK; token: string }
  let second: { jwk: JWK; token: string }
  const jwks = { timeoutMs: 200, coolDownMs: 0, retryMs: 0 }

  async function keyNamed(kid: string | undefined) {
    const pair = await generateKeyPair('ES256')
    const named = kid === undefined ? {} : { kid }
    return {
      jwk: { ...(await exportJWK(pair.publicKey)), ...named },
      token: await sign(claims, pair.privateKey, 'ES256', named),
    }
  }

  beforeEach(async () => {
    first = await keyNamed('first')
    second = await keyNamed('second')
    server = await jwksServer({ keys: [first.jwk] })
  })
  afterEach(() => server.close())
  const verifier = (more = {}) =>
    accessTokenVerifier({ jwksUrl: server.url, now: () => now, jwks: { ...jwks, ...more } })

  it('verifies by the keys, and finds rotated ones', async () => {
    const { verify } = verifier()
    expect((await verify(first.token)).kind).to.equal('granted')
    expect((await verify(second.token)).kind).to.equal('invalid')
    server.answer({ keys: [second.jwk, first.jwk] })
    expect((await verify(second.token)).kind).to.equal('granted')
    expect((await verify(first.token)).kind).to.equal('granted')
  })

  it('tries each of several keys without ids', async () => {
    const keys = await Promise.all([keyNamed(undefined), keyNamed(undefined)])
    server.answer({ keys: keys.map(({ jwk }) => jwk) })
    const { verify } = verifier()
    for (const { token } of keys) expect((await verify(token)).kind).to.equal('granted')
    expect((await verify((await keyNamed(undefined)).token)).kind).to.equal('invalid')
  })

  it("calls the endpoint's own trouble an outage, never a bad token", async () => {
    const troubles = [
      'hang',
      'halfAnswer',
      { status: 500, text: 'no' },
      { status: 200, text: '<html>' },
      { status: 200, text: '[]' },
      { status: 200, text: 'null' },
      { status: 302, text: '' },
    ] as const
    for (const trouble of troubles) {
      server.answer(trouble)
      const verified = await verifier().verify(first.token)
      expect(verified.kind, JSON.stringify(trouble)).to.equal('unavailable')
      if (verified.kind !== 'unavailable') continue
      expect(verified.error.code).to.equal('ERR_VERIFIER_UNAVAILABLE')
      expect(verified.error.message).to.not.include(first.token)
    }
    await server.close()
    expect((await verifier().verify(first.token)).kind).to.equal('unavailable')
  })

  it('calls what is no token invalid all the same', async () => {
    server.answer('hang')
    expect((await verifier().verify('a.b.c')).kind).to.equal('invalid')
  })

  it('goes on through an outage with the keys it has', async () => {
    const { verify } = verifier()
    await verify(first.token)
    server.answer({ status: 500, text: 'no' })
    expect((await verify(first.token)).kind).to.equal('granted')
    expect((await verify(second.token)).kind).to.equal('unavailable')
  })

  it('fetches once in a cool-down, however many unknown keys come', async () => {
    const { verify } = verifier({ coolDownMs: 60_000 })
    await verify(first.token)
    for (let times = 0; times < 20; times++) expect((await verify(second.token)).kind).to.equal('invalid')
    expect(server.requests()).to.equal(1)
  })

  it('fetches once after a failure, however many come', async () => {
    server.answer({ status: 500, text: 'no' })
    const { verify } = verifier({ retryMs: 60_000 })
    const verified = await Promise.all(Array.from({ length: 20 }, () => verify(first.token)))
    verified.push(await verify(first.token))
    expect(verified.every(({ kind }) => kind === 'unavailable')).to.be.true
    expect(server.requests()).to.equal(1)
  })

  it('fetches ahead while refreshed$ is subscribed, and says what failed', async () => {
    const { verify, refreshed$ } = verifier({ refreshMs: 20 })
    expect(await firstValueFrom(refreshed$, { defaultValue: 'ended' })).to.be.undefined
    server.answer({ status: 500, text: 'no' })
    const error = await firstValueFrom(refreshed$, { defaultValue: undefined })
    expect(error?.code).to.equal('ERR_VERIFIER_UNAVAILABLE')
    const before = server.requests()
    expect((await verify(first.token)).kind).to.equal('granted')
    expect(server.requests()).to.equal(before)
  })
})
