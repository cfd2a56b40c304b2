import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { startChromium } from '../support/chromium.js'
import { reactPage } from '../support/reactPage.js'
import {
  payloadOf,
  scriptedServer,
  type ScriptedConnection,
  type ScriptedServer,
} from '../support/scriptedServer.js'

describe('examples/react-client.tsx', () => {
  let browser: Browser
  let page: Page
  let server: ScriptedServer
  let complaints: string[]

  before(async () => {
    browser = await startChromium()
  })

  after(() => browser.close())

  beforeEach(async () => {
    page = await browser.newPage()
  })

  afterEach(async () => {
    await page.close()
    await server.stop()
  })

  async function openPage(...scripts: ((connection: ScriptedConnection) => void)[]): Promise<void> {
    server = await scriptedServer(scripts, await reactPage())
    complaints = []
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`http://127.0.0.1:${server.port}/`)
  }

  const row = (deviceId: string, text: string) =>
    page.getByRole('row').filter({ hasText: deviceId }).filter({ hasText: text }).waitFor()
  const status = (text: string) => page.getByRole('status').filter({ hasText: text }).waitFor()

  it("shows each device's newest message, losses, and nothing of unknown events", async () => {
    await openPage((connection) => {
      connection.send('ping', { type: 'keep-alive' })
      connection.send('of-the-future', {})
      connection.send('message', payloadOf('0848086072', 45))
      connection.send('message', payloadOf('0848086072', 46))
      connection.send('message', {
        data: { DEVICE_ID: '0848086073', LATITUD: '+20.65', LONGITUD: '-100.39', SPEED: '0.00' },
      })
      connection.send('dropped', { device_id: '0848086072', count: 12 })
    })
    await row('0848086072', '46')
    await row('0848086073', '+20.65')
    await status('open, 12 messages dropped')
    expect(server.connections.at(-1)?.url.href).to.equal(
      'ws://scripted/api/v1/stream?device_ids=0848086072%2C0848086073',
    )
    expect(complaints).to.deep.equal([])
  })

  it('shows an error and the 1008 that follows, and does not come back', async () => {
    await page.clock.install()
    await openPage((connection) => {
      connection.send('error', { message: 'forbidden' })
      connection.close(1008, 'forbidden')
    })
    await status('closed (forbidden)')
    await page.clock.runFor(120_000)
    expect(await page.getByRole('status').innerText()).to.equal('closed (forbidden)')
    expect(server.connections).to.have.length(1)
  })

  it('comes back after 1001 when the server said, and after 1013', async () => {
    await openPage(
      (connection) => {
        connection.send('draining', { retry_after_ms: 1234 })
        connection.close(1001, 'Draining')
      },
      (connection) => connection.close(1013),
      (connection) => connection.send('message', payloadOf('0848086072')),
    )
    await row('0848086072', '45')
    const [first, second, third] = server.connections.map(({ openedAt }) => openedAt)
    expect(second! - first!).to.be.at.least(1230)
    expect(third! - second!).to.be.at.least(490)
  })

  it('takes a connection without even pings for dead', async () => {
    await page.clock.install()
    await openPage(
      (connection) => connection.send('ping', { type: 'keep-alive' }),
      (connection) => connection.send('message', payloadOf('0848086072')),
    )
    await status('open')
    await page.clock.runFor(64_000)
    await row('0848086072', '45')
    expect(await server.connections[0]?.closed).to.equal(1000)
  })

  it('leaves one connection open when a strict React mounts it twice', async () => {
    await openPage((connection) => connection.send('message', payloadOf('0848086072')))
    await page.goto(`${page.url()}?strict`)
    await row('0848086072', '45')
    const last = server.connections.at(-1)
    await Promise.all(server.connections.slice(0, -1).map(({ closed }) => closed))
    await page.getByRole('button', { name: 'Hide' }).click()
    expect(await last?.closed).to.equal(1000)
  })

  it('closes when the component leaves', async () => {
    await openPage(() => undefined)
    await status('open')
    await page.getByRole('button', { name: 'Hide' }).click()
    expect(await server.connections[0]?.closed).to.equal(1000)
  })
})
