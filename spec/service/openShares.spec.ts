import { expect } from 'chai'
import { SignJWT } from 'jose'
import { memoryLastKnown } from '../../lib/stores/memoryLastKnown.js'
import { openShares, shareUrl } from '../../lib/service/openShares.js'
import { settingsOf } from '../../lib/service/settings.js'
import { eventually } from '../support/eventually.js'
import { jwksServer } from '../support/jwksServer.js'
import { linesLog } from '../support/linesLog.js'
import { memoryShareStore } from '../support/memoryShareStore.js'

const shareKey = Buffer.alloc(32, 7).toString('base64')
const secret = 'a secret of thirty-two bytes and more'
const operator = { kind: 'operator' } as const

function opened(environment: Record<string, string>, portOf = () => 8000) {
  const { log, lines } = linesLog()
  const stores = {
    lastKnown: memoryLastKnown({ maxDevices: 10, maxAgeMs: 0 }),
    shares: memoryShareStore(),
  }
  return { ...openShares(settingsOf({ BROKER_HOST: 'b', ...environment }), stores, log, portOf), lines }
}

describe('openShares', () => {
  it('2.5 makes links on PUBLIC_URL, else on the port that the service listens on by then', async () => {
    let port = 0
    const { shares } = opened({ PASETO_SECRET_KEY: shareKey }, () => port)
    port = 4321
    const made = await shares.registry.make({ device_id: 'A' }, operator)
    expect(made.share_url).to.equal(`http://localhost:4321/share#${made.token}`)
    const named = opened({ PASETO_SECRET_KEY: shareKey, PUBLIC_URL: 'https://map.example/fleet/' })
    const there = await named.shares.registry.make({ device_id: 'A' }, operator)
    expect(there.share_url).to.equal(`https://map.example/fleet/share#${there.token}`)
    expect(shareUrl('https://map.example?a=b', 't')).to.equal('https://map.example/share#t')
  })

  it('2.5 knows issuers by SHARE_ISSUER_KEY, and by a token wherever a key for it is usable', async () => {
    const token = await new SignJWT({ sub: 'ana', scope: 'share:write', device_ids: '*' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(Buffer.from(secret))
    const { shares, accessTokens } = opened({ SHARE_ISSUER_KEY: 'sixteen-letters!', JWT_SECRET_KEY: secret })
    expect(await shares.issuerOf('sixteen-letters!')).to.deep.equal(operator)
    expect(await shares.issuerOf(token)).to.include({ subject: 'ana' })
    expect(accessTokens, 'everybody may connect').to.be.undefined
    expect(opened({ AUTH_MODE: 'jwt', JWT_SECRET_KEY: secret }).accessTokens).to.not.be.undefined
    const short = opened({ SHARE_ISSUER_KEY: 'sixteen-letters!', JWT_SECRET_KEY: 'short' })
    const refused: unknown = await short.shares.issuerOf(token).catch((error: unknown) => error)
    expect(refused).to.have.property('code', 'ERR_FORBIDDEN')
  })

  it('1.4 finds every share token invalid without a key', async () => {
    const { shares } = opened({})
    expect(await shares.judge('v4.local.AAAA')).to.have.property('kind', 'invalid')
  })

  it('2.4 says that keys cannot be fetched, and not from where', async () => {
    const server = await jwksServer({ status: 500, text: 'no' })
    const { running$, lines } = opened({ AUTH_MODE: 'jwt', JWT_JWKS_URL: server.url })
    const working = running$.subscribe({ error: (error: unknown) => lines.push(String(error)) })
    await eventually(
      () => lines.length,
      (length) => length > 0,
    )
    working.unsubscribe()
    await server.close()
    expect(lines.join()).to.match(/^error The keys for access tokens could not be fetched/)
    expect(lines.join()).to.not.contain(server.url)
  })
})
