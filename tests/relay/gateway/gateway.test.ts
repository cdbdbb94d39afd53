/** The relay's own addresses for calls. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { BudgetState } from '../../../src/core/budget.js'
import { LeashLLM } from '../../../src/index.js'
import { callOptionNames } from '../../../src/relay/gateway/call-options.js'
import { until, useMock } from '../../helpers/mock.js'
import { root } from '../../helpers/source.js'
import { type Asked, openRelay, type TestRelay } from '../helpers.js'

const mock = useMock()
const messages = [{ role: 'user', content: 'Hello' }]
const request = { model: 'gpt-4o-mini', messages }

const post = ({ ask, call }: TestRelay, path: string, body: unknown) => ask('POST', `/v1/gateway/${path}`, body, call)
const get = ({ ask, call }: TestRelay, path: string) => ask('GET', `/v1/gateway/${path}`, undefined, call)

/** Payloads of the events in an answer. */
function eventsIn({ body }: Asked) {
  const events = String(body).trim().split('\n\n')
  return events.map((event) => (event === 'data: [DONE]' ? 'done' : JSON.parse(event.slice('data: '.length))))
}

describe('a chat', () => {
  test("answers in OpenAI's shape, whoever was asked, and says what it came to", async () => {
    const relay = await openRelay(mock.url)
    const { status, body } = await post(relay, 'chat', { model: 'claude-haiku-4-5', messages, leash: { tags: { team: 'red' } } })
    expect(status).toBe(200)
    expect(body.choices[0].message.content).toContain('Hello')
    expect(body.leash).toMatchObject({
      provider: 'anthropic',
      model: 'claude-haiku-4-5',
      tags: { team: 'red' },
      ended: true,
      cost: { usd: expect.any(Number), estimated: false },
      usage: { input: expect.any(Number), output: expect.any(Number) },
      attempts: [{ provider: 'anthropic', outcome: 'ok', status: 200 }],
    })
    expect(body.leash.cost.usd).toBeGreaterThan(0)
  })

  test('tells the attempts of a call that failed', async () => {
    const relay = await openRelay(mock.url, { leash: { retry: false } })
    mock.script({ status: 429, retryAfter: 7 })
    const { status, body, headers } = await post(relay, 'chat', request)
    expect([status, headers.get('retry-after')]).toEqual([429, '7'])
    expect(body).toMatchObject({ error: { code: 'rate_limited' }, leash: { attempts: [{ outcome: 'error', status: 429 }] } })
  })

  test('is refused when it cannot be understood, and told why', async () => {
    const relay = await openRelay(mock.url)
    const bad = [
      [{}, 'model'],
      [{ model: 'gpt-4o-mini' }, 'messages'],
      [{ ...request, leash: { tenant: 'other' } }, 'leash.tenant'],
      [{ ...request, leash: { maxCostUsd: -1 } }, 'leash.maxCostUsd'],
      [[], 'object'],
    ] as const
    for (const [body, why] of bad)
      expect(await post(relay, 'chat', body)).toMatchObject({
        status: 400,
        body: { error: { message: expect.stringContaining(why) } },
      })
    expect(mock.requests).toHaveLength(0)
  })

  test('costs by the number of answers that it asks for, and is held to that', async () => {
    const relay = await openRelay(mock.url, { policy: { maxCostUsd: 0.001 }, leash: { fallback: ['openai/gpt-4o'] } })
    const of = async (n: number) => (await post(relay, 'chat', { ...request, max_tokens: 1000, n })).status
    expect([await of(1), await of(2)]).toEqual([200, 402])
  })

  test('may make the limits of its policy narrower, and no wider', async () => {
    const relay = await openRelay(mock.url, { policy: { maxCostUsd: 0.000001, strict: true } })
    const wider = await post(relay, 'chat', { ...request, leash: { maxCostUsd: 10, strict: false } })
    expect(wider).toMatchObject({ status: 402, body: { error: { code: 'budget_exceeded' } } })
    const other = await openRelay(mock.url, { policy: { maxAttempts: 1 } })
    mock.script({ status: 500 })
    expect((await post(other, 'chat', { ...request, leash: { maxAttempts: 5 } })).body.leash.attempts).toHaveLength(1)
    const narrower = await post(other, 'chat', { ...request, leash: { maxCostUsd: 0 } })
    expect(narrower.body.error.code).toBe('budget_exceeded')
  })

  test('that is sent twice is known to the vendor by a name that no other tenant has', async () => {
    const openai = { baseURL: `${mock.url}/v1`, apiKey: 'mock', idempotencyHeader: 'idempotency-key' }
    const relay = await openRelay(mock.url, { leash: { providers: { openai } } })
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
    const { key } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'other' })).body
    const named = { ...request, leash: { idempotencyKey: 'mine' } }
    await post(relay, 'chat', named)
    await post(relay, 'chat', named)
    await relay.ask('POST', '/v1/gateway/chat', named, key)
    const [one, two, other] = mock.requests.map(({ headers }) => headers['idempotency-key'])
    expect([typeof one, two === one, other === one]).toEqual(['string', true, false])
  })

  test.each(['<p>Come in</p>', '[]', 'null'])('that is answered with no completion fails: %s', async (body) => {
    const relay = await openRelay(mock.url, { leash: { retry: false } })
    mock.script({ status: 200, headers: { 'content-type': 'text/html' }, body })
    expect(await post(relay, 'chat', request)).toMatchObject({ status: 502, body: { error: { code: 'upstream_malformed' } } })
  })

  test('with more objects in it than a request has is refused before it is read', async () => {
    const relay = await openRelay(mock.url)
    const many = `{"model":"gpt-4o-mini","messages":[${'{},'.repeat(500_000)}{}]}`
    for (const path of ['gateway/chat', 'chat/completions'])
      expect(await relay.ask('POST', `/v1/${path}`, many, relay.call)).toMatchObject({
        status: 400,
        body: { error: { code: 'invalid_request', message: expect.stringContaining('more than 500000 objects') } },
      })
  })

  test('that is nested as nothing sane is, is refused', async () => {
    const relay = await openRelay(mock.url)
    const deep = `{"model":"gpt-4o-mini","messages":[{"role":"user","content":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`
    for (const path of ['chat', 'stream', 'dry-run']) expect((await post(relay, path, deep)).status).toBe(400)
    expect((await post(relay, 'jobs', `{"request":${deep}}`)).status).toBe(400)
    expect(relay.warnings).toEqual([])
  })

  test('may say of itself what its page tells', () => {
    const page = readFileSync(join(root, 'docs/relay/gateway.md'), 'utf8')
    const told = /The member `leash` of the request has([^.]*)\./s.exec(page)?.[1] ?? ''
    expect([...told.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual([...callOptionNames].sort())
  })

  test('is under the policy of its tenant', async () => {
    const relay = await openRelay(mock.url, { policy: { access: { models: { deny: ['gpt-4o-mini'] } } } })
    for (const path of ['chat', 'stream', 'dry-run'])
      expect(await post(relay, path, request)).toMatchObject({ status: 403, body: { error: { code: 'model_not_allowed' } } })
  })
})

