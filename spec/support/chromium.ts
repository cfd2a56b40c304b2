import { type Browser, chromium } from 'playwright-core'

/** A real browser. It speaks to nobody on its own account. */
export const startChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-quic', '--disable-background-networking'],
  })
