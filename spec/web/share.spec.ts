import { expect } from 'chai'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { startChromium } from '../support/chromium.js'
import { arrowAt, arrowLeft, openOnPhone, phone } from '../support/phone.js'
import {
  publicPayload,
  refusedInit,
  type ShareServer,
  type ShareViewer,
  startShareServer,
  validInit,
} from '../support/shareServer.js'

const token = 'v4.local.Vb4_fQ-T0kEn0f4Sh4re'

describe('the share page, in Chromium', () => {
  let browser: Browser
  let server: ShareServer
  let context: BrowserContext
  let page: Page
  let requested: string[]
  let complaints: string[]

  before(async () => {
    browser = await startChromium()
  })
  after(() => browser.close())

  beforeEach(async () => {
    server = await startShareServer()
  })

  afterEach(async () => {
    await context.close()
    await server.stop()
  })

  async function openLink(options: BrowserContextOptions = {}, hash = `#${token}`): Promise<void> {
    ;({ context, page, requested, complaints } = await openOnPhone(
      browser,
      `${server.url}/share${hash}`,
      options,
    ))
  }

  const heading = (text: string) => page.getByRole('heading', { name: text, level: 1 }).waitFor()
  const seen = (text: string | RegExp) => page.getByText(text).first().waitFor()
  const arrow = () => page.locator('.vehicle')
  const drive = (viewer: ShareViewer, metresNorth: number) =>
    viewer.send('message', publicPayload(20.58 + metresNorth / 111_195, -100.39, { COURSE: '0.00' }))

  it('moves the arrow as messages come, and says speed, heading, place, signal and end', async () => {
    server.script = (viewer) => drive(viewer, 0)
    await openLink()
    await arrow().waitFor()
    await page.locator('#speed', { hasText: '43 km/h' }).waitFor()
    await page.locator('#heading', { hasText: 'norte 0°' }).waitFor()
    await page.locator('#coordinates', { hasText: '20.58000° N, 100.39000° O' }).waitFor()
    await page.locator('#heard', { hasText: 'ahora' }).waitFor()
    await page.locator('#ends', { hasText: /Termina en 29 min \d\d s/ }).waitFor()
    await page.locator('#pill', { hasText: 'En vivo' }).waitFor()
    const before = await arrowAt(page)
    const viewer = await server.viewer(1)
    drive(viewer, 60)
    await arrowLeft(page, before)
    expect((await arrowAt(page)).y).to.be.below(before.y - 5)
    expect(await page.locator('path.trail').count()).to.equal(4)
    await page.locator('#map .leaflet-control-scale-line', { hasText: /^\d+ k?m$/ }).waitFor()
    expect(viewer.path).to.equal('/api/v1/public/share-location/stream?snapshot=true')
    expect(complaints).to.deep.equal([])
  })

  it('keeps the token in the fragment and the sub-protocol, and asks nobody but its server', async () => {
    server.script = (viewer) => drive(viewer, 0)
    await openLink()
    await arrow().waitFor()
    await server.requested('/world-')
    const viewer = await server.viewer(1)
    expect(viewer.headers['sec-websocket-protocol']?.split(/, */)).to.deep.equal(['bearer', token])
    expect(server.credentials).to.deep.equal([`Bearer ${token}`])
    for (const target of server.targets) expect(target).not.to.include('v4.local')
    const hosts = requested.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).host)
    expect(new Set(hosts)).to.deep.equal(new Set([`127.0.0.1:${server.port}`]))
    for (const url of requested) expect(url).not.to.include('v4.local')
    expect(complaints).to.deep.equal([])
  })

  it('asks nobody for a map before its link is followed', async () => {
    server.script = (viewer) => drive(viewer, 0)
    await openLink({ userAgent: 'Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140 Mobile' })
    const link = page.getByRole('link', { name: 'Abrir en mapas' })
    await link.waitFor()
    expect(await link.getAttribute('href')).to.equal('geo:20.580000,-100.390000?q=20.580000,-100.390000')
    expect(await link.getAttribute('rel')).to.include('noreferrer')
  })

  it('glides between two places, and jumps where less motion is asked for', async () => {
    server.script = (viewer) => drive(viewer, 0)
    for (const reducedMotion of ['reduce', 'no-preference'] as const) {
      await openLink({ reducedMotion })
      await arrow().waitFor()
      const places = await page.evaluateHandle(() => {
        const arrow = document.querySelector<HTMLElement>('.vehicle')
        const seen = new Set<string>()
        const before = arrow?.style.transform
        const look = () => {
          if (arrow !== null && arrow.style.transform !== before) seen.add(arrow.style.transform)
        }
        if (arrow !== null) new MutationObserver(look).observe(arrow, { attributeFilter: ['style'] })
        return seen
      })
      // The longer ago the last place, the longer the way: then even a slow machine draws it on the way.
      if (reducedMotion !== 'reduce') await page.locator('#heard', { hasText: 'hace' }).waitFor()
      drive(server.viewers.at(-1)!, 60)
      if (reducedMotion === 'reduce') {
        await page.waitForFunction(({ size }) => size > 0, places)
        await page.locator('#coordinates', { hasText: '20.58054° N' }).waitFor()
        expect(await places.evaluate(({ size }) => size)).to.equal(1)
        await context.close()
      } else await page.waitForFunction(({ size }) => size > 5, places)
    }
  })

  it('draws its squared paper up to the edge while it follows the vehicle', async () => {
    server.script = (viewer) => drive(viewer, 0)
    await openLink()
    await arrow().waitFor()
    await page.locator('.grid canvas').first().waitFor()
    const longestBareMs = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const pane = document.querySelector<HTMLElement>('.leaflet-map-pane')
          const { top, width } = document.querySelector('#map')!.getBoundingClientRect()
          const before = pane?.style.transform
          let last = before
          let movedAt = performance.now()
          let coveredAt = movedAt
          let longest = 0
          const look = () => {
            const now = performance.now()
            const squares = [...document.querySelectorAll('.grid canvas')].map((square) =>
              square.getBoundingClientRect(),
            )
            const isCovered = [2, width / 2, width - 2].every((x) =>
              squares.some(
                (square) =>
                  x >= square.left - 1 &&
                  x <= square.right + 1 &&
                  top >= square.top - 3 &&
                  top <= square.bottom,
              ),
            )
            if (isCovered) coveredAt = now
            longest = Math.max(longest, now - coveredAt)
            if (pane?.style.transform !== last) movedAt = now
            last = pane?.style.transform
            if (last !== before && now - movedAt > 500) resolve(longest)
            else requestAnimationFrame(look)
          }
          look()
        }),
    )
    drive(await server.viewer(1), 1_000)
    expect(await longestBareMs).to.be.below(300)
  })

  it('survives a restart of the server, and keeps the map meanwhile', async () => {
    server.script = (viewer) => drive(viewer, 0)
    await openLink()
    await arrow().waitFor()
    const { port } = server
    await server.stop()
    await seen('Reconectando…')
    await page.locator('#pill', { hasText: 'Última posición' }).waitFor()
    expect(await arrow().isVisible()).to.equal(true)
    const before = await arrowAt(page)
    server = await startShareServer({}, port)
    server.script = (viewer) => drive(viewer, 60)
    await arrowLeft(page, before)
    await page.locator('#pill', { hasText: 'En vivo' }).waitFor()
    expect(await page.locator('#notice').isVisible()).to.equal(false)
    expect(server.credentials.length).to.be.at.least(1)
    expect(complaints).to.deep.equal([])
  })

  it('comes back after a drain when the server said, and not before', async () => {
    let toldAt = 0
    server.script = (viewer) => {
      drive(viewer, 0)
      toldAt = performance.now()
      viewer.send('draining', { retry_after_ms: 700 })
      viewer.close(1001, 'Server draining')
    }
    await openLink()
    const first = await server.viewer(1)
    await first.closed
    server.script = (viewer) => drive(viewer, 10)
    await server.viewer(2)
    expect(performance.now() - toldAt).to.be.at.least(690)
    await page.locator('#pill', { hasText: 'En vivo' }).waitFor()
  })

  for (const [language, locale] of [
    ['Spanish', 'es-MX'],
    ['English', 'en-GB'],
  ] as const) {
    const say = (spanish: string, english: string) => (locale === 'es-MX' ? spanish : english)

    describe(`in ${language}`, () => {
      it('says how things stand until there is a vehicle to see', async () => {
        await openLink({ locale })
        await heading(say('Esperando la posición', 'Waiting for the position'))
        await seen(new RegExp(say('El enlace termina en 29 min', 'The link ends in 29 min')))
        expect(await page.getAttribute('html', 'lang')).to.equal(locale.slice(0, 2))
        await context.close()

        server.init = validInit({ not_before: new Date(Date.now() + 90_000).toISOString() })
        await openLink({ locale })
        await heading(say('Todavía no empieza', 'It hasn’t begun yet'))
        await page.locator('#screen-count', { hasText: /^1 min \d\d s$/ }).waitFor()
        await context.close()

        server.init = { status: 503, body: { detail: 'Try later' } }
        await openLink({ locale })
        await heading(say('Reconectando…', 'Reconnecting…'))
        await context.close()

        server.init = validInit()
        server.script = (viewer) => viewer.close(1013, 'Too many viewers')
        await openLink({ locale })
        await heading(say('Hay muchas personas mirando', 'Many people are watching'))
        await seen(new RegExp(say('Nuevo intento en', 'Trying again in')))
        server.script = (viewer) => drive(viewer, 0)
        await arrow().waitFor()
        expect(complaints).to.deep.equal([])
      })

      it('shows each end, and does not come back', async () => {
        const refused = async (status: number, detail: string, title: string) => {
          server.init = refusedInit(status, detail)
          await openLink({ locale })
          await heading(title)
          await context.close()
        }
        await refused(401, 'Token expired', say('Este enlace ya terminó', 'This link has ended'))
        await refused(403, 'Invalid token: share revoked', say('Ya no se comparte', 'No longer shared'))
        await refused(403, 'Invalid token', say('Este enlace no funciona', 'This link doesn’t work'))
        expect(server.viewers).to.have.length(0)

        const ends = async (event: string, code: number, reason: string) => {
          server.init = validInit()
          server.script = (viewer) => {
            drive(viewer, 0)
            viewer.send(event, { message: reason })
            viewer.close(code, reason)
          }
          await openLink({ locale })
        }
        await ends('expired', 1000, 'Token expired')
        await heading(say('Este enlace ya terminó', 'This link has ended'))
        expect(await arrow().count()).to.equal(0)
        expect(await page.title()).to.equal(say('Este enlace ya terminó', 'This link has ended'))
        await context.close()
        await ends('revoked', 1008, 'Share revoked')
        await heading(say('Ya no se comparte', 'No longer shared'))
        await context.close()
        await ends('arrived', 1000, 'Arrived')
        await page.getByRole('heading', { name: say('¡Ya llegó!', 'It has arrived!') }).waitFor()
        await arrow().waitFor()
        expect(await page.locator('#speed').isVisible()).to.equal(false)
        expect(server.viewers).to.have.length(3)
        expect(complaints).to.deep.equal([])
      })
    })
  }

  it('shows where the vehicle parked, and counts up since', async () => {
    server.init = validInit({
      last_communication: {
        device_id: '0848086072',
        latitude: 20.652472,
        longitude: -100.391423,
        speed: 0,
        course: 0,
        gps_datetime: '2025-10-18T00:51:16',
        received_at: new Date(Date.now() - 125_000).toISOString(),
      },
    })
    await openLink()
    await page.locator('#pill', { hasText: 'Sin señal' }).waitFor()
    await page.locator('#speed', { hasText: 'Detenido' }).waitFor()
    await page.locator('#heard', { hasText: /hace 2 min 0[5-9] s/ }).waitFor()
    const before = (await page.locator('#heard').textContent())!
    await page.locator('#heard').filter({ hasNotText: before }).waitFor()
    expect(await page.getByRole('status').textContent()).to.equal('Sin señal, hace 2 min')
  })

  it('sees through a phone’s wrong clock', async () => {
    server.init = validInit({ expires_at: new Date(Date.now() + 5 * 60_000).toISOString() })
    server.script = (viewer) => drive(viewer, 0)
    context = await browser.newContext(phone)
    page = await context.newPage()
    await page.clock.install({ time: Date.now() - 7 * 3_600_000 })
    await page.goto(`${server.url}/share#${token}`)
    await page.clock.runFor(1_000)
    await page.locator('#ends', { hasText: /Termina en (4 min 5\d|5 min 0\d) s/ }).waitFor()
  })

  it('asks again when its end should have come, and shows where it moved', async () => {
    const ends = (inMs: number) => validInit({ expires_at: new Date(Date.now() + inMs).toISOString() })
    server.init = ends(1_200)
    server.script = (viewer) => drive(viewer, 0)
    await openLink()
    await page.locator('#ends', { hasText: /Termina en \d s/ }).waitFor()
    server.init = ends(3_600_000)
    await page.locator('#ends', { hasText: /Termina en 59 min/ }).waitFor()
    expect(server.viewers).to.have.length(1)
  })

  it('says something into its connection when the phone is online again', async () => {
    server.script = (viewer) => drive(viewer, 0)
    await openLink()
    await arrow().waitFor()
    await page.evaluate(() => window.dispatchEvent(new Event('online')))
    const viewer = await server.viewer(1)
    await viewer.heard()
    expect(viewer.said).to.deep.equal(['{"action":"ping"}'])
  })

  it('says that the phone is offline', async () => {
    server.script = (viewer) => drive(viewer, 0)
    await openLink()
    await arrow().waitFor()
    await context.setOffline(true)
    ;(await server.viewer(1)).cut()
    await page.getByRole('heading', { name: 'Sin conexión a internet' }).waitFor()
    await context.setOffline(false)
    await page.locator('#pill', { hasText: 'En vivo' }).waitFor()
  })

  it('lets the viewer choose among several vehicles', async () => {
    server.init = validInit({ devices: ['0848086072', '0848086073'] })
    server.script = (viewer) => {
      drive(viewer, 0)
      viewer.send('snapshot', publicPayload(20.6, -100.39, { DEVICE_ID: '0848086073', SPEED: '80.00' }))
    }
    await openLink()
    await page.getByRole('button', { name: '0848086072', pressed: true }).waitFor()
    await page.locator('#chooser').getByRole('button', { name: '0848086073' }).click()
    await page.locator('#speed', { hasText: '80 km/h' }).waitFor()
    await page.locator('#coordinates', { hasText: '20.60000° N' }).waitFor()
  })

  it('opens another link in place of the first', async () => {
    server.init = (given) => (given === token ? validInit() : refusedInit(401, 'Token expired'))
    server.script = (viewer) => drive(viewer, 0)
    await openLink()
    await arrow().waitFor()
    await page.evaluate(() => (location.hash = '#v4.local.another'))
    await heading('Este enlace ya terminó')
    expect(await (await server.viewer(1)).closed).to.equal(1000)
  })

  it('sends nothing where there is no token', async () => {
    await openLink({}, '')
    await heading('Este enlace no funciona')
    expect(server.credentials).to.deep.equal([])
    expect(server.viewers).to.deep.equal([])
  })

  it('opens links of the other shape', async () => {
    server.script = (viewer) => drive(viewer, 0)
    await openLink()
    await page.goto(`${server.url}/share/${token}`)
    expect(page.url()).to.equal(`${server.url}/share#${token}`)
    await arrow().waitFor()
  })

  it('can be used by keyboard and screen reader', async () => {
    server.script = (viewer) => drive(viewer, 0)
    await openLink({ isMobile: false, hasTouch: false })
    await arrow().waitFor()
    await page.getByRole('button', { name: 'Ver de lejos' }).waitFor()
    const reached: string[] = []
    for (let presses = 0; presses < 6; presses++) {
      await page.keyboard.press('Tab')
      reached.push(
        await page.evaluate(() => {
          const { activeElement: element } = document
          return element?.ariaLabel ?? element?.textContent.trim() ?? ''
        }),
      )
    }
    expect(reached.slice(0, 5)).to.deep.equal([
      'Mapa. Muévelo con las flechas del teclado y acércalo o aléjalo con más y menos.',
      'Acercar',
      'Alejar',
      'Ver de lejos',
      'Abrir en mapas',
    ])
    await page.locator('#map').focus()
    await page.keyboard.press('ArrowLeft')
    const center = page.getByRole('button', { name: 'Centrar en el vehículo' })
    await center.press('Enter')
    await center.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Ver de lejos' }).press('Enter')
    await page.getByRole('button', { name: 'Ver de cerca' }).waitFor()
    expect(await page.getByRole('status').textContent()).to.equal('En vivo')
    ;(await server.viewer(1)).send('revoked', { message: 'Share revoked' })
    ;(await server.viewer(1)).close(1008, 'Share revoked')
    await page.getByRole('status').filter({ hasText: 'Ya no se comparte' }).waitFor()
    expect(await page.evaluate(() => document.activeElement?.id)).to.equal('screen-title')
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.closest('#stage') ?? null)).to.equal(null)
  })

  it('fits a phone of 320 px, a phone lying on its side, and a desktop', async () => {
    server.script = (viewer) =>
      viewer.send('message', publicPayload(20.58, -100.39, { COURSE: '315.00', SPEED: '128.00' }))
    await openLink({ locale: 'en-US' })
    await arrow().waitFor()
    for (const [width, height] of [
      [320, 568],
      [360, 740],
      [390, 844],
      [667, 375],
      [800, 1100],
      [1280, 800],
    ] as const) {
      await page.setViewportSize({ width, height })
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      expect(wide, `${width}`).to.be.at.most(width)
      const cut = await page
        .locator('.fact dd')
        .evaluateAll((facts) =>
          facts.filter((fact) => fact.scrollWidth > fact.clientWidth).map(({ id }) => id),
        )
      expect(cut, `${width}`).to.deep.equal([])
      expect((await page.locator('#speed').boundingBox())!.height, `${width}`).to.be.below(60)
      const map = (await page.locator('#map').boundingBox())!
      expect(Math.min(map.width, map.height), `${width}`).to.be.at.least(200)
      const link = (await page.getByRole('link', { name: 'Open in maps' }).boundingBox())!
      expect(link.y + link.height, `${width}`).to.be.at.most(height)
    }
  })

  it('takes its tiles from where it is told, and draws its own map where they don’t come', async () => {
    const tiles = await startShareServer()
    await server.stop()
    server = await startShareServer({
      tilesUrl: `${tiles.url}/{z}/{x}/{y}.png`,
      tilesAttribution: '© <us>',
    })
    server.script = (viewer) => drive(viewer, 0)
    await openLink()
    await page.getByText('© <us>').waitFor()
    await page.getByRole('button', { name: 'Ver de lejos' }).waitFor()
    expect(tiles.targets.some((target) => /^\/16\/\d+\/\d+\.png$/.test(target))).to.equal(true)
    expect(tiles.targets.some((target) => target.includes('v4.local'))).to.equal(false)
    const hosts = requested.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).host)
    expect(new Set(hosts)).to.deep.equal(new Set([new URL(server.url).host, new URL(tiles.url).host]))
    expect(complaints).to.deep.equal([])
    await tiles.stop()
  })
})