describe('a stream', () => {
  test('tells with each chunk what the call has cost so far, and at last all of it', async () => {
    const answer = await post(await openRelay(mock.url), 'stream', request)
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    const events = eventsIn(answer)
    expect(events.at(-1)).toBe('done')
    const report = events.at(-2)
    expect(report).toMatchObject({ choices: [], leash: { provider: 'openai', ended: true, cost: { estimated: false } } })
    const chunks = events.slice(0, -2)
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toContain('Hello')
    const costs = chunks.map((chunk) => chunk.leash.cost.usd)
    expect(costs.every((usd: number, at: number) => usd > 0 && usd >= (costs[at - 1] ?? 0))).toBe(true)
    expect(costs.at(-1)).toBeLessThanOrEqual(report.leash.cost.usd * 1.5)
  })

  test('that cannot begin is refused as any call is', async () => {
    const relay = await openRelay(mock.url, { leash: { retry: false } })
    mock.script({ status: 401 })
    const { status, body } = await post(relay, 'stream', request)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(body).toMatchObject({ error: { code: 'authentication_failed' }, leash: { attempts: [{ status: 401 }] } })
  })

  test('that breaks says so in its last event, with the report, and does not say that it is done', async () => {
    mock.script({ cutAfter: { events: 3 } })
    const events = eventsIn(await post(await openRelay(mock.url), 'stream', request))
    expect(events.at(-1)).toMatchObject({ error: { code: expect.any(String) }, leash: { attempts: [{ outcome: 'error' }] } })
    expect(events).not.toContain('done')
  })

  test('that nobody reads any more is stopped at its vendor', async () => {
    const relay = await openRelay(mock.url)
    mock.script({ chunkDelayMs: 20 })
    const left = new AbortController()
    const response = await fetch(`${relay.url}/v1/gateway/stream`, {
      method: 'POST',
      headers: { authorization: `Bearer ${relay.call}` },
      body: JSON.stringify({ ...request, messages: [{ role: 'user', content: 'word '.repeat(500) }] }),
      signal: left.signal,
    })
    await response.body?.getReader().read()
    left.abort()
    await until(async () => (await relay.ask('GET', '/v1/admin/calls')).body.items[0]?.outcome === 'cancelled')
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })
})

