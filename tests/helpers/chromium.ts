/** A real browser for one test file, where the machine has one: Debian's package `chromium`, or one named by `CHROMIUM`. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { isExecutable, onPath } from './programs.js'

const named = process.env.CHROMIUM
const binary = named ? (isExecutable(named) ? named : undefined) : onPath('chromium', 'chromium-browser', 'google-chrome')

/** Tests that need a browser are skipped where there is none: `describe.skipIf(!hasChromium)`. The run lists them. */
export const hasChromium = binary !== undefined

if (!hasChromium)
  console.warn('NOT RUN: tests in a browser, because there is no chromium on the path. Install it: apt-get install chromium')

/** It is to talk to nobody but the pages that a test opens. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Watched {
  readonly page: Page
  /** Errors of scripts, what the browser refused by the page's own policy, and requests to other origins. */
  readonly problems: readonly string[]
}

/** A browser paints and moves the focus when it has the time: on a busy machine a test may look too early once. */
export const inBrowser = { retry: 1 }

/** Starts it before the file's tests. Inside of `describe.skipIf(!hasChromium)`. Each page has a profile of its own. */
export function useChromium(): (url: string, options?: BrowserContextOptions) => Promise<Watched> {
  let browser: Browser | undefined
  beforeAll(async () => {
    browser = await chromium.launch({ ...(binary && { executablePath: binary }), args })
  })
  // A server that a test has started waits for the connections of its pages.
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close()
  })
  afterAll(() => browser?.close())
  return async (url, options = {}) => {
    if (!browser) throw new Error('The browser is started before the first test, not while tests are collected.')
    const context = await browser.newContext(options)
    context.setDefaultTimeout(20_000)
    const page = await context.newPage()
    const problems: string[] = []
    const { origin } = new URL(url)
    page.on('pageerror', (error) => problems.push(String(error)))
    // A request that was refused is told too, which is for tests to provoke.
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) problems.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) problems.push(`asked ${request.url()}`)
    })
    await page.goto(url)
    return { page, problems }
  }
}
