import { expect } from 'chai'
import { type KeyRing, keyRing } from '../../lib/auth/keyRing.js'
import { localKey, sealLocal } from '../../lib/auth/pasetoLocal.js'
import { normalShareId, openShareToken, sealShareToken } from '../../lib/auth/shareToken.js'
import { sealText } from '../support/sealText.js'
import { pasetoFixture } from '../support/vectors.js'

const keyBytes = Buffer.alloc(32, 9)
const ring = keyRing({ secretKeys: keyBytes.toString('base64') })
const now = Date.UTC(2025, 11, 3, 15, 10)
const good = {
  share_id: '6b1f7b3e-6f0e-4f5a-9a52-0d1c9a2f4d10',
  unit_id: '0e2d6c1a-7a44-4f1c-8f0e-3b9f2f6f7a21',
  device_id: '867564050638581',
  scope: 'public-location-share',
  iat: '2025-12-03T15:00:00.123456+00:00',
  exp: '2025-12-03T15:30:00.123456+00:00',
}

const sealed = (claims: object, seal: KeyRing['seal'] = ring.seal) => seal!(claims)
const outcome = async (token: string) => {
  const opened = await openShareToken(ring, token, now)
  if (opened.kind === 'sound') return 'sound'
  return opened.missing === undefined ? 'invalid' : `missing ${opened.missing}`
}
const outcomeOf = async (changes: Record<string, unknown>) => outcome(await sealed({ ...good, ...changes }))

describe('openShareToken', () => {
  it('reads what the Python issuer sealed', async () => {
    const { key, tokens } = pasetoFixture('pyseto')
    const issuer = keyRing({ secretKeys: key })
    const { token, claims } = tokens.issuer
    expect(await openShareToken(issuer, token, now)).to.deep.equal({
      kind: 'sound',
      claims: {
        shareId: claims.share_id,
        unitId: claims.unit_id,
        deviceId: '867564050638581',
        exp: '2025-12-03T15:30:00.123456+00:00',
        expiresAt: Date.UTC(2025, 11, 3, 15, 30, 0, 123),
        issuedAt: Date.UTC(2025, 11, 3, 15, 0, 0, 123),
        needsRecord: false,
      },
    })
    const expiries = {
      wholeSeconds: Date.UTC(2025, 11, 3, 15, 30),
      localOffset: Date.UTC(2025, 11, 3, 15, 30, 0, 123),
    }
    for (const [name, expiresAt] of Object.entries(expiries)) {
      const opened = await openShareToken(issuer, tokens[name as keyof typeof expiries].token, now)
      expect(opened.kind === 'sound' && opened.claims.expiresAt).to.equal(expiresAt)
    }
    const farAway = await openShareToken(issuer, tokens.farAway.token, now)
    expect(farAway.kind === 'sound' && farAway.claims.expiresAt).to.equal(
      Date.UTC(9999, 11, 31, 23, 59, 59, 999),
    )
    expect(await openShareToken(issuer, tokens.otherScope.token, now)).to.deep.equal({ kind: 'invalid' })
  })

  it('refuses other scopes, and tokens without unit_id, exp or device_id', async () => {
    expect(await outcomeOf({})).to.equal('sound')
    for (const scope of [
      'password-reset',
      'PUBLIC-LOCATION-SHARE',
      '',
      null,
      undefined,
      ['public-location-share'],
    ]) {
      expect(await outcomeOf({ scope }), String(scope)).to.equal('invalid')
    }
    for (const unit_id of [undefined, null, '', 7]) expect(await outcomeOf({ unit_id })).to.equal('invalid')
    for (const device_id of [undefined, null, '']) {
      expect(await outcomeOf({ device_id })).to.equal('missing device_id')
      expect(await outcomeOf({ device_id, scope: 'other' })).to.equal('invalid')
    }
    for (const device_id of [7, ['A'], { a: 1 }, 'x'.repeat(257)]) {
      expect(await outcomeOf({ device_id })).to.equal('invalid')
    }
  })

  it('leaves expired to its caller, and calls what is invalid as well invalid', async () => {
    expect(await outcomeOf({ exp: '2001-01-01T00:00:00+00:00' })).to.equal('sound')
    expect(await outcomeOf({ exp: '2001-01-01T00:00:00+00:00', scope: 'other' })).to.equal('invalid')
    expect(await outcomeOf({ exp: '2001-01-01T00:00:00+00:00', device_id: '' })).to.equal('missing device_id')
  })

  it('does not judge iat, and judges nbf where there is one', async () => {
    expect(await outcomeOf({ iat: '2999-01-01T00:00:00+00:00' })).to.equal('sound')
    expect(await outcomeOf({ nbf: '2025-12-03T15:10:00+00:00' })).to.equal('sound')
    expect(await outcomeOf({ nbf: '2025-12-03T15:10:00.001+00:00' })).to.equal('invalid')
  })

  it('refuses a footer, an implicit assertion and another key', async () => {
    const key = localKey(keyBytes)
    const { seal } = keyRing({ secretKeys: Buffer.alloc(32, 8).toString('base64') })
    expect(await outcome(await sealLocal(key, good))).to.equal('sound')
    expect(await outcome(await sealLocal(key, good, { footer: Buffer.from('{"kid":"a"}') }))).to.equal(
      'invalid',
    )
    expect(await outcome(await sealLocal(key, good, { implicitAssertion: Buffer.from('a') }))).to.equal(
      'invalid',
    )
    expect(await outcome(await sealed(good, seal))).to.equal('invalid')
  })

  it('refuses other kinds of token, by the same outward reason', async () => {
    const token = await sealed(good)
    const body = token.slice('v4.local.'.length)
    const others = ['v4.public.', 'v3.local.', 'v2.local.', 'V4.LOCAL.', 'v4.LOCAL.', 'v4.local', ''].map(
      (h) => h + body,
    )
    others.push(
      'eyJhbGciOiJub25lIn0.e30.',
      'null',
      '',
      '.',
      '..',
      'v4.local.',
      'v4.local..',
      `v4.local.${'A'.repeat(86)}`,
    )
    for (const other of others) expect(await outcome(other), other.slice(0, 12)).to.equal('invalid')
  })

  it('refuses a token with any bit flipped or character replaced, padded, spaced or dotted', async () => {
    const token = await sealed(good)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const start = 'v4.local.'.length
    const changed: string[] = []
    for (let place = start; place < token.length; place++) {
      const sextet = alphabet.indexOf(token[place]!)
      for (let bit = 1; bit < 64; bit <<= 1) {
        changed.push(token.slice(0, place) + alphabet[sextet ^ bit]! + token.slice(place + 1))
      }
    }
    for (let place = 0; place <= token.length; place += 7) {
      for (const extra of ['=', '+', '/', ' ', '\n', '\0', '.', 'A', 'é']) {
        changed.push(
          token.slice(0, place) + extra + token.slice(place),
          token.slice(0, place) + extra + token.slice(place + 1),
        )
      }
      if (place < token.length)
        changed.push(token.slice(0, place), token.slice(0, place) + token.slice(place + 1))
    }
    for (const extra of ['=', '==', '+', '/', ' ', '\t', '\n', '\0', '.', '..', '.e30', 'A']) {
      changed.push(token + extra, extra + token)
    }
    const different = changed.filter((text) => text !== token)
    for (const text of different) expect(await outcome(text), text).to.equal('invalid')
    expect(different.length).to.be.above(2_000)
  })

  it('takes a token without a share_id, and none whose share_id is no text', async () => {
    for (const share_id of [undefined, null]) expect(await outcomeOf({ share_id })).to.equal('sound')
    for (const share_id of ['', 7, {}]) expect(await outcomeOf({ share_id })).to.equal('invalid')
  })
})