test.each(['chat', 'stream', 'dry-run'])('an answer of %s has the id of its call among its headers', async (path) => {
  const relay = await openRelay(mock.url)
  const answer = await post(relay, path, request)
  const { leash } = path === 'stream' ? eventsIn(answer).find((event) => event.leash?.id) : answer.body
  expect(answer.headers.get('x-leash-id')).toBe(leash.id)
})

test('a dry run says who would be asked and what it could cost, and asks nobody', async () => {
  const { body } = await post(await openRelay(mock.url), 'dry-run', { ...request, max_tokens: 10 })
  expect(body.estimate).toMatchObject({
    provider: 'openai',
    model: 'gpt-4o-mini',
    maxOutputTokens: 10,
    mostUsd: expect.any(Number),
  })
  expect(body.leash).toMatchObject({ attempts: [], ended: true })
  expect(mock.requests).toHaveLength(0)
})

describe('the cache', () => {
  const policy = { cache: true }

  test('is not there without a policy that says so', async () => {
    const relay = await openRelay(mock.url)
    expect((await get(relay, 'cache')).body).toEqual({ enabled: false })
    expect((await relay.ask('DELETE', '/v1/gateway/cache')).status).toBe(409)
  })

  test('is warmed and cleared by an administrator, and not by others', async () => {
    const relay = await openRelay(mock.url, { policy })
    expect((await get(relay, 'cache')).body).toMatchObject({ enabled: true, hits: 0, kept: 0 })
    const warm = { requests: [request, { model: 'gpt-4o-mini' }] }
    expect((await post(relay, 'cache', warm)).status).toBe(403)
    expect((await relay.ask('DELETE', '/v1/gateway/cache', undefined, relay.call)).status).toBe(403)
    expect((await relay.ask('POST', '/v1/gateway/cache', warm)).body).toEqual({ made: 2, failed: 1, errors: ['invalid_request'] })
    expect((await post(relay, 'chat', request)).body.leash.cache).toBe('hit')
    expect((await get(relay, 'cache')).body).toMatchObject({ hits: 1, kept: 1 })
    expect((await relay.ask('DELETE', '/v1/gateway/cache')).body).toEqual({ cleared: 1 })
    expect((await post(relay, 'chat', request)).body.leash.cache).toBe('miss')
    expect((await relay.ask('GET', '/v1/admin/audit?action=cache.clear')).body.items).toHaveLength(1)
  })

  test('of one tenant is not seen by another', async () => {
    const relay = await openRelay(mock.url, { policy })
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
    const { key } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'other', scopes: ['admin', 'call'] })).body
    await post(relay, 'chat', request)
    expect((await relay.ask('POST', '/v1/gateway/chat', request, key)).body.leash.cache).toBe('miss')
    expect((await relay.ask('DELETE', '/v1/gateway/cache', undefined, key)).body).toEqual({ cleared: 1 })
    expect((await post(relay, 'chat', request)).body.leash.cache).toBe('hit')
  })
})

