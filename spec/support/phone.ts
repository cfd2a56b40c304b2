import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'

/** A phone whose owner speaks Spanish. */
export const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  locale: 'es-MX',
}

/** A page open on a phone, and what is recorded of it. */
export interface OpenedPage {
  readonly context: BrowserContext
  readonly page: Page
  /** The addresses that it asked for, those of its WebSockets too. */
  readonly requested: string[]
  /** The addresses of its WebSockets. */
  readonly sockets: string[]
  /** What it complained of: errors, lines on its console, breaches of its policy. */
  readonly complaints: string[]
}

/** Opens a link on a phone, and records what the phone asks for and complains of. */
export async function openOnPhone(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext({ ...phone, ...options })
  const page = await context.newPage()
  const requested: string[] = []
  const sockets: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => requested.push(request.url()))
  page.on('websocket', (socket) => {
    requested.push(socket.url())
    sockets.push(socket.url())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (line) => {
    // A refusal of /init, and a server that is away, are what these specs are about.
    if (!/Failed to load resource|WebSocket connection to/.test(line.text())) complaints.push(line.text())
  })
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      reportError(new Error(`CSP: ${event.violatedDirective} ${event.blockedURI}`))
    })
  })
  await page.goto(url)
  return { context, page, requested, sockets, complaints }
}

/** A point of the screen, in pixels. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** Where the middle of the arrow is on the screen. */
export async function arrowAt(page: Page): Promise<Point> {
  const box = await page.locator('.vehicle').boundingBox()
  if (box === null) throw new Error('there is no arrow')
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

/** Resolves when the arrow is elsewhere. */
export async function arrowLeft(page: Page, { x, y }: Point): Promise<unknown> {
  return page.waitForFunction(
    ([x, y]) => {
      const box = document.querySelector('.vehicle')?.getBoundingClientRect()
      return box !== undefined && Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y) > 5
    },
    [x, y] as const,
  )
}
