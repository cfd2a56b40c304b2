import { expect } from 'chai'
import { accessTokenVerifier } from '../../lib/auth/accessToken.js'
import { AfluenteError } from '../../lib/errors.js'
import { unavailable } from '../../lib/auth/jwksKeys.js'
import { issuerOf, type IssuerOptions, mayShare, owns } from '../../lib/shares/issuer.js'
import { SignJWT } from 'jose'

const secretKey = 'a secret of thirty-two bytes and more'
const verifier = accessTokenVerifier({ secretKey })
const token = (claims: Record<string, unknown>) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(Buffer.from(secretKey))

async function outcome(credential: string | undefined, options: Partial<IssuerOptions>) {
  try {
    return await issuerOf(credential, { issuerKey: undefined, verifier: undefined, ...options })
  } catch (error) {
    return error instanceof AfluenteError ? (error.code as string) : 'another error'
  }
}

describe('issuerOf', () => {
  const issuerKey = 'the key of the issuer'

  it('knows the holder of the key, and nobody else', async () => {
    expect(await outcome(issuerKey, { issuerKey })).to.deep.equal({ kind: 'operator' })
    for (const wrong of ['', 'the key of the issue', `${issuerKey} `, issuerKey.toUpperCase()]) {
      expect(await outcome(wrong, { issuerKey })).to.equal('ERR_FORBIDDEN')
    }
    expect(await outcome(undefined, { issuerKey })).to.equal('ERR_UNAUTHORIZED')
    expect(await outcome('anything', {})).to.equal('ERR_FORBIDDEN')
  })

  it('knows a token by its scope, sub and device_ids', async () => {
    const claims = { sub: 'ana', scope: 'read share:write', device_ids: ['A'] }
    const options = { issuerKey, verifier }
    const ana = { kind: 'subject', subject: 'ana', devices: new Set(['A']) }
    expect(await outcome(await token(claims), options)).to.deep.equal(ana)
    expect(await outcome(await token({ ...claims, scope: ['share:write'] }), options)).to.deep.equal(ana)
    for (const change of [
      { scope: 'share:writer' },
      { scope: undefined },
      { sub: undefined },
      { device_ids: undefined },
    ]) {
      expect(await outcome(await token({ ...claims, ...change }), options)).to.equal('ERR_FORBIDDEN')
    }
  })

  it('says when the verifier is away, but not to the holder of the key', async () => {
    const away = {
      verify: () => Promise.resolve({ kind: 'unavailable', error: unavailable(undefined) } as const),
    }
    expect(await outcome('a.b.c', { issuerKey, verifier: away })).to.equal('ERR_VERIFIER_UNAVAILABLE')
    expect(await outcome(issuerKey, { issuerKey, verifier: away })).to.deep.equal({ kind: 'operator' })
  })
})

describe('mayShare and owns', () => {
  const ana = { kind: 'subject', subject: 'ana', devices: new Set(['A', 'B']) } as const

  it('bound a subject by its devices and its shares, and the operator by nothing', () => {
    expect(mayShare(ana, ['A', 'B'])).to.be.true
    expect(mayShare(ana, ['A', 'C'])).to.be.false
    expect(mayShare({ kind: 'operator' }, ['C'])).to.be.true
    expect(owns(ana, 'ana')).to.be.true
    expect(owns(ana, 'eva')).to.be.false
    expect(owns(ana, null)).to.be.false
    expect(owns({ kind: 'operator' }, 'eva')).to.be.true
  })
})