describe('a tenant is told', () => {
  test('how its targets do, and nothing of the keys behind them', async () => {
    const keys = { openai: { baseURL: `${mock.url}/v1`, apiKey: [{ key: 'mock', name: 'secret name' }] } }
    const relay = await openRelay(mock.url, { leash: { providers: keys } })
    await post(relay, 'chat', request)
    const { body } = await get(relay, 'health')
    expect(body.targets).toMatchObject([{ target: 'openai/gpt-4o-mini', state: 'closed', calls: 1 }])
    expect(body.providers).toEqual([{ name: 'openai', ready: true }])
  })

  test('who it is, and what it is held to', async () => {
    const relay = await openRelay(mock.url, { policy: { budgets: [{ name: 'all', limit: { usd: 1 }, per: 'day' }] } })
    await post(relay, 'chat', request)
    const { body } = await get(relay, 'status')
    expect(body).toMatchObject({ tenant: 'default', caller: { scopes: ['call', 'usage', 'control'] }, policy: { version: 0 } })
    expect(body.budgets).toMatchObject([{ budget: 'all', unit: 'usd', limit: 1 }])
    expect(body.providers).toContain('openai')
  })

  test('where its budgets stand, whoever has spent of them', async () => {
    const budgets = [
      { name: 'all', limit: { requests: 9 }, per: 'day' },
      { name: 'each', limit: { requests: 5 }, per: 'minute', by: 'key' },
    ] as const
    const relay = await openRelay(mock.url, { policy: { budgets, shadow: { budgets } } })
    const { key } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default' })).body
    const client = new LeashLLM({ baseURL: `${mock.url}/v1`, apiKey: 'mock', relay: { url: relay.url, key, folder: false } })
    const model = 'gpt-4o-mini'
    for (let count = 0; count < 2; count++)
      await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] })
    await client.leash.close()
    const standing = async () =>
      (await get(relay, 'status')).body.budgets.map(({ budget, of, limit, spent }: BudgetState) => [
        budget,
        of.tenant,
        limit,
        spent,
      ])
    await until(async () => (await standing())[0][3] === 2)
    expect(await standing()).toEqual([
      ['all', 'default', 9, 2],
      ['each', 'default', 5, 0],
    ])
  })

  test('what it has used this month, and not what others have', async () => {
    const relay = await openRelay(mock.url)
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
    const { key } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'other' })).body
    await post(relay, 'chat', request)
    const metric = /^leash_gateway_calls_total\{tenant="default",provider="openai",model="gpt-4o-mini"\} 1$/m
    await until(async () => metric.test((await get(relay, 'metrics')).body))
    // As the metrics of a leash call them.
    const types = [...(await get(relay, 'metrics')).body.matchAll(/^leash_gateway_tokens_total\{.*type="(\w+)"/gm)].map(
      ([, type]) => type,
    )
    expect(types.join()).toBe('input,cache_read,cache_write,cache_write_1h,audio_input,output,reasoning,audio_output')
    expect((await relay.ask('GET', '/v1/gateway/metrics', undefined, key)).body).not.toContain('gpt-4o-mini')
  })
})
