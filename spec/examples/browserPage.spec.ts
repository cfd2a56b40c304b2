import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { startChromium } from '../support/chromium.js'
import { root } from '../support/example.js'
import {
  payloadOf,
  scriptedServer,
  type ScriptedConnection,
  type ScriptedServer,
} from '../support/scriptedServer.js'

const file = `${root}examples/websocket_client_example.html`

describe('examples/websocket_client_example.html', () => {
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let server: ScriptedServer
  let requested: string[]
  let complaints: string[]

  before(async () => {
    browser = await startChromium()
  })

  after(() => browser.close())

  beforeEach(async () => {
    context = await browser.newContext()
    page = await context.newPage()
    requested = []
    complaints = []
    page.on('request', (request) => requested.push(request.url()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (line) => complaints.push(line.text()))
  })

  afterEach(async () => {
    await context.close()
    await server.stop()
  })

  /** Opens the page as the service would serve it, beside the stream. */
  async function openPage(...scripts: ((connection: ScriptedConnection) => void)[]): Promise<void> {
    const html = await readFile(file)
    server = await scriptedServer(scripts, (_request, response) =>
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(html),
    )
    await page.goto(`http://127.0.0.1:${server.port}/examples/websocket_client_example.html`)
  }

  const connect = () => page.getByRole('button', { name: 'Connect', exact: true }).click()
  const status = (text: string) => page.getByRole('status').filter({ hasText: text }).waitFor()
  const journal = (text: string) => page.locator('#journal li', { hasText: text }).first().waitFor()

  it('goes to the host that served it, with the demo devices, and asks no one else', async () => {
    await openPage((connection) => connection.send('message', payloadOf('0848086072')))
    expect(await page.getByLabel('Server').inputValue()).to.equal(server.url)
    expect(await page.getByLabel('Device ids').inputValue()).to.equal('0848086072,0848086073')
    await connect()
    await status('Connected')
    await page.locator('#messages li').waitFor()
    expect(server.connections[0]?.url.pathname).to.equal('/api/v1/stream')
    expect(server.connections[0]?.url.searchParams.get('device_ids')).to.equal('0848086072,0848086073')
    expect(
      requested.every((url) => url.startsWith('data:') || new URL(url).host === `127.0.0.1:${server.port}`),
    ).to.equal(true, requested.join(' '))
    expect(complaints).to.deep.equal([])
  })

  it('shows a position in one line, however wide the window', async () => {
    await openPage((connection) => connection.send('message', payloadOf('0848086072')))
    await connect()
    const place = page.locator('#messages li .place').first()
    await place.waitFor()
    for (const width of [320, 700, 720, 940, 970, 1000, 1140, 1160, 1440]) {
      await page.setViewportSize({ width, height: 700 })
      const box = await place.boundingBox()
      expect(box?.height, `${width} px`).to.be.within(10, 30)
    }
  })

  it('works from a file, and goes to localhost:8000 unless told otherwise', async () => {
    server = await scriptedServer([(connection) => connection.send('message', payloadOf('0848086072'))])
    await page.goto(pathToFileURL(file).href)
    expect(await page.getByLabel('Server').inputValue()).to.equal('ws://localhost:8000')
    await page.getByLabel('Server').fill(server.url)
    await page.getByLabel('Device ids').fill('0848086072')
    await connect()
    await page.locator('#messages li', { hasText: '0848086072' }).waitFor()
    expect(server.connections[0]?.url.search).to.equal('?device_ids=0848086072')
  })

  it('shows messages newest first, keep-alives, losses and errors', async () => {
    await openPage((connection) => {
      connection.send('ping', { type: 'keep-alive' })
      connection.send('snapshot', {
        data: { DEVICE_ID: '0848086073', LATITUD: '+20.65', LONGITUD: '-100.39', SPEED: '0.00' },
      })
      connection.send('dropped', { device_id: '0848086072', count: 12 })
      connection.send('error', { message: 'algo <b>pasó</b>' })
      connection.send('of-the-future', { message: 'unheard-of' })
      connection.send('message', payloadOf('0848086072'))
    })
    await connect()
    await page.locator('#messages li').nth(1).waitFor()
    expect(await page.locator('#messages li').allInnerTexts()).to.satisfy(([newest, older]: string[]) =>
      Boolean(
        newest?.includes('0848086072') && older?.includes('0848086073') && older.includes('+20.65, -100.39'),
      ),
    )
    expect(await page.locator('#message-count').innerText()).to.equal('2')
    expect(await page.locator('#dropped-count').innerText()).to.equal('12')
    expect(await page.locator('#ping-at').innerText()).to.match(/^\d s ago$/)
    await journal('algo <b>pasó</b>')
    expect(await page.locator('body').innerText()).not.to.contain('unheard-of')
  })

  it('shows a payload as the text that it is, byte for byte', async () => {
    const text =
      '{"event":"message","data":{"data":{"DEVICE_ID":"<img src=x onerror=alert(1)>","LAT":1.0,"N":12345678901234567890}}}'
    await openPage((connection) => connection.sendText(text))
    await connect()
    await page.locator('#messages summary').click()
    expect(await page.locator('#messages pre').innerText()).to.equal(text)
    expect(await page.locator('#messages img').count()).to.equal(0)
    expect(complaints).to.deep.equal([])
  })

  it('holds no more than 100 messages, and counts them all', async () => {
    await openPage((connection) => {
      for (let speed = 1; speed <= 1000; speed += 1)
        connection.send('message', payloadOf('0848086072', speed))
    })
    await connect()
    await page.locator('#message-count', { hasText: /^1\D?000$/ }).waitFor()
    expect(await page.locator('#messages li').count()).to.equal(100)
    expect(await page.locator('#messages li').first().innerText()).to.contain('speed 1000')
  })

  it('shows an error and the 1008 that follows, and does not come back', async () => {
    await openPage((connection) => {
      connection.send('error', { message: 'Debe especificar al menos un device_id en los query params' })
      connection.close(1008, 'Missing device_ids')
    })
    await page.clock.install()
    await page.getByLabel('Device ids').fill('')
    await connect()
    await status('Refused')
    await journal('Debe especificar al menos un device_id en los query params')
    await journal('Closed: 1008 Missing device_ids')
    await journal('Not reconnecting')
    await page.clock.runFor(120_000)
    expect(await page.getByRole('status').innerText()).to.equal('Refused')
    expect(server.connections).to.have.length(1)
    expect(await page.getByRole('button', { name: 'Disconnect' }).isDisabled()).to.equal(true)
  })

  it('comes back after 1001 when the server said', async () => {
    await openPage(
      (connection) => {
        connection.send('draining', { retry_after_ms: 1234 })
        connection.close(1001, 'Draining')
      },
      (connection) => connection.send('message', payloadOf('0848086072')),
    )
    await connect()
    await journal('Reconnecting in 1.2 s')
    await page.locator('#messages li').waitFor()
    const [first, second] = server.connections
    expect(second!.openedAt - first!.openedAt).to.be.at.least(1234)
  })

  it('comes back after 1013 and after a cut line', async () => {
    await openPage(
      (connection) => connection.close(1013),
      (connection) => connection.cut(),
      (connection) => connection.send('message', payloadOf('0848086072')),
    )
    await connect()
    await page.locator('#messages li').waitFor()
    await journal('Closed: 1013')
    await journal('Closed: 1006')
    expect(server.connections).to.have.length(3)
  })

  it('takes a connection without even pings for dead', async () => {
    await openPage(
      (connection) => connection.send('ping', { type: 'keep-alive' }),
      (connection) => connection.send('message', payloadOf('0848086072')),
    )
    await page.clock.install()
    await connect()
    await page.locator('#ping-note', { hasText: 'at' }).waitFor()
    await page.clock.runFor(64_000)
    await journal('nothing arrived any more')
    await page.clock.runFor(1000)
    await page.locator('#messages li').waitFor()
    expect(await server.connections[0]?.closed).to.equal(1005)
  })

  it('ends when the user says so, also between two attempts', async () => {
    await openPage(
      (connection) => connection.close(1013),
      () => undefined,
    )
    await page.clock.install()
    await connect()
    await status('Reconnecting')
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await status('Not connected')
    await page.clock.runFor(60_000)
    expect(server.connections).to.have.length(1)
    await connect()
    await status('Connected')
    await page.getByRole('button', { name: 'Disconnect' }).click()
    expect(await server.connections[1]?.closed).to.equal(1000)
  })

  it('says what is wrong with a URL', async () => {
    await openPage()
    await page.getByLabel('Server').fill('ftp://example.org')
    await connect()
    await page.getByRole('alert').filter({ hasText: 'begins with ws:// or wss://' }).waitFor()
    expect(server.connections).to.have.length(0)
  })

  it('gives the token as a sub-protocol, never in the URL', async () => {
    await openPage(() => undefined)
    await page.getByText('Options').click()
    await page.getByLabel('Access token').fill('a.b-c_d')
    await page.getByLabel("Begin with each device's last known message").check()
    await connect()
    await status('Connected')
    expect(server.connections[0]?.headers['sec-websocket-protocol']).to.match(/^bearer, ?a\.b-c_d$/)
    expect(server.connections[0]?.url.search).to.equal('?device_ids=0848086072%2C0848086073&snapshot=true')
  })
})
