import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { AfluenteError } from '../../lib/errors.js'
import { defaultShareFields } from '../../lib/shares/publicProjection.js'
import { readEnvironment, settingsOf } from '../../lib/service/settings.js'

const longSecret = 'a secret of thirty-two bytes and more'
const withBroker = (more: Record<string, string> = {}) => settingsOf({ BROKER_HOST: 'broker', ...more })

function refusal(environment: Record<string, string>): string {
  try {
    settingsOf(environment)
  } catch (error) {
    if (error instanceof AfluenteError && error.code === 'ERR_CONFIG') return error.message
    throw error
  }
  throw new Error('expected a refusal')
}

describe('settingsOf', () => {
  it('1.1, 1.2, 1.7 has the defaults of the contract', () => {
    expect(settingsOf({})).to.include({
      HOST: '0.0.0.0',
      PORT: 8000,
      MQTT_QOS: 0,
      LAST_KNOWN_MAX_DEVICES: 1_000_000,
      LAST_KNOWN_MAX_AGE_SECS: 0,
      WEBSOCKET_KEEPALIVE_SECS: 25,
      MAILBOX_CAPACITY: 100,
      MAILBOX_BYTES: 16 * 1024 * 1024,
      MAX_PAYLOAD_BYTES: 256 * 1024,
      MAX_DEVICES_PER_SESSION: 5000,
      MAX_COMMANDS_PER_SECOND: 50,
      HANDSHAKE_TIMEOUT_SECS: 5,
      CLOSE_TIMEOUT_SECS: 5,
      ALLOWED_ORIGINS: '*',
      CHECK_WS_ORIGIN: true,
    })
    expect(settingsOf({}).BROKER_TOPIC).to.deep.equal(['tracking/data'])
    expect(settingsOf({}).DEVICE_ID_PATH).to.deep.equal(['data', 'DEVICE_ID'])
  })

  it('1.1 takes BROKER_HOST as host, host:port or URL', () => {
    for (const [text, url] of [
      ['broker', 'mqtt://broker'],
      ['broker.example:1884', 'mqtt://broker.example:1884'],
      ['127.0.0.1', 'mqtt://127.0.0.1'],
      ['[::1]:1883', 'mqtt://[::1]:1883'],
      ['mqtt://broker', 'mqtt://broker'],
      ['mqtts://broker:8883', 'mqtts://broker:8883'],
      ['ws://broker:9001/mqtt', 'ws://broker:9001/mqtt'],
      ['wss://broker/mqtt', 'wss://broker/mqtt'],
    ] as const) {
      expect(settingsOf({ BROKER_HOST: text }).BROKER_HOST, text).to.equal(url)
    }
    for (const text of ['http://broker', 'broker:port', 'broker:99999', 'mqtt://', 'a b', '://']) {
      expect(refusal({ BROKER_HOST: text }), text).to.contain(
        'BROKER_HOST: expected host, host:port or a URL',
      )
    }
  })

  it('1.1 takes one topic filter or several', () => {
    expect(withBroker({ BROKER_TOPIC: 'a/#, b/+/c' }).BROKER_TOPIC).to.deep.equal(['a/#', 'b/+/c'])
    expect(refusal({ BROKER_HOST: 'b', BROKER_TOPIC: 'a,,b' })).to.contain('BROKER_TOPIC: expected a list')
    for (const good of ['#', '+', 'a/+/#', '/a//b', '$share/g/a']) {
      expect(withBroker({ BROKER_TOPIC: good }).BROKER_TOPIC).to.deep.equal([good])
    }
    for (const bad of ['a/#/b', 'a#', 'a/b+', '#/a']) {
      expect(refusal({ BROKER_HOST: 'b', BROKER_TOPIC: bad })).to.contain(
        'BROKER_TOPIC: expected topic filters',
      )
    }
  })

  it('1.7 takes ALLOWED_ORIGINS as a comma list or a JSON array', () => {
    const origins = (text: string) => withBroker({ ALLOWED_ORIGINS: text }).ALLOWED_ORIGINS
    expect(origins('https://a.example, https://b.example/')).to.deep.equal([
      'https://a.example',
      'https://b.example',
    ])
    expect(origins('["https://a.example","https://b.example"]')).to.deep.equal([
      'https://a.example',
      'https://b.example',
    ])
    expect(origins('*')).to.equal('*')
    expect(origins('["*"]')).to.equal('*')
    for (const text of ['[', '[1]', '["a"', ',']) {
      expect(refusal({ BROKER_HOST: 'b', ALLOWED_ORIGINS: text }), text).to.contain(
        'ALLOWED_ORIGINS: expected a',
      )
    }
  })

  it('takes DEVICE_ID_PATH as keys or as a level of the topic', () => {
    expect(withBroker({ DEVICE_ID_PATH: 'vehicle.id' }).DEVICE_ID_PATH).to.deep.equal(['vehicle', 'id'])
    expect(withBroker({ DEVICE_ID_PATH: 'topic:2' }).DEVICE_ID_PATH).to.deep.equal({ topicLevel: 2 })
    expect(refusal({ DEVICE_ID_PATH: 'a..b' })).to.contain('DEVICE_ID_PATH: expected keys')
  })

  it('names every bad variable at once, and none of the values', () => {
    const bad = {
      BROKER_HOST: 'ftp://secret1',
      PORT: 'secret2',
      MQTT_QOS: 'secret3',
      WEBSOCKET_KEEPALIVE_SECS: '-4321',
      MAILBOX_CAPACITY: '0.4321',
      CHECK_WS_ORIGIN: 'secret4',
      PUBLIC_URL: 'secret5',
      LOG_LEVEL: 'secret6',
    }
    const message = refusal(bad)
    for (const name of Object.keys(bad)) expect(message).to.contain(`  ${name}: `)
    expect(message).to.not.match(/secret|4321/)
  })

  it('2.4, 2.5, 2.7 has the defaults of access tokens, shares and data', () => {
    const settings = settingsOf({})
    expect(settings).to.include({
      AUTH_MODE: 'none',
      SHARE_MAX_TTL_SECS: 2_592_000,
      DATA_DIR: 'data',
      MAX_SESSIONS_PER_TOKEN: 0,
    })
    expect(settings.SHARE_FIELDS).to.deep.equal(defaultShareFields)
    const unset = ['PUBLIC_PORT', 'PUBLIC_URL', 'REDIS_URL', 'SHARE_ISSUER_KEY', 'PASETO_SECRET_KEY']
    expect(settings).to.not.include.keys(...unset)
  })

  it('2.5 reads how shares are kept and shown', () => {
    expect(
      withBroker({
        SHARE_ISSUER_KEY: 'sixteen-letters!',
        SHARE_FIELDS: 'DEVICE_ID, LAT ,LON',
        PUBLIC_PORT: '8443',
        REDIS_URL: 'rediss://:password@redis.example:6380/1',
        MAP_TILES_URL: 'https://{s}.tiles.example/{z}/{x}/{y}.png',
      }),
    ).to.deep.include({
      SHARE_FIELDS: ['DEVICE_ID', 'LAT', 'LON'],
      PUBLIC_PORT: 8443,
      REDIS_URL: 'rediss://:password@redis.example:6380/1',
      MAP_TILES_URL: 'https://{s}.tiles.example/{z}/{x}/{y}.png',
    })
  })

  it('2.5 takes only map tiles that the page can name in its policy', () => {
    const tiles = (MAP_TILES_URL: string) => withBroker({ MAP_TILES_URL }).MAP_TILES_URL
    for (const good of ['http://tiles:8080/{z}/{x}/{-y}.png?key=1', 'https://{s}.example/{z}/{x}/{y}'])
      expect(tiles(good)).to.equal(good)
    for (const bad of ['https://a.example/', 'https://a.{s}.example/{z}/{x}/{y}', '//a/{z}/{x}/{y}'])
      expect(() => tiles(bad), bad).to.throw(AfluenteError, 'MAP_TILES_URL: expected')
  })

  it('1.4, 2.4 names every key that is no good at once, and none of the values', () => {
    const bad = {
      AUTH_MODE: 'jwt',
      JWT_JWKS_URL: 'secret-1',
      JWT_PUBLIC_KEY: 'secret-2',
      JWT_SECRET_KEY: 'secret-3',
      PASETO_SECRET_KEY: 'secret-4',
      PASETO_PUBLIC_KEY: 'secret-5',
      SHARE_ISSUER_KEY: 'secret-6',
      SHARE_FIELDS: 'secret-7,',
      SHARE_MAX_TTL_SECS: '-4321',
      PUBLIC_PORT: 'secret-8',
      PUBLIC_URL: 'secret:9',
      REDIS_URL: 'http://secret-10',
      MAP_TILES_URL: 'https://secret-11/{z}',
      MAX_SESSIONS_PER_TOKEN: '-4321',
      PORT: 'secret-12',
    }
    const message = refusal({ BROKER_HOST: 'b', ...bad })
    const named = Object.keys(bad).filter((name) => name !== 'AUTH_MODE')
    for (const name of named) expect(message).to.contain(`\n  ${name}: `)
    expect(message).to.not.match(/secret|4321/)
  })

  it('1.7, 2.4 takes credentials in the URLs of the broker and of Redis, not in that of the keys', () => {
    const url = 'redis://some%62ody:s3cret@redis.example/1'
    expect(withBroker({ REDIS_URL: url }).REDIS_URL).to.equal(url)
    const broker = 'mqtt://some%62ody:s3cret@broker.example'
    expect(settingsOf({ BROKER_HOST: broker }).BROKER_HOST).to.equal(broker)
    for (const credentials of ['somebody:s3cret', 'somebody', ':s3cret']) {
      const message = refusal({ BROKER_HOST: 'b', JWT_JWKS_URL: `https://${credentials}@id.example/jwks` })
      expect(message).to.match(/^ {2}JWT_JWKS_URL: must /m)
      expect(message).to.not.match(/somebody|s3cret/)
    }
  })

  it('1.7 refuses URLs that their clients cannot read', () => {
    for (const bad of ['redis://a:s3cret%ZZ@b', 'redis://a%:b@c', 'redis://b/s3cret', 'redis:s3cret'])
      expect(refusal({ BROKER_HOST: 'b', REDIS_URL: bad }), bad)
        .to.match(/^ {2}REDIS_URL: expected /m)
        .and.not.include('s3cret')
    for (const bad of ['mqtt://a:s3cret%ZZ@b', 'wss://s3cret%@b'])
      expect(refusal({ BROKER_HOST: bad }), bad)
        .to.match(/^ {2}BROKER_HOST: expected /m)
        .and.not.include('s3cret')
  })

  it('1.4 tells which of several PASETO keys is no good', () => {
    const good = Buffer.alloc(32, 7).toString('base64')
    expect(refusal({ BROKER_HOST: 'b', PASETO_SECRET_KEY: `${good},short` })).to.contain(
      '\n  PASETO_SECRET_KEY: key 2 must be base64 of exactly 32 bytes',
    )
  })

  it('1.7, 2.4 refuses a secret under 32 bytes, or none, where access tokens are asked for', () => {
    const withTokens = (more: Record<string, string>) =>
      refusal({ BROKER_HOST: 'b', AUTH_MODE: 'jwt', ...more })
    expect(withTokens({ JWT_SECRET_KEY: 'short' })).to.contain(
      '\n  JWT_SECRET_KEY: must have at least 32 bytes',
    )
    expect(withTokens({ JWT_JWKS_URL: 'https://id.example/jwks', JWT_SECRET_KEY: 'short' })).to.contain(
      '\n  JWT_SECRET_KEY: must have at least 32 bytes',
    )
    expect(withTokens({})).to.contain('\n  AUTH_MODE: jwt needs JWT_JWKS_URL')
    expect(withTokens({ JWT_SECRET_KEY: longSecret, JWT_ALGORITHM: 'none' })).to.contain(
      '\n  JWT_ALGORITHM: must',
    )
    expect(withBroker({ JWT_SECRET_KEY: 'short', JWT_ALGORITHM: 'HS256' }).AUTH_MODE).to.equal('none')
    expect(withBroker({ AUTH_MODE: 'jwt', JWT_SECRET_KEY: longSecret }).AUTH_MODE).to.equal('jwt')
  })

  it('1.7 ignores variables that are unknown', () => {
    expect(withBroker({ STATSD_HOST: 'x', DB_URL: 'y' })).to.not.have.any.keys('STATSD_HOST', 'DB_URL')
  })

  it('refuses to take a deployment for the demo, and says why', () => {
    const names = [
      'APP_NAME',
      'BROKER_TOPIC',
      'MQTT_USERNAME',
      'MQTT_PASSWORD',
      'PASETO_SECRET_KEY',
      'JWT_SECRET_KEY',
      'SHARE_ISSUER_KEY',
      'REDIS_URL',
    ]
    for (const name of names) {
      expect(refusal({ [name]: 'x' }), name).to.contain(
        `BROKER_HOST: expected the MQTT broker, since ${name} is set`,
      )
    }
    expect(refusal({ NODE_ENV: 'production' })).to.contain('since NODE_ENV is set')
    expect(settingsOf({ NODE_ENV: 'test', PORT: '1' }).BROKER_HOST).to.equal(undefined)
  })
})

describe('readEnvironment', () => {
  let directory = ''
  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'afluente-'))))
  afterEach(() => rmSync(directory, { recursive: true }))
  const file = (text: string) => writeFileSync(join(directory, '.env'), text)

  it('1.7 reads a .env file, and does without', () => {
    expect(readEnvironment({ A: '1' }, directory)).to.deep.equal({ A: '1' })
    file('# a comment\nB=2\nC="two words"\n\nA=3\n')
    expect(readEnvironment({ A: '1' }, directory)).to.deep.equal({ A: '1', B: '2', C: 'two words' })
  })

  it('1.7 takes an empty variable for an unset one', () => {
    expect(readEnvironment({ A: '' }, directory)).to.deep.equal({})
    file('A=1\nB=\n')
    expect(readEnvironment({ A: '', B: '' }, directory)).to.deep.equal({ A: '1' })
  })
})
