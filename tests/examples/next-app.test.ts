/** The example as somebody has it who has copied it: built by Next, with the package as it is shipped. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { offlineEnv } from '../../scripts/offline.js'
import { type MockUpstream, startMock } from '../../src/testing/index.js'
import { hasChromium, inBrowser, useChromium } from '../helpers/chromium.js'
import { root } from '../helpers/source.js'
import { chatPage, keepPicture } from './chat-page.js'

const copied = join(root, '.cache/next-app')
const folder = join(copied, 'next-app')
const next = join(root, 'node_modules/next/dist/bin/next')
let mock: MockUpstream
let server: ChildProcess | undefined

function environment(more: Readonly<Record<string, string>> = {}) {
  const { PATH = '' } = process.env
  return { PATH, HOME: tmpdir(), NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1', ...offlineEnv(mock.url), ...more }
}

async function serve(more?: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, [next, 'start', '--hostname', '127.0.0.1', '--port', '0'], {
    cwd: folder,
    env: environment(more),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  server = child
  return new Promise((resolve, reject) => {
    let told = ''
    child.stdout.on('data', (piece) => {
      told += piece
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(told) ?? []
      if (url && told.includes('Ready')) resolve(url)
    })
    child.once('exit', () => reject(new Error(`Next did not start: ${told}`)))
  })
}

describe.skipIf(!hasChromium)('the chat in Next.js', inBrowser, () => {
  const open = useChromium()
  beforeAll(async () => {
    mock = await startMock()
    rmSync(copied, { recursive: true, force: true })
    const installed = join(copied, 'node_modules/leashllm')
    mkdirSync(installed, { recursive: true })
    for (const part of ['next-app', 'chat']) cpSync(join(root, 'examples', part), join(copied, part), { recursive: true })
    for (const part of ['dist', 'package.json']) cpSync(join(root, part), join(installed, part), { recursive: true })
    // By webpack, which does not mind linked packages, and is the quicker one here.
    await promisify(execFile)(process.execPath, [next, 'build', '--webpack'], { cwd: folder, env: environment() })
  }, 300_000)
  afterEach(async () => {
    mock.reset()
    if (server?.exitCode !== null) return
    server.kill()
    await once(server, 'exit')
  })
  afterAll(() => mock.close())

  test('streams, says who answered and what it cost, and goes on with another vendor', async () => {
    const { page, problems } = await open(await serve())
    const chat = chatPage(page)
    // Long enough to be seen on a machine that does much else.
    mock.script({ chunkDelayMs: 500 })
    await chat.say('Hello there')
    await page.locator('.coming').filter({ hasText: /^Echo/ }).waitFor()
    await chat.told.filter({ hasText: /^openai gpt-4o-mini · \d+ tokens · \$0\.0+\d+$/ }).waitFor()
    await chat.choose('Anthropic')
    await chat.say('And you?')
    await chat.told.filter({ hasText: /^anthropic claude-haiku-4-5 · / }).waitFor()
    expect(mock.requests.at(-1)?.text).toContain('Echo: Hello there')
    expect(await page.locator('.total').textContent()).toMatch(/^\$0\.0+\d+ so far$/)

    mock.script({ hang: { afterEvents: 6 } })
    await chat.say('Tell me all that you know')
    await page.locator('.coming').filter({ hasText: /^Echo/ }).waitFor()
    await chat.press('Stop')
    await chat.told.filter({ hasText: 'not finished' }).waitFor()
    await expect.poll(() => mock.requests.at(-1)?.outcome).toBe('aborted')
    expect(problems).toEqual([])
  })

  test('tells a refused key and a rate limit, each in one sentence, and another vendor answers instead', async () => {
    const { page, problems } = await open(await serve())
    const chat = chatPage(page)
    mock.script({ status: 401 })
    await chat.say('Hello there')
    await chat.problem.filter({ hasText: 'key was refused' }).waitFor()
    mock.script({ status: 429, retryAfter: 3600, times: 9 })
    await chat.press('Try again')
    await chat.problem.filter({ hasText: 'Too many questions' }).waitFor()
    mock.reset()
    await chat.choose('Google')
    await chat.press('Try again')
    await chat.told.filter({ hasText: /^google gemini/ }).waitFor()
    expect([await chat.problem.count(), await chat.answers.count()]).toEqual([0, 1])
    expect(problems).toEqual([])
  })

  test('has a budget, and fits a phone in the colours that the system asks for', async () => {
    const url = await serve({ CHAT_BUDGET_USD: '0.000001' })
    const { page, problems } = await open(url, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' })
    const chat = chatPage(page)
    await chat.say('A_very_long_word_that_does_not_fit_into_one_line_of_a_phone_and_has_to_be_broken_somewhere')
    await chat.problem.filter({ hasText: 'budget for this chat is spent' }).waitFor()
    expect(mock.requests).toEqual([])
    expect(await chat.width()).toBe(360)
    expect(problems).toEqual([])
    const light = await open(url, { colorScheme: 'light', viewport: { width: 860, height: 680 } })
    expect(await chat.ground()).not.toBe(await chatPage(light.page).ground())
    await keepPicture(light.page, 'next-app')
  })
})
