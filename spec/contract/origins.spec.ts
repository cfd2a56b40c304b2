import { expect } from 'chai'
import { openClient } from '../support/client.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { closeAll } from '../support/opened.js'
import { type ServiceUnderTest, startServiceAt } from '../support/service.js'

const ours = 'https://app.example'
const second = 'http://localhost:5173'
const publicOrigin = 'https://gateway.example'
const foreign = 'https://evil.example'

/** What a browser would be told of an answer. */
async function corsOf(url: string, origin: string | undefined, init: RequestInit = {}) {
  const headers = {
    ...(init.headers as Record<string, string>),
    ...(origin === undefined ? {} : { Origin: origin }),
  }
  const response = await fetch(url, { ...init, headers })
  await response.arrayBuffer()
  return {
    status: response.status,
    origin: response.headers.get('access-control-allow-origin'),
    credentials: response.headers.get('access-control-allow-credentials'),
    methods: response.headers.get('access-control-allow-methods'),
    allowedHeaders: response.headers.get('access-control-allow-headers'),
    vary: response.headers.get('vary'),
  }
}

/** The status that an upgrade is answered with. */
async function upgradeStatus(service: ServiceUnderTest, origin?: string): Promise<number> {
  const headers = origin === undefined ? {} : { Origin: origin }
  try {
    const client = await openClient(`${service.ws}/api/v1/stream?device_ids=A`, { headers })
    await client.close()
    return 101
  } catch (error) {
    return Number(/Unexpected server response: (\d+)/.exec(String(error))?.[1])
  }
}

describe('ALLOWED_ORIGINS', () => {
  let broker: Mosquitto
  let service: ServiceUnderTest
  before(async () => {
    broker = await startMosquitto()
    service = await startServiceAt(broker, {
      ALLOWED_ORIGINS: `${ours}, ${second}`,
      PUBLIC_URL: `${publicOrigin}/live/`,
    })
  })
  after(closeAll)

  it('1.7 has answers carry CORS headers for allowed origins: echoed, with credentials', async () => {
    for (const path of ['/api/v1/stream/stats', '/health', '/healthz', '/metrics']) {
      for (const origin of [ours, second, publicOrigin]) {
        const answer = await corsOf(service.http + path, origin)
        expect(answer, path).to.include({ status: 200, origin, credentials: 'true' })
        expect(answer.vary).to.match(/\borigin\b/i)
      }
    }
  })

  it('1.7 has errors carry them too', async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`x-${n}`, '1']))
    for (const [status, path, init] of [
      [404, '/nothing', {}],
      [405, '/health', { method: 'POST' }],
      [426, '/api/v1/stream', {}],
      [400, '/%zz', {}],
      [431, '/health', { headers: many }],
    ] as const) {
      const answer = await corsOf(service.http + path, ours, init)
      expect(answer, path).to.include({ status, origin: ours, credentials: 'true' })
    }
  })

  it('1.7 has preflights carry them too', async () => {
    const answer = await corsOf(`${service.http}/api/v1/stream/stats`, ours, {
      method: 'OPTIONS',
      headers: {
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'authorization,x-trace',
      },
    })
    expect(answer).to.include({
      status: 204,
      origin: ours,
      credentials: 'true',
      allowedHeaders: 'authorization,x-trace',
    })
    expect(answer.methods).to.contain('GET')
  })

  it('1.7 gives none to other origins, nor where there is none', async () => {
    for (const origin of [foreign, 'null', 'https://app.example.evil.example', undefined]) {
      for (const method of ['GET', 'OPTIONS']) {
        const answer = await corsOf(`${service.http}/health`, origin, { method })
        expect(answer, `${method} from ${origin ?? 'no origin'}`).to.include({ origin: null })
      }
    }
  })

  it('1.7 refuses upgrades from other origins with 403', async () => {
    expect(await upgradeStatus(service, foreign)).to.equal(403)
    expect(await upgradeStatus(service, ours)).to.equal(101)
    expect(await upgradeStatus(service, second)).to.equal(101)
  })

  it("1.7 lets a request without an Origin, and PUBLIC_URL's origin, always", async () => {
    expect(await upgradeStatus(service)).to.equal(101)
    expect(await upgradeStatus(service, publicOrigin)).to.equal(101)
  })

  it('1.7 never looks at the origin of an upgrade with CHECK_WS_ORIGIN=false, as the old service', async () => {
    const lax = await startServiceAt(broker, { ALLOWED_ORIGINS: ours, CHECK_WS_ORIGIN: 'false' })
    expect(await upgradeStatus(lax, foreign)).to.equal(101)
    expect(await corsOf(`${lax.http}/health`, foreign)).to.include({ status: 200, origin: null })
  })

  for (const [form, environment] of [
    ['a JSON array', { ALLOWED_ORIGINS: `["${ours}","${second}"]` }],
    ['a comma list', { ALLOWED_ORIGINS: `${second},${ours}/` }],
  ] as const) {
    it(`1.7 may be ${form}`, async () => {
      const listed = await startServiceAt(broker, environment)
      for (const origin of [ours, second]) {
        expect(await corsOf(`${listed.http}/health`, origin)).to.include({ origin })
        expect(await upgradeStatus(listed, origin)).to.equal(101)
      }
      expect(await upgradeStatus(listed, foreign)).to.equal(403)
    })
  }

  for (const [form, environment] of [
    ['unset', {}],
    ['*', { ALLOWED_ORIGINS: '*' }],
  ] as const) {
    it(`1.7 allows any origin when it is ${form}`, async () => {
      const open = await startServiceAt(broker, environment)
      expect(await corsOf(`${open.http}/health`, foreign)).to.include({
        origin: foreign,
        credentials: 'true',
      })
      expect(await upgradeStatus(open, foreign)).to.equal(101)
    })
  }
})
