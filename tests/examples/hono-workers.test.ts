/** The Worker as it is deployed: one file, with the variables that it is given and nothing of Node. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Anthropic from '@anthropic-ai/sdk'
import { build, type Plugin } from 'esbuild'
import OpenAI from 'openai'
import { beforeAll, expect, test } from 'vitest'
import { until, useMock } from '../helpers/mock.js'
import { root } from '../helpers/source.js'

type Bindings = Readonly<Record<string, string>>
interface Worker {
  fetch(request: Request, env: Bindings): Promise<Response>
}

const mock = useMock()
const folder = join(root, 'examples/hono-workers')
const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'))
const wrangler: { readonly main: string } = read(join(folder, 'wrangler.json'))
const peers = Object.keys(read(join(root, 'package.json')).peerDependencies)
let worker: Worker

/** What Workers do not have fails as soon as it is loaded. */
const withoutNode: Plugin = {
  name: 'without Node',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'absent' }))
    onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`A Worker has no ${path}.`)})\nmodule.exports = {}`,
    }))
  },
}

beforeAll(async () => {
  const outfile = join(root, '.cache/hono-workers/worker.mjs')
  await build({
    entryPoints: [join(folder, wrangler.main)],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2023',
    conditions: ['workerd', 'worker', 'browser'],
    define: { process: 'undefined', 'globalThis.process': 'undefined', Buffer: 'undefined' },
    plugins: [withoutNode],
    // What the README does not install is not there, and is left out.
    alias: Object.fromEntries(peers.map((name) => [name, `not-installed/${name}`])),
    logLevel: 'error',
  })
  worker = (await import(/* @vite-ignore */ pathToFileURL(outfile).href)).default
})

const send: typeof fetch = (input, init) =>
  worker.fetch(new Request(input, init), {
    OPENAI_API_KEY: 'key-of-openai',
    OPENAI_BASE_URL: `${mock.url}/v1`,
    ANTHROPIC_API_KEY: 'key-of-anthropic',
    ANTHROPIC_BASE_URL: mock.url,
    TEAM_KEYS: JSON.stringify({ 'key-of-search': 'search', 'key-of-sales': 'sales', 'key-of-tests': 'tests' }),
  })
const openai = (apiKey = 'key-of-search') => new OpenAI({ apiKey, baseURL: 'http://worker/v1', fetch: send, maxRetries: 0 })
const hello = {
  model: 'openai/gpt-4o-mini',
  messages: [{ role: 'user', content: 'Hello' }],
} satisfies OpenAI.ChatCompletionCreateParams

test('says what it is', async () => {
  expect(await (await send('http://worker/')).text()).toContain('base URL of your SDK')
})

test("answers OpenAI's SDK by any model, with the Worker's own keys", async () => {
  const { choices } = await openai().chat.completions.create(hello)
  expect(choices[0]?.message.content).toBe('Echo: Hello')
  const stream = await openai().chat.completions.create({ ...hello, model: 'anthropic/claude-haiku-4-5', stream: true })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  expect(text).toBe('Echo: Hello')
  expect(mock.requests.map(({ headers }) => headers.authorization ?? headers['x-api-key'])).toEqual([
    'Bearer key-of-openai',
    'key-of-anthropic',
  ])
})

test("answers Anthropic's SDK by a model of OpenAI's, as a stream", async () => {
  const anthropic = new Anthropic({ apiKey: 'key-of-sales', baseURL: 'http://worker', fetch: send, maxRetries: 0 })
  const { content } = await anthropic.messages
    .stream({ model: 'gpt-4o-mini', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] })
    .finalMessage()
  expect(content).toMatchObject([{ type: 'text', text: 'Echo: Hello' }])
})

test("answers Google's SDK, which asks below another path and sends its key in another header", async () => {
  const answer = await send('http://worker/v1beta/models/gpt-4o-mini:generateContent', {
    method: 'POST',
    headers: { 'x-goog-api-key': 'key-of-search' },
    body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }),
  })
  expect(await answer.json()).toMatchObject({ candidates: [{ content: { parts: [{ text: 'Echo: Hello' }] } }] })
})

test('serves no stranger, and tells failures in the words of the SDK', async () => {
  await expect(openai('key').chat.completions.create(hello)).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
  expect(mock.requests).toEqual([])
  mock.script({ status: 400 })
  await expect(openai().chat.completions.create(hello)).rejects.toBeInstanceOf(OpenAI.BadRequestError)
})

test('limits each team for itself', async () => {
  const busy = openai('key-of-tests').chat.completions
  for (let at = 0; at < 60; at++) await busy.create(hello)
  // Each second that these have taken lets one more through.
  const more = async () => {
    for (let at = 0; at < 60; at++) await busy.create(hello)
  }
  await expect(more()).rejects.toBeInstanceOf(OpenAI.RateLimitError)
  await openai('key-of-sales').chat.completions.create(hello)
})

test('stops the vendor when the caller leaves', async () => {
  mock.script({ hang: { afterEvents: 3 } })
  const stream = await openai().chat.completions.create({ ...hello, stream: true })
  for await (const _ of stream) break
  await until(() => mock.requests[0]?.outcome === 'aborted')
})
