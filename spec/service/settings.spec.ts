import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { AfluenteError } from '../../lib/errors.js'
import { readEnvironment, settingsOf } from '../../lib/service/settings.js'

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

  it('2.4 does not start where access tokens are asked for, since it would let everybody in', () => {
    expect(withBroker({ AUTH_MODE: 'none' }).AUTH_MODE).to.equal('none')
    expect(refusal({ BROKER_HOST: 'b', AUTH_MODE: 'jwt' })).to.contain('AUTH_MODE: expected none')
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
