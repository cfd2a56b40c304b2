import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { closeAll, opens } from '../support/opened.js'
import { run } from '../support/process.js'
import { main, startService } from '../support/service.js'

const up = /✅ Bridge MQTT → WebSocket activo/

/** Starts the service where it is expected to end at once: its exit code and what it printed. */
async function endOf(
  environment: Record<string, string>,
): Promise<{ status: number | string; output: string }> {
  const cwd = mkdtempSync(join(tmpdir(), 'afluente-'))
  const running = run(process.execPath, [main], {
    cwd,
    env: { PATH: process.env.PATH, PORT: '0', ...environment },
  })
  const status = await running.exited
  await rm(cwd, { recursive: true })
  return { status, output: running.output() }
}

/** Starts the service in a working directory with a `.env` file. */
async function startWithFile(file: string, environment: Record<string, string> = {}): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), 'afluente-'))
  opens('working directory', () => rm(cwd, { recursive: true }))
  writeFileSync(join(cwd, '.env'), file)
  const running = run(process.execPath, [main], { cwd, env: { PATH: process.env.PATH, ...environment } })
  await running.printed(up)
  const [, port] = await running.printed(/Listening.* port=(\d+)/)
  return `http://127.0.0.1:${port}`
}

describe('configuration', () => {
  let broker: Mosquitto
  before(async () => void (broker = await startMosquitto()))
  after(closeAll)

  const health = async (http: string) => (await (await fetch(`${http}/health`)).json()) as object

  it('1.7 answers /health as the old image expects it', async () => {
    const service = await startService({
      BROKER_HOST: broker.address,
      APP_NAME: 'siscom-api',
      APP_VERSION: '9.8.7',
    })
    const response = await fetch(`${service.http}/health`)
    expect(response.status).to.equal(200)
    expect(await response.text()).to.equal('{"status":"healthy","service":"siscom-api","version":"9.8.7"}')
  })

  it('1.7 answers /health while the broker is away, since the process is well', async () => {
    const service = await startService({ BROKER_HOST: '127.0.0.1:1' })
    expect((await fetch(`${service.http}/health`)).status).to.equal(200)
    expect((await fetch(`${service.http}/readyz`)).status).to.equal(503)
  })

  it('1.7 reads a .env file in the working directory; the environment goes before it', async () => {
    const file = `# comment\nAPP_NAME="from the file"\nAPP_VERSION=1\nBROKER_HOST=${broker.address}\nPORT=0\nHOST=127.0.0.1\n`
    const http = await startWithFile(file, { APP_VERSION: '2' })
    expect(await health(http)).to.include({ service: 'from the file', version: '2' })
  })

  it('1.7 takes an empty variable for an unset one, in the environment and in .env', async () => {
    const file = `APP_VERSION=1\nAPP_NAME=\nMQTT_USERNAME=\n`
    const empty = { APP_VERSION: '', APP_NAME: '', MQTT_PASSWORD: '', ALLOWED_ORIGINS: '', MQTT_QOS: '' }
    const http = await startWithFile(file, {
      ...empty,
      BROKER_HOST: broker.address,
      PORT: '0',
      HOST: '127.0.0.1',
    })
    expect(await health(http)).to.include({ service: 'afluente', version: '1' })
  })

  it('1.7 ignores variables that it does not know', async () => {
    const unknown = { STATSD_HOST: 'x', STATSD_PORT: 'y', DB_URL: '', DB_POOL_SIZE: '-1', KAFKA: 'z' }
    const service = await startService({ BROKER_HOST: broker.address, ...unknown })
    await service.printed(up)
  })

  it('1.7 names every bad variable at once, without its value, and ends with 1', async () => {
    const bad = {
      BROKER_HOST: 'http://sesame',
      PORT: 'sesame',
      HOST: '',
      MQTT_QOS: 'sesame',
      WEBSOCKET_KEEPALIVE_SECS: 'sesame',
      MAILBOX_CAPACITY: '0',
      CHECK_WS_ORIGIN: 'sesame',
      ALLOWED_ORIGINS: '["sesame"',
    }
    const { status, output } = await endOf(bad)
    expect(status).to.equal(1)
    const named = [...output.matchAll(/^ {2}(\w+): \S/gm)].map(([, name]) => name)
    expect(named).to.have.members(Object.keys(bad).filter((name) => name !== 'HOST'))
    expect(output).to.not.contain('sesame')
  })

  for (const [name, value] of Object.entries({
    NODE_ENV: 'production',
    BROKER_TOPIC: 'fleet/#',
    MQTT_USERNAME: 'gateway',
    MQTT_PASSWORD: 'sesame',
    PASETO_SECRET_KEY: 'sesame',
    JWT_SECRET_KEY: 'sesame',
    APP_NAME: 'siscom',
  })) {
    it(`1.7 ends with a message where ${name} is set and BROKER_HOST is not`, async () => {
      const { status, output } = await endOf({ [name]: value })
      expect(status).to.equal(1)
      expect(output).to.contain('BROKER_HOST')
      expect(output).to.contain(name)
      expect(output).to.not.contain('sesame')
    })
  }

  it('ends with a message where its port is taken', async () => {
    const { status, output } = await endOf({
      BROKER_HOST: broker.address,
      HOST: '127.0.0.1',
      PORT: String(broker.port),
    })
    expect(status).to.equal(1)
    expect(output).to.contain(`can't listen on 127.0.0.1:${broker.port}`)
  })

  it('1.7 logs the line that run-books look for, once the feed is up', async () => {
    const service = await startService({ BROKER_HOST: broker.address })
    const [line] = await service.printed(/^.*✅ Bridge MQTT → WebSocket activo.*$/m)
    expect(line).to.match(/^\S+ info ✅ Bridge MQTT → WebSocket activo( |$)/)
  })

  it('1.7 warns of a JWT_SECRET_KEY under 32 bytes, and starts all the same', async () => {
    for (const [secret, warns] of [
      ['sesame'.repeat(5), true],
      ['sesame'.repeat(6), false],
    ] as const) {
      const service = await startService({ BROKER_HOST: broker.address, JWT_SECRET_KEY: secret })
      await service.printed(up)
      expect(service.output().includes('JWT_SECRET_KEY'), secret).to.equal(warns)
      expect(service.output()).to.not.contain('sesame')
      await service.stop()
    }
  })
})
