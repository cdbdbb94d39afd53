/** The page of the example, in a real browser, before the example's own server. */
import { createServer as createHttpServer } from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bundlePage, type Files } from '../../examples/react-express/page.js'
import { createServer } from '../../examples/react-express/server.js'
import { createLeash, type LeashOptions } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { hasChromium, inBrowser, useChromium } from '../helpers/chromium.js'
import { until, useMock } from '../helpers/mock.js'
import type { Served } from '../helpers/serve.js'
import { chatPage, keepPicture } from './chat-page.js'

const mock = useMock()
let files: Files
let server: Served | undefined

beforeAll(async () => {
  files = await bundlePage()
})
afterEach(() => server?.close())

async function serve(options: LeashOptions = {}): Promise<string> {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: { backoff: () => 0 }, ...options })
  const http = createHttpServer(createServer({ leash, files, key: 'key-of-ours' }))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as { port: number }
  server = {
    url: `http://127.0.0.1:${port}`,
    async close() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await leash.close()
    },
  }
  return server.url
}

test('serves SDKs with the key, and nobody else', async () => {
  const baseURL = `${await serve()}/llm/v1`
  const ask = (apiKey: string) =>
    new OpenAI({ apiKey, baseURL }).chat.completions.create({
      model: 'anthropic/claude-haiku-4-5',
      messages: [{ role: 'user', content: 'Hello' }],
    })
  expect((await ask('key-of-ours')).choices[0]?.message.content).toBe('Echo: Hello')
  for (const other of ['key', 'key-of-ourt', 'key-of-ours-and-more'])
    await expect(ask(other)).rejects.toMatchObject({ status: 401 })
})

test('takes the key in the header of each SDK', async () => {
  const url = `${await serve()}/llm`
  const model = 'anthropic/claude-haiku-4-5'
  const anthropic = (apiKey: string) =>
    new Anthropic({ apiKey, baseURL: url }).messages.create({
      model,
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Hello' }],
    })
  const google = (apiKey: string) =>
    new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } }).models.generateContent({
      model: 'claude-haiku-4-5',
      contents: 'Hello',
    })
  expect((await anthropic('key-of-ours')).content).toMatchObject([{ text: 'Echo: Hello' }])
  expect((await google('key-of-ours')).text).toBe('Echo: Hello')
  for (const ask of [anthropic, google]) await expect(ask('key')).rejects.toMatchObject({ status: 401 })
})

test.each([
  ['a model that the page does not offer', { model: 'openai/gpt-5-pro', messages: [] }],
  ['a system message of the caller', { model: 'openai/gpt-4o-mini', messages: [{ role: 'system', parts: [] }] }],
  ['nothing', {}],
])('refuses %s', async (_, body) => {
  const url = await serve()
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/api/chat`, { method: 'POST', headers, body: JSON.stringify(body) })
  expect([response.status, await response.text()]).toEqual([400, 'invalid_request'])
  expect(mock.requests).toEqual([])
})

describe.skipIf(!hasChromium)('in a browser', inBrowser, () => {
  const open = useChromium()

  test('answers stream in, say what they cost, and come from whoever is chosen', async () => {
    const { page, problems } = await open(await serve())
    const chat = chatPage(page)
    // Long enough to be seen on a machine that does much else.
    mock.script({ chunkDelayMs: 500 })
    await chat.say('Hello there')
    await page.locator('.coming').filter({ hasText: /^Echo/ }).waitFor()
    await chat.told.filter({ hasText: /^openai gpt-4o-mini · \d+ tokens · \$0\.0+\d+$/ }).waitFor()
    expect(await chat.answers.locator('p').first().textContent()).toBe('Echo: Hello there')

    await chat.choose('Anthropic')
    await chat.say('And you?')
    await chat.told.filter({ hasText: /^anthropic claude-haiku-4-5 · / }).waitFor()
    await chat.choose('Google')
    await chat.say('And you, again?')
    await chat.told.filter({ hasText: /^google gemini-2.5-flash · / }).waitFor()
    expect(mock.requests.at(-1)?.text).toContain('Echo: Hello there')
    expect(await page.locator('.total').textContent()).toMatch(/^\$0\.0+\d+ so far$/)
    expect(problems).toEqual([])
  })

  test('an answer that is stopped keeps what has come, and costs nothing more', async () => {
    const { page, problems } = await open(await serve())
    const chat = chatPage(page)
    mock.script({ hang: { afterEvents: 4 } })
    await chat.say('Tell me all that you know')
    await page.locator('.coming').filter({ hasText: /^Echo/ }).waitFor()
    await chat.press('Stop')
    await chat.told.filter({ hasText: 'not finished' }).waitFor()
    expect(await chat.answers.locator('p').first().textContent()).toMatch(/^Echo: /)
    await until(() => mock.requests[0]?.outcome === 'aborted')
    expect(await chat.problem.count()).toBe(0)
    expect(problems).toEqual([])
  })

  test.each([
    ['a refused key', { status: 401 }, /key was refused/],
    ['a rate limit', { status: 429, retryAfter: 3600 }, /Too many questions/],
    ['an answer that breaks off', { errorInStream: { after: 3 } }, /broke off/],
  ])('%s is told in one sentence, and another vendor answers in its place', async (_, fault, told) => {
    const { page, problems } = await open(await serve())
    const chat = chatPage(page)
    mock.script({ ...fault, times: 9 })
    await chat.say('Hello there')
    await chat.problem.filter({ hasText: told }).waitFor()
    mock.reset()
    await chat.choose('Anthropic')
    await chat.press('Try again')
    await chat.told.filter({ hasText: /^anthropic / }).waitFor()
    expect([await chat.problem.count(), await chat.answers.count()]).toEqual([0, 1])
    expect(problems).toEqual([])
  })

  test('a spent budget is told before anything is sent, and so is a server that is away', async () => {
    const { page, problems } = await open(await serve({ budgets: [{ limit: { usd: 0.000001 }, per: 'day' }] }))
    const chat = chatPage(page)
    await chat.say('Hello there')
    await chat.problem.filter({ hasText: 'budget for this chat is spent' }).waitFor()
    expect(await chat.problem.getByRole('button').count()).toBe(0)
    expect(mock.requests).toEqual([])
    await page.context().setOffline(true)
    await chat.say('Hello again')
    await chat.problem.filter({ hasText: 'Check your connection' }).waitFor()
    expect(problems).toEqual([])
  })

  test('fits a phone, in the colours that the system asks for', async () => {
    const url = await serve()
    const { page } = await open(url, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' })
    const chat = chatPage(page)
    await chat.say('A_very_long_word_that_does_not_fit_into_one_line_of_a_phone_and_has_to_be_broken_somewhere')
    await chat.told.waitFor()
    expect(await chat.width()).toBe(360)
    const light = await open(url, { colorScheme: 'light', viewport: { width: 860, height: 680 } })
    expect(await chat.ground()).not.toBe(await chatPage(light.page).ground())
    await keepPicture(light.page, 'react-express')
  })
})
