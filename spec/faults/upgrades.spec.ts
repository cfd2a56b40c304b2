import { expect } from 'chai'
import { type Client, openClient } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { type Exchange, requestText, startExchange, upgradeHeaders } from '../support/exchange.js'
import { closeAll } from '../support/opened.js'
import { message } from '../support/publisher.js'
import { type Rig, startRig } from '../support/rig.js'

const path = '/api/v1/stream'

describe('faults of URLs and upgrades', () => {
  let rig: Rig
  let witness: Client
  before(async () => {
    rig = await startRig({
      MAX_DEVICES_PER_SESSION: '50',
      HANDSHAKE_TIMEOUT_SECS: '0.5',
      ALLOWED_ORIGINS: 'https://app.example',
    })
    witness = await openClient(rig.url('witness'))
  })
  /** Resolves when so many are watched, by as many: each session here watches devices of its own. */
  const watching = (count: number) =>
    eventually(
      () => rig.service.stats(),
      ({ active_subscribers, devices_being_monitored }) =>
        active_subscribers === count && devices_being_monitored === count,
    )

  // The process runs, other sessions' messages arrive, counters are right.
  afterEach(async () => {
    await rig.paho.publish(message('witness'))
    expect(await witness.next(({ event }) => event === 'message')).to.have.property('data')
    await watching(1)
  })
  after(closeAll)

  /** The status that a request is answered with; what is upgraded is cut off then. */
  async function statusOf(line: string, headers: Record<string, string> = upgradeHeaders): Promise<number> {
    const exchange = startExchange(rig.service.port)
    exchange.write(requestText(line, headers))
    exchange.stream.once('data', (chunk: Buffer) => {
      if (chunk.toString('latin1').startsWith('HTTP/1.1 101')) exchange.stream.destroy()
    })
    return exchange.status()
  }

  const plain = { Connection: 'close' }
  const refused = async (status: number) =>
    (await rig.service.metrics()).get(`afluente_upgrades_refused_total{status="${status}"}`) ?? 0

  it('row 22: device_ids missing, empty, a comma, spaces: the error event, 1008, no subscription', async () => {
    for (const query of [
      '',
      '?',
      '?device_ids=',
      '?device_ids=,',
      '?device_ids=%20%20',
      '?device_ids=+,%09,',
    ]) {
      const client = await openClient(`${rig.service.ws}${path}${query}`)
      expect((await rig.service.stats()).active_subscribers, query).to.equal(1)
      expect((await client.closed).code, query).to.equal(1008)
      expect(client.texts, query).to.deep.equal([
        '{"event":"error","data":{"message":"Debe especificar al menos un device_id en los query params"}}',
      ])
    }
  })

  it('row 23: A,,B, A ,B is {A, B}; a repeated parameter is merged', async () => {
    for (const [query, count] of [
      ['device_ids=A,,B,%20A%20,B', 2],
      ['device_ids=A,,B,+A+,B&device_ids=B,C,,&device_ids=', 3],
    ] as const) {
      const client = await openClient(`${rig.service.ws}${path}?${query}`)
      await watching(1 + count)
      for (const id of ['A', 'B']) await rig.paho.publish(message(id))
      expect(await client.messages(2)).to.deep.equal(
        ['A', 'B'].map((id) => ({ event: 'message', data: message(id) })),
      )
      await client.close()
      await watching(1)
    }
  })

  it('row 24: 20,000 ids are 431', async () => {
    const ids = Array.from({ length: 20_000 }, (_, n) => n).join()
    const before = await refused(431)
    expect(await statusOf(`GET ${path}?device_ids=${ids} HTTP/1.1`)).to.equal(431)
    expect(await refused(431)).to.equal(before + 1)
  })

  it('row 24: more ids than the limit that fit in a header are an error that names the limit, 1008', async () => {
    const ids = (count: number) => Array.from({ length: count }, (_, n) => `id${n}`).join()
    const client = await openClient(rig.url(ids(51)))
    expect((await client.closed).code).to.equal(1008)
    const [error] = client.frames()
    expect(error?.event).to.equal('error')
    expect(error?.data.message).to.match(/device_ids.*\b50\b/)
    const ended = (await rig.service.metrics()).get(
      'afluente_sessions_ended_total{closing="too_many_devices"}',
    )
    expect(ended).to.equal(1)
    const most = await openClient(rig.url(ids(50)))
    await watching(51)
    await most.close()
  })

  for (const [status, lines] of [
    [
      400,
      [
        'GET /% HTTP/1.1',
        'GET /api/v1/%zz HTTP/1.1',
        'GET /%ff HTTP/1.1',
        'GET api HTTP/1.1',
        'GET * HTTP/1.1',
      ],
    ],
    [404, ['GET / HTTP/1.1', 'GET // HTTP/1.1', `GET /${path} HTTP/1.1`, `GET ${path}/ HTTP/1.1`]],
    [404, ['GET http://localhost/ HTTP/1.1', 'GET /api/v1/stream/stats HTTP/1.1', 'POST /nothing HTTP/1.1']],
    [405, [`POST ${path} HTTP/1.1`, `HEAD ${path}?device_ids=A HTTP/1.1`, `DELETE ${path} HTTP/1.1`]],
    [101, [`GET ${path}?device_ids=A HTTP/1.1`, `GET http://localhost${path}?device_ids=A HTTP/1.1`]],
    [101, [`GET ${path}?device_ids=A&%=%zz HTTP/1.1`, `GET ${path}?device_ids=A%zz HTTP/1.1`]],
  ] as const) {
    for (const line of lines) {
      it(`row 25: an upgrade by '${line}' is ${status}`, async () => {
        expect(await statusOf(line)).to.equal(status)
      })
    }
  }

  for (const [status, line] of [
    [400, 'GET /% HTTP/1.1'],
    [404, 'GET // HTTP/1.1'],
    [404, 'GET /nothing HTTP/1.1'],
    [405, 'POST /health HTTP/1.1'],
    [405, `DELETE ${path} HTTP/1.1`],
    [426, `GET ${path}?device_ids=A HTTP/1.1`],
    [200, 'GET http://localhost/health HTTP/1.1'],
    [400, 'NONSENSE'],
    [400, 'GET /health HTTP/9.9'],
  ] as const) {
    it(`row 25: a plain request by '${line}' is ${status}`, async () => {
      expect(await statusOf(line, plain)).to.equal(status)
    })
  }

  // As Java's HttpClient and curl --http2 do with every first request; a server may ignore it (RFC 9110, 7.8).
  const h2c = {
    Connection: 'Upgrade, HTTP2-Settings',
    Upgrade: 'h2c',
    'HTTP2-Settings': 'AAEAAEAAAAIAAAAAAAMAAAAA',
  }
  for (const [status, line] of [
    [200, 'GET /api/v1/stream/stats HTTP/1.1'],
    [200, 'GET /health HTTP/1.1'],
    [404, 'GET /nothing HTTP/1.1'],
    [405, 'POST /health HTTP/1.1'],
    [426, `GET ${path}?device_ids=A HTTP/1.1`],
  ] as const) {
    it(`row 25: a plain request by '${line}' that offers h2c is ${status}`, async () => {
      const exchange = startExchange(rig.service.port)
      exchange.write(requestText(line, { ...h2c, 'Content-Length': '2' }) + 'hi')
      // Whatever it asks behind that is for another connection: this one is closed, and says so.
      exchange.write(requestText(line, h2c))
      const text = await exchange.ended
      expect(text.match(/HTTP\/1\.1 \d+/g)).to.deep.equal([`HTTP/1.1 ${status}`])
      expect(text).to.match(/^Connection: close\r$/m)
    })
  }

  it('row 25: an upgrade behind a request that is not answered yet is refused, after the answer', async () => {
    const exchange = startExchange(rig.service.port)
    const upgrade = requestText(`GET ${path}?device_ids=A HTTP/1.1`, upgradeHeaders)
    exchange.write(requestText('GET /metrics HTTP/1.1') + upgrade)
    const answers = (await exchange.ended).match(/HTTP\/1\.1 \d+/g)
    expect(answers).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 400'])
  })

  for (const [status, what, headers] of [
    [400, 'no key', { 'Sec-WebSocket-Key': '' }],
    [400, 'a key that is none', { 'Sec-WebSocket-Key': 'short' }],
    [426, 'version 8', { 'Sec-WebSocket-Version': '8' }],
    [426, 'version 14', { 'Sec-WebSocket-Version': '14' }],
    [426, 'no version', { 'Sec-WebSocket-Version': '' }],
  ] as const) {
    it(`row 25: an upgrade with ${what} is ${status}`, async () => {
      const before = await refused(status)
      expect(await statusOf(`GET ${path}?device_ids=A HTTP/1.1`, { ...upgradeHeaders, ...headers })).to.equal(
        status,
      )
      expect(await refused(status)).to.equal(before + 1)
    })
  }

  for (const [status, origin] of [
    [403, 'https://evil.example'],
    [403, 'null'],
    [403, ''],
    [403, 'https://app.example.evil.example'],
    [403, 'https://app.example:8443'],
    [403, 'http://app.example'],
    [403, 'https://app.example/'],
    [403, 'HTTPS://APP.EXAMPLE'],
    [403, 'https://app.example, https://evil.example'],
    [101, 'https://app.example'],
    [101, undefined],
  ] as const) {
    it(`row 26: an upgrade from ${origin === undefined ? 'no origin' : `origin '${origin}'`} is ${status}`, async () => {
      const headers = origin === undefined ? upgradeHeaders : { ...upgradeHeaders, Origin: origin }
      expect(await statusOf(`GET ${path}?device_ids=A HTTP/1.1`, headers)).to.equal(status)
    })
  }

  it('row 26: null and odd origins are let where they are allowed', async () => {
    const lax = await startRig({ ALLOWED_ORIGINS: 'null,https://app.example' })
    const client = await openClient(lax.url('A'), { headers: { Origin: 'null' } })
    await client.close()
  })

  it('row 27: headers that never come, or never end, are cut off at the header time-out', async () => {
    const line = `GET ${path}?device_ids=A HTTP/1.1\r\nHost: localhost\r\n`
    const startedAt = Date.now()
    const none = startExchange(rig.service.port)
    const half = startExchange(rig.service.port)
    half.write(line)
    const slow = startExchange(rig.service.port)
    slow.write(line)
    // A byte now and then doesn't put it off.
    const dripping = setInterval(() => slow.write('x'), 50)
    const isCutOff = async (exchange: Exchange) => /^$|^HTTP\/1\.1 408 /.test(await exchange.ended)
    expect(await Promise.all([none, half, slow].map(isCutOff))).to.deep.equal([true, true, true])
    clearInterval(dripping)
    expect(Date.now() - startedAt).to.be.at.least(500)
    expect(await refused(408)).to.equal(3)
  })

  it('row 28: 2,000 short headers are 431, upgrade or not', async () => {
    const many = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`x${n}`, '1']))
    expect(await statusOf(`GET ${path}?device_ids=A HTTP/1.1`, { ...upgradeHeaders, ...many })).to.equal(431)
    expect(await statusOf('GET /health HTTP/1.1', { ...plain, ...many })).to.equal(431)
  })

  it('row 28: 8,000 spaces in Sec-WebSocket-Protocol are 400', async () => {
    const spaces = { ...upgradeHeaders, 'Sec-WebSocket-Protocol': `a${' '.repeat(8000)}b` }
    expect(await statusOf(`GET ${path}?device_ids=A HTTP/1.1`, spaces)).to.equal(400)
  })
})
