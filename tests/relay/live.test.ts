/** What the dashboard looks at again and again. */
import { expect, test } from 'vitest'
import { LiveCalls } from '../../src/relay/http/live-calls.js'
import { until, useMock } from '../helpers/mock.js'
import { openRelay } from './helpers.js'

const mock = useMock()
const call = (model: string) => ({ model, messages: [{ role: 'user', content: 'Hello' }] })

test('the newest calls come first, and those of one call by its id', async () => {
  const { ask, call: key } = await openRelay(mock.url)
  const first = await ask('POST', '/v1/chat/completions', call('gpt-4o-mini'), key)
  await ask('POST', '/v1/chat/completions', call('claude-haiku-4-5'), key)
  const models = async (query = '') =>
    (await ask('GET', `/v1/admin/calls${query}`)).body.items.map(({ model }: { model: string }) => model)
  await until(async () => (await models()).length === 2)
  expect(await models('?tenant=nobody')).toEqual([])
  expect(await models('?limit=1')).toHaveLength(1)
  expect(await models(`?call=${first.headers.get('x-leash-id')}`)).toEqual(['gpt-4o-mini'])
  expect(await models('?call=unknown')).toEqual([])
  expect(await ask('GET', '/v1/admin/calls?limit=many')).toMatchObject({ status: 400 })
})

test('latency is that of attempts which somebody answered', async () => {
  const { ask, admin } = await openRelay(mock.url)
  const usage = { input: 1, cacheRead: 0, cacheWrite: 0, cacheWrite1h: 0, audioInput: 0, output: 1, reasoning: 0, audioOutput: 0 }
  const line = (id: number, durationMs: number, more: object = {}) => ({
    ...{ id: `line-${id}`, callId: `call-${id}`, attempt: 1, at: Date.now(), durationMs },
    ...{
      provider: 'openai',
      model: 'gpt-4o-mini',
      protocol: 'openai-chat',
      outcome: 'ok',
      usage,
      basis: 'complete',
      cost: 1,
      ...more,
    },
  })
  expect((await ask('GET', '/v1/admin/latency')).body).toEqual({ of: 0, p50: 0, p95: 0, p99: 0 })
  const answered = Array.from({ length: 100 }, (_, at) => line(at, (at + 1) * 10))
  const others = [line(200, 99_999, { outcome: 'error', error: 'timeout' }), line(201, 99_999, { cached: true, cost: 0 })]
  expect((await ask('POST', '/v1/usage', { lines: [...answered, ...others] }, admin)).status).toBe(200)
  expect((await ask('GET', '/v1/admin/latency')).body).toEqual({ of: 100, p50: 510, p95: 960, p99: 1000 })
  expect((await ask('GET', '/v1/admin/latency?tenant=nobody')).body).toMatchObject({ of: 0 })
})

test('health names the targets that were called, and who could be', async () => {
  const { ask, call: key } = await openRelay(mock.url)
  expect((await ask('GET', '/v1/admin/health')).body).toEqual({ targets: [], providers: [] })
  await ask('POST', '/v1/chat/completions', call('gpt-4o-mini'), key)
  const { targets, providers } = (await ask('GET', '/v1/admin/health')).body
  expect(targets).toMatchObject([{ tenant: 'default', target: 'openai/gpt-4o-mini', state: 'closed' }])
  expect(providers).toContainEqual(expect.objectContaining({ name: 'openai', ready: true }))
})

test("health tells a tenant's own people nothing of what the relay's keys are called", async () => {
  const openai = { baseURL: `${mock.url}/v1`, apiKey: [{ key: 'sk-a', name: 'finance' }, 'sk-b'] }
  const { ask, call: key } = await openRelay(mock.url, { leash: { providers: { openai } } })
  const viewer = (await ask('POST', '/v1/admin/keys', { tenant: 'default', role: 'viewer' })).body.key
  await ask('POST', '/v1/chat/completions', call('gpt-4o-mini'), key)
  const openaiFor = async (shown?: string) =>
    (await ask('GET', '/v1/admin/health', undefined, shown)).body.providers.find(
      ({ name }: { name: string }) => name === 'openai',
    )
  expect(await openaiFor(viewer)).toEqual({ name: 'openai', ready: true })
  expect(await openaiFor()).toMatchObject({ keys: [{ name: 'finance' }, {}] })
})

