import { expect } from 'chai'
import { settingsOf } from '../../lib/service/settings.js'
import { startWarnings } from '../../lib/service/startWarnings.js'

const shareKey = Buffer.alloc(32, 7).toString('base64')
const secret = 'a secret of thirty-two bytes and more'
const warningsOf = (environment: Record<string, string>) =>
  startWarnings(settingsOf({ BROKER_HOST: 'broker', ...environment }))

describe('startWarnings', () => {
  it('2.5 says loudly what a link gives away where the open stream is beside it', () => {
    const [warning, ...more] = warningsOf({ PASETO_SECRET_KEY: shareKey })
    expect(warning).to.match(/Whoever opens a share link learns its device_id.*PUBLIC_PORT/)
    expect(more).to.deep.equal([])
    const publicly = { PASETO_SECRET_KEY: shareKey, PUBLIC_PORT: '8001' }
    expect(warningsOf({ ...publicly, PUBLIC_URL: 'https://live.example' })).to.deep.equal([])
    const [where, ...others] = warningsOf(publicly)
    expect(where).to.match(/PUBLIC_URL is not/)
    expect(others).to.deep.equal([])
    const closed = { AUTH_MODE: 'jwt', JWT_SECRET_KEY: secret }
    expect(warningsOf({ PASETO_SECRET_KEY: shareKey, ...closed })).to.deep.equal([])
    expect(warningsOf({})).to.deep.equal([])
  })

  it('1.7 tells of a secret that is not used, and why', () => {
    expect(warningsOf({ JWT_SECRET_KEY: secret, JWT_ALGORITHM: 'HS256' })).to.deep.equal([])
    expect(warningsOf({ JWT_SECRET_KEY: 'short' }).join()).to.match(/^JWT_SECRET_KEY.*under 32 bytes$/)
    expect(warningsOf({ JWT_SECRET_KEY: secret, JWT_ALGORITHM: 'RS256' }).join()).to.match(
      /^JWT_SECRET_KEY.*JWT_ALGORITHM does not fit it$/,
    )
  })
})
