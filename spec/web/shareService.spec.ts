import { expect } from 'chai'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { startChromium } from '../support/chromium.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/mosquitto.js'
import { closeAll } from '../support/opened.js'
import { arrowAt, arrowLeft, type OpenedPage, openOnPhone } from '../support/phone.js'
import { foreignToken, isoIn, type ShareRig, startShareRig } from '../support/shareRig.js'
import { startTap } from '../support/tap.js'

const english: BrowserContextOptions = { locale: 'en-GB' }

/** A position so many metres north of where these specs begin, as a device reports it. */
const north = (metres: number, more: Record<string, unknown> = {}) => ({
  LAT: 20.58 + metres / 111_195,
  LON: -100.39,
  SPEED: '42.50',
  COURSE: '0.00',
  ...more,
})

describe('the share page, before the real service and a real Mosquitto', function () {
  this.timeout(60_000)

  let browser: Browser
  let rig: ShareRig
  let opened: OpenedPage
  let page: Page

  before(async () => {
    browser = await startChromium()
    rig = await startShareRig({ PORT: String(await freePort()) })
  })
  afterEach(async () => {
    await opened.context.close()
    await rig.watching(0)
  })
  after(closeAll)

  async function openLink(url: string, options: BrowserContextOptions = {}): Promise<void> {
    opened = await openOnPhone(browser, url, options)
    page = opened.page
  }

  const linkOf = (token: string) => `${rig.service().http}/share#${token}`
  const arrow = () => page.locator('.vehicle')
  const pill = (text: string) => page.locator('#pill', { hasText: text }).waitFor()
  const heading = (name: string) => page.getByRole('heading', { name, level: 1 }).waitFor()
  const known = (token: string) =>
    eventually(
      () => rig.init(token),
      ({ body }) => body.last_communication !== null,
    )

  it('moves the arrow as messages are published', async () => {
    const { share_url } = await rig.make({ device_id: 'moves' })
    await rig.report('moves', north(0))
    await openLink(share_url)
    await arrow().waitFor()
    await pill('En vivo')
    await rig.watching(1)
    const before = await arrowAt(page)
    await rig.report('moves', north(60, { SPEED: '51.00' }))
    await arrowLeft(page, before)
    expect((await arrowAt(page)).y).to.be.below(before.y)
    await page.locator('#speed', { hasText: '51 km/h' }).waitFor()
    await page.locator('#coordinates', { hasText: '20.58054° N, 100.39000° O' }).waitFor()
    await page.locator('#ends', { hasText: /Termina en 29 min/ }).waitFor()
    await rig.report('moves', north(120))
    await page.locator('#coordinates', { hasText: '20.58108° N' }).waitFor()
    expect(await page.locator('path.trail.full').count()).to.be.above(0)
    expect(opened.sockets).to.have.length(1)
    expect(opened.complaints).to.deep.equal([])
  })

  it('asks nobody but its server, whom the token reaches in no address, and for less than 250 kB', async () => {
    const tap = await startTap(rig.service().port)
    const { token } = await rig.make({ device_id: 'tapped' })
    await rig.report('tapped', north(0))
    await openLink(`${tap.http}/share#${token}`)
    await pill('En vivo')
    await page.getByRole('button', { name: 'Ver de lejos' }).click()
    await page.locator('#map path.land').first().waitFor()
    await rig.report('tapped', north(60))
    await page.locator('#coordinates', { hasText: '20.58054° N' }).waitFor()

    const origins = opened.requested.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).host)
    expect([...new Set(origins)]).to.deep.equal([new URL(tap.http).host])
    const lines = tap.said().split('\r\n')
    const targets = lines.flatMap((line) => /([A-Z]+ \S+) HTTP\/1\.1$/.exec(line)?.[1] ?? [])
    expect(targets).to.include.members([
      'GET /share',
      'GET /api/v1/public/share-location/init',
      'GET /api/v1/public/share-location/stream?snapshot=true',
    ])
    const carriers = lines.filter((line) => line.includes(token)).map((line) => line.split(':')[0])
    expect([...new Set(carriers)].sort()).to.deep.equal(['Authorization', 'Sec-WebSocket-Protocol'])
    expect(tap.answeredBytes()).to.be.within(100_000, 250_000)
    expect(rig.service().output()).to.not.include(token)
    expect(opened.complaints).to.deep.equal([])
    await tap.stop()
  })

  it('keeps a connection on which the service answers nothing that it says', async () => {
    const { token } = await rig.make({ device_id: 'quiet' })
    await rig.report('quiet', north(0))
    await known(token)
    const ignored = async () => (await rig.service().metrics()).get('afluente_ignored_frames_total') ?? 0
    const before = await ignored()
    await openLink('about:blank')
    await page.clock.install()
    await page.goto(linkOf(token))
    await pill('En vivo')
    await page.evaluate(() => window.dispatchEvent(new Event('online')))
    await eventually(ignored, (count) => count > before)
    await page.clock.runFor(24_000) // almost a keep-alive's period
    expect(opened.sockets).to.have.length(1)
    await rig.report('quiet', north(60))
    await page.locator('#coordinates', { hasText: '20.58054° N' }).waitFor()
    // And where the keep-alive doesn't come in its time, it comes back.
    const again = page.waitForEvent('websocket')
    await page.evaluate(() => window.dispatchEvent(new Event('online')))
    await page.clock.runFor(32_000)
    await again
    expect(opened.sockets).to.have.length(2)
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`survives a restart of the server by ${signal}, and goes on`, async () => {
      const deviceId = `survives ${signal}`
      const { share_url, token } = await rig.make({ device_id: deviceId })
      await rig.report(deviceId, north(0))
      await known(token)
      await openLink(share_url)
      await pill('En vivo')
      const before = await arrowAt(page)
      const { port } = rig.service()
      await rig.service().stop(signal)
      await page.locator('#notice', { hasText: 'Reconectando…' }).waitFor()
      expect(await arrow().isVisible()).to.equal(true)
      await rig.restart()
      expect(rig.service().port).to.equal(port)
      await pill('En vivo')
      await page.locator('#notice').waitFor({ state: 'hidden' })
      await rig.report(deviceId, north(60))
      await arrowLeft(page, before)
      expect(opened.sockets.length).to.be.at.least(2)
      expect(opened.complaints).to.deep.equal([])
    })
  }

  it('shows at once, after a restart, a vehicle that parked yesterday', async () => {
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 19).replace('T', ' ')
    const { share_url, token } = await rig.make({ device_id: 'parked' })
    await rig.report('parked', north(0, { SPEED: '0.00', GPS_DATETIME: yesterday }))
    await known(token)
    await rig.restart()
    await openLink(share_url)
    await arrow().waitFor()
    await page.locator('#speed', { hasText: 'Detenido' }).waitFor()
    await page.locator('#coordinates', { hasText: '20.58000° N' }).waitFor()
    await rig.watching(1)
    expect((await rig.service().stats()).total_messages_processed).to.equal(0)
    expect(opened.complaints).to.deep.equal([])
  })

  describe('shows an end for what it is:', () => {
    afterEach(() => expect(opened.complaints).to.deep.equal([]))

    /** A link that is open on the phone, with its vehicle in sight. */
    async function openShare(body: { device_id: string } & Record<string, unknown>, options = {}) {
      const made = await rig.make(body)
      await rig.report(body.device_id, north(0))
      await openLink(made.share_url, options)
      await pill(options === english ? 'Live' : 'En vivo')
      return { ...made, path: `/api/v1/shares/${made.share_id}` }
    }

    it('expired while open', async () => {
      const { path, share_url } = await openShare({ device_id: 'expires' })
      expect((await rig.ask('PATCH', path, { ttl_secs: 1 })).status).to.equal(200)
      await heading('Este enlace ya terminó')
      expect(await arrow().count()).to.equal(0)
      await rig.watching(0)
      expect(opened.sockets).to.have.length(1)
      await opened.context.close()
      await openLink(share_url, english)
      await heading('This link has ended')
      expect(opened.sockets).to.deep.equal([])
    })

    it('revoked while open', async () => {
      const { path, share_url } = await openShare({ device_id: 'revoked' }, english)
      expect((await rig.ask('DELETE', path)).status).to.equal(204)
      await heading('No longer shared')
      expect(await arrow().count()).to.equal(0)
      await rig.watching(0)
      expect(opened.sockets).to.have.length(1)
      await opened.context.close()
      await openLink(share_url)
      await heading('Ya no se comparte')
      expect(opened.sockets).to.deep.equal([])
    })

    it('arrived', async () => {
      const arrive = { center: [-100.39, 20.59], radius_m: 100 }
      const { share_url } = await openShare({ device_id: 'arrives', arrive })
      await rig.report('arrives', { ...north(0), LAT: 20.5901 })
      await page.getByRole('heading', { name: '¡Ya llegó!' }).waitFor()
      await page.locator('#coordinates', { hasText: '20.59010° N' }).waitFor()
      expect(await arrow().isVisible()).to.equal(true)
      await opened.context.close()
      await openLink(share_url)
      await heading('Este enlace ya terminó')
      expect(opened.sockets).to.deep.equal([])
    })

    it('invalid', async () => {
      const { token } = await rig.make({ device_id: 'cut' })
      await openLink(linkOf(token.slice(0, -9)))
      await heading('Este enlace no funciona')
      await opened.context.close()
      await openLink(linkOf(foreignToken({ scope: 'another' })), english)
      await heading('This link doesn’t work')
      expect(opened.sockets).to.deep.equal([])
    })
  })

  it('waits for a share that has not begun, and begins by itself', async () => {
    await rig.report('later', north(0))
    const { share_url } = await rig.make({ device_id: 'later', not_before: isoIn(6), ttl_secs: 600 })
    await openLink(share_url, english)
    await heading('It hasn’t begun yet')
    await page.locator('#screen-count', { hasText: /^\d s$/ }).waitFor()
    expect(await arrow().count()).to.equal(0)
    await arrow().waitFor()
    await pill('Live')
    await rig.report('later', north(60))
    await page.locator('#coordinates', { hasText: '20.58054° N, 100.39000° W' }).waitFor()
    expect(opened.sockets).to.have.length(1)
    expect(opened.complaints).to.deep.equal([])
  })

  it('waits while too many watch, and comes in when one leaves', async () => {
    const { share_url, token } = await rig.make({ device_id: 'crowded', max_viewers: 1 })
    await rig.report('crowded', north(0))
    const other = await rig.open(token)
    await rig.watching(1)
    await openLink(share_url)
    await heading('Hay muchas personas mirando')
    await page.locator('#screen-note', { hasText: 'Nuevo intento en' }).waitFor()
    await other.close()
    await page.locator('#screen').waitFor({ state: 'hidden' })
    await pill('En vivo')
    expect(await arrow().isVisible()).to.equal(true)
    expect(opened.sockets.length).to.be.at.least(2)
    expect(opened.complaints).to.deep.equal([])
  })

  it('waits for a vehicle that has said nothing yet', async () => {
    const { share_url } = await rig.make({ device_id: 'unheard' })
    await openLink(share_url, english)
    await heading('Waiting for the position')
    await page.locator('#screen-note', { hasText: /The link ends in 29 min/ }).waitFor()
    await rig.report('unheard', north(0))
    await arrow().waitFor()
    await pill('Live')
    expect(opened.complaints).to.deep.equal([])
  })
})
