import { expect } from 'chai'
import { keyRing } from '../../lib/auth/keyRing.js'
import { AfluenteError } from '../../lib/errors.js'
import { pasetoFixture } from '../support/vectors.js'

const base64 = (byte: number, length = 32) => Buffer.alloc(length, byte).toString('base64')

function problem(options: Parameters<typeof keyRing>[0]): string {
  try {
    keyRing(options)
  } catch (error) {
    if (error instanceof AfluenteError && error.code === 'ERR_CONFIG') return error.message
    throw error
  }
  return 'no problem'
}

describe('keyRing', () => {
  it('seals with the first key and opens with all', async () => {
    const old = keyRing({ secretKeys: base64(1) })
    const rotated = keyRing({ secretKeys: `${base64(2)}, ${base64(1)}` })
    const [before, after] = await Promise.all([old.seal?.({ n: 1 }), rotated.seal?.({ n: 2 })])
    expect((await rotated.open(before!))?.message).to.equal('{"n":1}')
    expect((await rotated.open(after!))?.message).to.equal('{"n":2}')
    expect(await old.open(after!)).to.be.undefined
  })

  it('takes base64 of either alphabet, padded or not, and PASERK', async () => {
    const bytes = Buffer.alloc(32, 0xfb)
    const token = await keyRing({ secretKeys: bytes.toString('base64') }).seal?.({ n: 1 })
    const url = bytes.toString('base64url')
    for (const secretKeys of [url, `${url}=`, bytes.toString('base64').replace('=', ''), `k4.local.${url}`]) {
      expect((await keyRing({ secretKeys }).open(token!))?.message).to.equal('{"n":1}')
    }
  })

  for (const vector of [...pasetoFixture('k4.local').tests, ...pasetoFixture('k4.public').tests]) {
    const { name, paserk } = vector
    if (paserk === null) continue
    it(`${vector['expect-fail'] ? 'refuses' : 'takes'} the official vector ${name}`, () => {
      const options = name.startsWith('k4.local') ? { secretKeys: paserk } : { publicKeys: paserk }
      expect(problem(options) === 'no problem').to.equal(!vector['expect-fail'])
    })
  }

  it('refuses keys of any other length or form, naming the variable and never the key', () => {
    const bad = [
      base64(3, 31),
      base64(3, 33),
      base64(3, 16),
      'a'.repeat(32),
      'not base64!',
      `k4.local.${base64(3)}`,
    ]
    bad.push(`k4.public.${Buffer.alloc(32, 3).toString('base64url')}`, `k3.local.${'A'.repeat(43)}`)
    for (const secretKeys of bad) {
      const message = problem({ secretKeys })
      expect(message).to.match(/^PASETO_SECRET_KEY must be base64 of exactly 32 bytes/)
      expect(message).to.not.include(secretKeys.slice(-12))
    }
    expect(problem({ secretKeys: base64(3, 31) })).to.include('31 bytes')
    expect(problem({ secretKeys: `${base64(3)},${base64(3, 31)}` })).to.match(
      /^PASETO_SECRET_KEY, key 2 must/,
    )
    expect(problem({ secretKeys: `${base64(3)},` })).to.match(/^PASETO_SECRET_KEY, key 2 is empty/)
    expect(problem({ publicKeys: base64(3) })).to.match(/^PASETO_PUBLIC_KEY must be k4\.public\./)
  })

  it('has one purpose, whatever a token says', async () => {
    const { tests } = pasetoFixture('v4')
    const signed = tests.find(({ name }) => name === '4-S-1')!
    const publicKeys = `k4.public.${Buffer.from(signed['public-key']!, 'hex').toString('base64url')}`
    expect((await keyRing({ publicKeys }).open(signed.token))?.message).to.equal(signed.payload)
    expect(keyRing({ publicKeys }).seal).to.be.undefined
    expect(await keyRing({ secretKeys: base64(1) }).open(signed.token)).to.be.undefined
    const sealed = await keyRing({ secretKeys: base64(1) }).seal?.({})
    expect(await keyRing({ publicKeys }).open(sealed!)).to.be.undefined
    // The public key as a secret one: v4.local sealed with it must not open where only the public one is known.
    const confused = await keyRing({ secretKeys: publicKeys.replace('public', 'local') }).seal?.({})
    expect(await keyRing({ publicKeys }).open(confused!)).to.be.undefined
    expect(problem({ secretKeys: base64(1), publicKeys })).to.include('one purpose')
  })

  it('opens nothing and seals nothing without keys', async () => {
    for (const secretKeys of [undefined, '', ' ']) {
      const ring = keyRing({ secretKeys })
      expect(ring.seal).to.be.undefined
      expect(await ring.open((await keyRing({ secretKeys: base64(1) }).seal?.({}))!)).to.be.undefined
    }
  })

  it('refuses what is over 2 KiB unread', async () => {
    const ring = keyRing({ secretKeys: base64(1) })
    const sealed = await ring.seal?.({ text: 'x'.repeat(2_000) })
    expect(sealed!.length).to.be.above(2_048)
    expect(await ring.open(sealed!)).to.be.undefined
    const garbage = `v4.local.${'A'.repeat(1_000_000)}`
    const startedAt = performance.now()
    for (let times = 0; times < 1_000; times++) expect(await ring.open(garbage)).to.be.undefined
    // One of them took 228 ms where it was read.
    expect(performance.now() - startedAt).to.be.below(228)
  })
})