describe('openShareToken, for claims that the library would not seal', () => {
  const seal = (text: string) => sealText(keyBytes, text)

  it('refuses an exp that is no instant with an offset, and an nbf that is none', async () => {
    const exps = [
      '2025-02-30T00:00:00+00:00',
      '2026-02-30T00:00:00Z',
      '2026-01-01T00:00:00',
      '2026-01-01',
      4e9,
      null,
      '',
      [],
      true,
    ]
    for (const exp of exps)
      expect(await outcome(seal(JSON.stringify({ ...good, exp }))), String(exp)).to.equal('invalid')
    for (const nbf of ['yesterday', 0, null, '2025-02-30T00:00:00Z']) {
      expect(await outcome(seal(JSON.stringify({ ...good, nbf }))), String(nbf)).to.equal('invalid')
    }
    expect(await outcome(seal(JSON.stringify({ ...good, exp: undefined })))).to.equal('invalid')
  })

  it('takes an iat of any kind', async () => {
    for (const iat of [null, 0, 'yesterday', undefined]) {
      expect(await outcome(seal(JSON.stringify({ ...good, iat })))).to.equal('sound')
    }
  })

  it('refuses what is no object, no JSON or no UTF-8', async () => {
    for (const text of [
      '',
      'null',
      '7',
      '"text"',
      '[]',
      `[${JSON.stringify(good)}]`,
      '{',
      `${JSON.stringify(good)}x`,
      `\uFEFF${JSON.stringify(good)}`,
    ]) {
      expect(await outcome(seal(text)), text).to.equal('invalid')
    }
  })
})

describe('sealShareToken', () => {
  const share = { shareId: 'a', unitId: 'b', deviceId: 'c', issuedAt: now, expiresAt: now + 60_500 }

  it("writes the issuer's claims in its shape, and record: true", async () => {
    const token = await sealShareToken(ring.seal!, share)
    const message = (await ring.open(token))!.message
    expect(message).to.equal(
      '{"share_id":"a","unit_id":"b","device_id":"c","scope":"public-location-share",' +
        '"iat":"2025-12-03T15:10:00+00:00","exp":"2025-12-03T15:11:00.500000+00:00","record":true}',
    )
    const opened = await openShareToken(ring, token, now)
    expect(opened.kind === 'sound' && opened.claims.needsRecord).to.be.true
  })

  it('makes the same token again from the same nonce', async () => {
    const nonce = Buffer.alloc(32, 1)
    const tokens = await Promise.all([
      sealShareToken(ring.seal!, share, nonce),
      sealShareToken(ring.seal!, share, nonce),
    ])
    expect(tokens[0]).to.equal(tokens[1])
  })
})

describe('normalShareId', () => {
  it('reads a UUID in capitals as the same, and leaves other ids alone', () => {
    expect(normalShareId('6B1F7B3E-6F0E-4F5A-9A52-0D1C9A2F4D10')).to.equal(
      '6b1f7b3e-6f0e-4f5a-9a52-0d1c9a2f4d10',
    )
    expect(normalShareId('Share-A')).to.equal('Share-A')
  })
})
