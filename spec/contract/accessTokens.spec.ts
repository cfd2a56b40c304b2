import { expect } from 'chai'
import { type JWTPayload, SignJWT } from 'jose'
import { type Client, openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { jwksServer } from '../support/jwksServer.js'
import { freePort } from '../support/mosquitto.js'
import { closeAll, opens } from '../support/opened.js'
import { message } from '../support/publisher.js'
import { type Rig, startRig } from '../support/rig.js'
import { startServiceAt } from '../support/service.js'

const secret = 'a secret of at least thirty-two bytes'

function tokenOf(claims: JWTPayload, expiresAt: number | null = Date.now() + 600_000): Promise<string> {
  const jwt = new SignJWT({ device_ids: ['A', 'B'], ...claims }).setProtectedHeader({ alg: 'HS256' })
  if (expiresAt !== null) jwt.setExpirationTime(Math.ceil(expiresAt / 1000))
  return jwt.sign(Buffer.from(secret))
}

describe('the private stream with AUTH_MODE=jwt', () => {
  let rig: Rig
  const url = (deviceIds: string, token = '') =>
    `${rig.service.ws}/api/v1/stream?device_ids=${deviceIds}${token === '' ? '' : `&token=${token}`}`
  const watching = (count: number) =>
    eventually(rig.service.stats, ({ active_subscribers }) => active_subscribers === count)
  const gets = async (client: Client, deviceId: string) => {
    await rig.paho.publish(message(deviceId))
    expect(await client.next()).to.deep.equal({ event: 'message', data: message(deviceId) })
    await client.close()
    await watching(0)
  }

  before(async () => {
    rig = await startRig({ AUTH_MODE: 'jwt', JWT_SECRET_KEY: secret, MAX_SESSIONS_PER_TOKEN: '2' })
  })
  after(closeAll)

  it('2.4 takes a token from Authorization first, then from the sub-protocol, then from the query', async () => {
    const [a, b, bad] = [await tokenOf({ device_ids: ['A'] }), await tokenOf({ device_ids: ['B'] }), 'x']
    const byHeader = await openClient(url('A', bad), { headers: { Authorization: `Bearer ${a}` } }, [
      'bearer',
      bad,
    ])
    await watching(1)
    await gets(byHeader, 'A')
    const byProtocol = await openClient(url('B', bad), {}, ['bearer', b])
    expect(byProtocol.socket.protocol).to.equal('bearer')
    await watching(1)
    await gets(byProtocol, 'B')
    const byQuery = await openClient(url('B', b))
    await watching(1)
    await gets(byQuery, 'B')
  })

  for (const [what, token, reason] of [
    ['missing', () => Promise.resolve(''), 'Invalid token'],
    ['bad', () => Promise.resolve('x.y.z'), 'Invalid token'],
    ['unsigned', () => Promise.resolve('eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTl9.'), 'Invalid token'],
    ['without an exp', () => tokenOf({}, null), 'Invalid token'],
    ['expired', () => tokenOf({}, Date.now() - 5000), 'Token expired'],
    ['for other devices, too', () => tokenOf({ device_ids: ['A'] }), 'Forbidden device'],
    ['without device_ids', () => tokenOf({ device_ids: undefined }), 'Forbidden device'],
  ] as const) {
    it(`2.4 upgrades who comes with a token that is ${what}, and closes with 1008`, async () => {
      const client = await openClient(url('A,B', await token()))
      expect(await client.closed).to.deep.equal({ code: 1008, reason })
      expect(client.texts).to.deep.equal([])
    })
  }

  it('2.4 permits every device where the claim is "*"', async () => {
    const client = await openClient(url('any', await tokenOf({ device_ids: '*' })))
    await watching(1)
    await gets(client, 'any')
  })

  it('2.4 ends a session when its token expires', async () => {
    const client = await openClient(url('A', await tokenOf({}, Date.now() + 1000)))
    expect(await client.closed).to.deep.equal({ code: 1000, reason: 'Token expired' })
    expect(client.frames().at(-1)).to.deep.equal({ event: 'expired', data: { message: 'Token expired' } })
    await watching(0)
  })

  it('row 44: gives one token no more sessions than its limit, with 1013', async () => {
    const token = await tokenOf({ jti: 'one' })
    const clients = [await openClient(url('A', token)), await openClient(url('A', token))]
    await watching(2)
    for (const spelling of [token, `${token}%20`, `${token}=`]) {
      const third = await openClient(url('A', spelling))
      expect((await third.closed).code, spelling.slice(token.length)).to.be.oneOf([1013, 1008])
    }
    expect((await rig.service.stats()).active_subscribers).to.equal(2)
    const other = await openClient(url('A', await tokenOf({ jti: 'two' })))
    await watching(3)
    await clients[0]!.close()
    await watching(2)
    const fourth = await openClient(url('A', token))
    await watching(3)
    for (const client of [clients[1]!, other, fourth]) await client.close()
    await watching(0)
  })

  it('2.4 answers 1013, never 1008, while the verifier is down, and nothing else suffers', async () => {
    const keys = await jwksServer({ status: 500, text: 'x' })
    opens('jwks', keys.close)
    const service = await startServiceAt(rig.broker, {
      AUTH_MODE: 'jwt',
      JWT_JWKS_URL: keys.url,
      JWT_ALGORITHM: 'ES256',
    })
    const claims = Buffer.from('{"exp":9999999999,"device_ids":["A"]}').toString('base64url')
    const head = Buffer.from('{"alg":"ES256","kid":"k"}').toString('base64url')
    const token = `${head}.${claims}.${'A'.repeat(86)}`
    const at = (path: string) => `${service.ws}/api/v1/stream?device_ids=A&token=${path}`
    const client = await openClient(at(token))
    expect(await client.closed).to.deep.equal({ code: 1013, reason: 'Token verifier unavailable' })
    expect((await fetch(`${service.http}/readyz`)).status).to.equal(200)
  })

  it('2.4 closes who left while their token was looked at, without a trace', async () => {
    const keys = await jwksServer('hang')
    opens('jwks', keys.close)
    const service = await startServiceAt(rig.broker, { AUTH_MODE: 'jwt', JWT_JWKS_URL: keys.url })
    const token = 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.eyJleHAiOjk5OTk5OTk5OTl9.AAAA'
    const client = await openClient(`${service.ws}/api/v1/stream?device_ids=A&token=${token}`)
    client.socket.send('x'.repeat(20_000)) // too big: its own failure while nobody attends to it
    client.socket.terminate()
    await client.closed
    keys.answer({ status: 500, text: '' })
    await eventually(service.metrics, (metrics) => metrics.get('afluente_sessions') === 0)
    expect((await service.stats()).active_subscribers).to.equal(0)
    expect((await service.metrics()).get('afluente_uncaught_errors_total')).to.equal(0)
  })

  it('2.4 looks at no credential with AUTH_MODE=none', async () => {
    const service = await startServiceAt(rig.broker)
    const client = await openClient(`${service.ws}/api/v1/stream?device_ids=A&token=x`, {
      headers: { Authorization: 'Bearer x' },
    })
    await eventually(service.stats, ({ active_subscribers }) => active_subscribers === 1)
    await rig.paho.publish(message('A'))
    expect((await client.next()).event).to.equal('message')
  })

  it('row 45: logs no token and no key', () => {
    expect(rig.service.output())
      .to.not.match(/eyJ[\w-]{4}/)
      .and.not.include(secret)
  })

  it('1.7 does not start with a JWT_SECRET_KEY of under 32 bytes, or with nothing to verify by', async () => {
    const port = String(await freePort())
    const failing = (environment: Record<string, string>) =>
      startServiceAt(rig.broker, { AUTH_MODE: 'jwt', PORT: port, ...environment }).then(
        () => 'it started',
        (error: unknown) => String(error),
      )
    const short = await failing({ JWT_SECRET_KEY: 'shorter than it must be' })
    expect(short).to.include('JWT_SECRET_KEY').and.not.include('shorter than it must be')
    expect(await failing({})).to.match(/JWT_JWKS_URL, JWT_PUBLIC_KEY or JWT_SECRET_KEY/)
  })
})
