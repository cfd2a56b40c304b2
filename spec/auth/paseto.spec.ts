import { expect } from 'chai'
import { localKey, openLocal, sealLocal } from '../../lib/auth/pasetoLocal.js'
import { openPublic, publicKey } from '../../lib/auth/pasetoPublic.js'
import { pasetoFixture, type PasetoVector } from '../support/vectors.js'

const { tests } = pasetoFixture('v4')
const bytes = (hex = '') => Buffer.from(hex, 'hex')
const implicitOf = (vector: PasetoVector) => ({
  implicitAssertion: Buffer.from(vector['implicit-assertion']),
})

function open(vector: PasetoVector) {
  const key = vector['public-key']
  if (key !== undefined) return openPublic(publicKey(bytes(key)), vector.token, implicitOf(vector))
  return openLocal(localKey(bytes(vector.key)), vector.token, implicitOf(vector))
}

describe('openLocal and openPublic', () => {
  for (const vector of tests) {
    it(`${vector['expect-fail'] ? 'refuses' : 'opens'} the official vector ${vector.name}`, async () => {
      const opened = await open(vector)
      if (vector['expect-fail']) {
        expect(opened).to.be.undefined
        return
      }
      expect(opened?.message).to.equal(vector.payload)
      expect(Buffer.from(opened!.footer).toString()).to.equal(vector.footer)
    })
  }

  it('knows cases of both purposes and of those that must fail', () => {
    expect(tests.filter(({ name }) => name.startsWith('4-E')).length).to.equal(9)
    expect(tests.filter(({ name }) => name.startsWith('4-S')).length).to.equal(3)
    expect(tests.filter(({ name }) => name.startsWith('4-F')).length).to.equal(5)
  })

  it('judges no claims: what is expired, not begun and oddly issued opens', async () => {
    const key = localKey(Buffer.alloc(32, 7))
    const claims = { exp: '2001-01-01T00:00:00Z', nbf: '2999-01-01T00:00:00Z', iat: '2999-01-01T00:00:00Z' }
    const opened = await openLocal(key, await sealLocal(key, claims))
    expect(JSON.parse(opened!.message)).to.deep.equal(claims)
  })
})

describe('sealLocal', () => {
  for (const vector of tests.filter(({ name }) => name.startsWith('4-E'))) {
    it(`seals the official vector ${vector.name}`, async () => {
      const claims = JSON.parse(vector.payload!) as object
      const footer = Buffer.from(vector.footer)
      const options = { nonce: bytes(vector.nonce), footer, ...implicitOf(vector) }
      expect(await sealLocal(localKey(bytes(vector.key)), claims, options)).to.equal(vector.token)
    })
  }

  it('adds nothing to the claims and never makes the same token twice', async () => {
    const key = localKey(Buffer.alloc(32, 7))
    const claims = { b: 1, a: [true], exp: '2025-01-01T00:00:00+00:00' }
    const tokens = await Promise.all([sealLocal(key, claims), sealLocal(key, claims)])
    expect(tokens[0]).to.not.equal(tokens[1])
    expect((await openLocal(key, tokens[0]))?.message).to.equal(JSON.stringify(claims))
  })
})

describe('localKey and publicKey', () => {
  it('take 32 bytes and nothing else', () => {
    for (const length of [0, 31, 33, 64]) {
      expect(() => localKey(Buffer.alloc(length))).to.throw(RangeError, `not ${length}`)
      expect(() => publicKey(Buffer.alloc(length))).to.throw(RangeError, `not ${length}`)
    }
  })

  it('show nothing of a secret key', () => {
    const key = localKey(Buffer.alloc(32, 65))
    expect(JSON.stringify(key)).to.not.match(/65|QUFB|AAA/)
  })
})