/** Reads events until as many lines have come, and goes. */
async function eventsOf(url: string, key: string, count: number, query = '') {
  const left = new AbortController()
  const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' }
  const response = await fetch(`${url}/v1/admin/calls${query}`, { headers, signal: left.signal })
  if (!response.ok || !response.body) return { status: response.status, models: [] }
  const models: string[] = []
  let text = ''
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    text += piece
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const [, data] = /^event: calls\ndata: (.*)$/.exec(event) ?? []
      if (data !== undefined) models.push(...JSON.parse(data).map(({ model }: { model: string }) => model))
    }
    if (models.length >= count) break
  }
  left.abort()
  return { status: response.status, models }
}

test('who accepts events is told of the newest calls, and of others as they come, each once', async () => {
  const { ask, url, admin, call: key } = await openRelay(mock.url)
  await ask('POST', '/v1/chat/completions', call('gpt-4o-mini'), key)
  await until(async () => (await ask('GET', '/v1/admin/calls')).body.items.length === 1)
  const told = eventsOf(url, admin, 2)
  await ask('POST', '/v1/chat/completions', call('claude-haiku-4-5'), key)
  expect((await told).models).toEqual(['gpt-4o-mini', 'claude-haiku-4-5'])
})

test('of calls as they come, nobody is told of those of another tenant', async () => {
  const { ask, url, call: key } = await openRelay(mock.url)
  await ask('POST', '/v1/admin/tenants', { slug: 'other' })
  const { body: other } = await ask('POST', '/v1/admin/keys', { tenant: 'other', role: 'viewer', scopes: ['call'] })
  const { body: nobody } = await ask('POST', '/v1/admin/keys', { tenant: 'other' })
  await ask('POST', '/v1/chat/completions', call('gpt-4o-mini'), key)
  await ask('POST', '/v1/chat/completions', call('claude-haiku-4-5'), other.key)
  await until(async () => (await ask('GET', '/v1/admin/calls')).body.items.length === 2)
  expect(await eventsOf(url, other.key, 1)).toEqual({ status: 200, models: ['claude-haiku-4-5'] })
  expect((await eventsOf(url, other.key, 1, '?tenant=default')).status).toBe(403)
  expect((await eventsOf(url, nobody.key, 1)).status).toBe(403)
})

test('who is told of calls as they come looks through all that is kept once, and not again and again', async () => {
  const looked: (number | undefined)[] = []
  const usage = {
    lines: async ({ from }: { from?: number } = {}) => {
      looked.push(from)
      return { items: [] }
    },
  }
  const live = new LiveCalls({ usage, stopping: new AbortController().signal, lookMs: 1 })
  const left = new AbortController()
  const read = new Response(live.events({}, 'ada', left.signal)).text()
  await until(() => looked.length > 2)
  left.abort()
  await read
  expect(looked[0]).toBeUndefined()
  expect(Math.min(...looked.slice(1).map((from = 0) => from))).toBeGreaterThan(Date.now() - 86_460_000)
})

test('streams of calls are so many at once, end by themselves, and leave their place when they do', async () => {
  const usage = { lines: async () => ({ items: [] }) }
  const live = new LiveCalls({ usage, stopping: new AbortController().signal, lookMs: 5, holdsMs: 50 })
  const nobodyLeft = new AbortController().signal
  const open = Array.from({ length: 8 }, () => live.events({}, 'ada', nobodyLeft))
  expect(() => live.events({}, 'ada', nobodyLeft)).toThrow(/Too many/)
  await live.events({}, 'bob', nobodyLeft).cancel()
  expect(await Promise.all(open.map((stream) => new Response(stream).text()))).toEqual(
    Array.from({ length: 8 }, () => 'event: calls\ndata: []\n\n'),
  )
  await live.events({}, 'ada', nobodyLeft).cancel()
})

test('so many look at calls at once and no more, and whoever leaves makes room', async () => {
  const stopping = new AbortController()
  const calls = new LiveCalls({ usage: { lines: async () => ({ items: [] }) }, stopping: stopping.signal })
  const look = (who: string, left = new AbortController().signal) => calls.events({}, who, left)
  const open = Array.from({ length: 64 }, (_, at) => look(`viewer ${at % 8}`))
  expect(() => look('another')).toThrow('Too many')
  await open[0]?.cancel()
  // Who was gone before anything was told takes no place.
  for (let time = 0; time < 3; time++) look('gone', AbortSignal.abort())
  look('another')
  expect(() => look('one more')).toThrow('Too many')
  stopping.abort()
  for (let time = 0; time < 9; time++) look('late')
})
