import { type Browser, chromium } from 'playwright-core'
import { opens } from './opened.js'

/** A real browser. It speaks to nobody on its own account. */
export async function startChromium(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-quic', '--disable-background-networking'],
  })
  const close = opens('chromium', () => browser.close())
  browser.once('disconnected', () => void close())
  return browser
}
