/** What `leash.metrics()` tells, through the whole leash and over sockets. */
import { describe, expect, test } from 'vitest'
import { createLeash, type Leash, type LeashOptions } from '../../src/leash.js'
import { families } from '../../src/middleware/metrics/families.js'
import { block, defineModule } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { anAnswer } from '../helpers/call.js'
import { readExposition } from '../helpers/exposition.js'
import { until, useMock } from '../helpers/mock.js'
import { openScene, playRound } from '../observability/scene.js'
import { asks, doors, send } from './asks.js'

const mock = useMock()
const [chat, translated] = asks as [(typeof asks)[0], (typeof asks)[0]]
const gpt = { provider: 'openai', model: 'gpt-4.1' }

const named = (model: string): typeof chat => ({
  ...chat,
  request(text, stream) {
    const { path, body } = chat.request(text, stream)
    return { path, body: { ...body, model } }
  },
})

const open = (options: LeashOptions = {}): Leash =>
  createLeash({ providers: mockProviders(mock.url), metrics: true, retry: { attempts: 3, backoff: () => 1 }, ...options })

interface Asking {
  readonly stream?: boolean
  readonly tenant?: string
  readonly of?: typeof chat
}

/** Reads the answer to its end. */
async function ask(leash: Leash, text: string, { stream = false, tenant, of = chat }: Asking = {}): Promise<string> {
  const { path, body } = of.request(text, stream)
  const request = new Request(`http://leash.test${path}`, { method: 'POST', body: JSON.stringify(body) })
  return (await leash.handle(request, { leash: tenant === undefined ? {} : { tenant } })).text()
}

/** Values by the name of a line and by its labels; undefined where there is no such line. */
async function read(leash: Leash) {
  const lines = [...readExposition(await leash.metrics()).values()].flatMap(({ samples }) => samples)
  return (name: string, labels: Record<string, string> = {}) =>
    lines.find((line) => line.name === name && Object.entries(labels).every(([label, value]) => line.labels[label] === value))
      ?.value
}

describe('every metric', () => {
  test('is told by its name, type and labels when there is something to tell', async () => {
    const leash = openScene(mock)
    await playRound(leash, mock, 0)
    const told = readExposition(await leash.metrics())
    expect([...told.keys()]).toEqual(Object.keys(families))
    for (const [name, { type, help, labels }] of Object.entries(families)) {
      const family = told.get(name)
      expect(family).toMatchObject({ type, help })
      expect(family?.samples.length, name).toBeGreaterThan(0)
      for (const { labels: given } of family?.samples ?? [])
        expect(Object.keys(given).filter((label) => label !== 'le' && label !== 'quantile')).toEqual(labels)
    }
    await leash.close()
  })

  test('is told before there is anything to tell', async () => {
    const told = readExposition(await open().metrics())
    expect([...told.keys()]).toEqual(Object.keys(families))
  })

  test('is asked for in vain where nothing is counted', async () => {
    await expect(createLeash({ providers: mockProviders(mock.url) }).metrics()).rejects.toThrow(/metrics: true/)
  })
})

describe.each(doors)('by %s', (door) => {
  test.each(asks)('a call and a stream in $protocol are counted with their tokens and their cost', async ({ request }) => {
    const leash = open()
    for (const stream of [false, true]) await (await send(leash, door, mock.url, request('one two', stream))).text()
    const [line] = leash.usage({ by: ['provider', 'model'] })
    const who = line?.of ?? {}
    const value = await read(leash)
    expect(value('leash_requests_total', { ...who, operation: 'chat', code: 'ok' })).toBe(2)
    expect(value('leash_attempts_total', { ...who, code: 'ok' })).toBe(2)
    expect(value('leash_request_duration_seconds_count', who)).toBe(2)
    expect(value('leash_time_to_first_chunk_seconds_count', who)).toBe(1)
    expect(value('leash_provider_latency_seconds_count', { provider: String(who.provider) })).toBe(2)
    expect(line?.usage.input).toBeGreaterThan(0)
    expect(value('leash_tokens_total', { ...who, type: 'input' })).toBe(line?.usage.input)
    expect(value('leash_tokens_total', { ...who, type: 'output' })).toBe(line?.usage.output)
    expect(line?.nano).toBeGreaterThan(0)
    expect(value('leash_cost_usd_total', who)).toBeCloseTo((line?.nano ?? 0) / 1e9, 12)
    expect(value('leash_cost_unknown_total', who)).toBeUndefined()
    expect(value('leash_active_requests')).toBe(0)
  })
})

describe('calls', () => {
  test('under way are counted as such until a stream has been read, and the oldest tells for how long', async () => {
    const leash = open()
    mock.script({ hang: { afterEvents: 3 } })
    const request = new Request('http://leash.test/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify(chat.request('one two three', true).body),
    })
    const reader = (await leash.handle(request)).body?.getReader()
    await reader?.read()
    const during = await read(leash)
    expect(during('leash_active_requests')).toBe(1)
    expect(during('leash_oldest_request_seconds')).toBeGreaterThan(0)
    await reader?.cancel()
    await until(() => mock.requests.length === 1)
    const left = await read(leash)
    expect(left('leash_active_requests')).toBe(0)
    expect(left('leash_oldest_request_seconds')).toBe(0)
    expect(left('leash_requests_total', { ...gpt, code: 'cancelled' })).toBe(1)
    expect(left('leash_attempts_total', { ...gpt, code: 'cancelled' })).toBe(1)
    expect(left('leash_provider_latency_seconds_count')).toBeUndefined()
  })

  test('that fail are counted by the code of their failure, and are under way no more', async () => {
    const leash = open()
    mock.script({ status: 400 }, { status: 503, times: 3 })
    await ask(leash, 'wrong')
    await ask(leash, 'down')
    leash.use(() => async () => {
      throw new TypeError('mine')
    })
    await ask(leash, 'thrown')
    const value = await read(leash)
    expect(value('leash_requests_total', { ...gpt, code: 'invalid_request' })).toBe(1)
    expect(value('leash_requests_total', { ...gpt, code: 'overloaded' })).toBe(1)
    expect(value('leash_requests_total', { ...gpt, code: 'invalid_config' })).toBe(1)
    expect(value('leash_attempts_total', { ...gpt, code: 'overloaded' })).toBe(3)
    expect(value('leash_retries_total', { code: 'overloaded' })).toBe(2)
    expect(value('leash_active_requests')).toBe(0)
  })

  test('of tenants are counted and summed up by tenant, others not', async () => {
    const leash = open()
    await ask(leash, 'one', { tenant: 'red' })
    await ask(leash, 'two', { tenant: 'red' })
    await ask(leash, 'three')
    const value = await read(leash)
    const all = leash.usage({ by: 'tenant' }).find(({ of }) => of.tenant === 'red')
    expect(value('leash_tenant_requests_total', { tenant: 'red', code: 'ok' })).toBe(2)
    expect(value('leash_tenant_cost_usd_total', { tenant: 'red' })).toBeCloseTo((all?.nano ?? 0) / 1e9, 12)
    expect(value('leash_requests_total', gpt)).toBe(3)
  })

  test('of tenants cost what their attempts did, also when they fail', async () => {
    const leash = open({ timeouts: { attemptMs: 30 } })
    mock.script({ hang: 'headers', times: 3 })
    await ask(leash, 'one two three', { tenant: 'red' })
    const all = leash.usage({ by: 'tenant' }).find(({ of }) => of.tenant === 'red')
    expect(all?.nano).toBeGreaterThan(0)
    const value = await read(leash)
    expect(value('leash_tenant_requests_total', { tenant: 'red', code: 'timeout' })).toBe(1)
    expect(value('leash_tenant_cost_usd_total', { tenant: 'red' })).toBeCloseTo((all?.nano ?? 0) / 1e9, 12)
  })

  test('of tenants that a program without types names by a number, or by nothing, harm nobody', async () => {
    const leash = open()
    for (const call of ['{"tenant":5}', '{"tenant":null}']) {
      const { path, body } = chat.request('one', false)
      const request = new Request(`http://leash.test${path}`, { method: 'POST', body: JSON.stringify(body) })
      await (await leash.handle(request, { leash: JSON.parse(call) })).text()
    }
    const told = readExposition(await leash.metrics()).get('leash_tenant_requests_total')?.samples
    expect(told?.map(({ labels, value }) => [labels.tenant, value])).toEqual([['5', 1]])
  })

  test('to a model whose price nobody knows cost nothing that is known, and are counted', async () => {
    const leash = open()
    await ask(leash, 'one', { of: named('openai/gpt-nobody-knows') })
    const value = await read(leash)
    expect(value('leash_cost_unknown_total', { provider: 'openai', model: 'gpt-nobody-knows' })).toBe(1)
    expect(value('leash_cost_usd_total')).toBeUndefined()
  })

  test('by names that callers make up stay within bounds', async () => {
    const leash = open({ use: [() => async () => anAnswer] })
    for (let at = 0; at < 130; at++) await ask(leash, '', { tenant: `tenant-${at}`, of: named(`openai/m-${at}`) })
    const told = readExposition(await leash.metrics())
    for (const name of ['leash_requests_total', 'leash_tenant_requests_total'] as const) {
      const samples = told.get(name)?.samples ?? []
      expect(samples).toHaveLength(101)
      expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(130)
    }
  })
})

describe('what layers do is counted', () => {
  test('answers from the cache, and what they save', async () => {
    const leash = open({ cache: true })
    for (const text of ['again', 'again', 'again', 'other']) await ask(leash, text)
    const value = await read(leash)
    expect(value('leash_cache_requests_total', { result: 'miss' })).toBe(2)
    expect(value('leash_cache_requests_total', { result: 'hit' })).toBe(2)
    const { savedUsd } = await leash.cache.stats()
    expect(savedUsd).toBeGreaterThan(0)
    expect(value('leash_cache_saved_usd_total')).toBeCloseTo(savedUsd, 12)
    expect(value('leash_attempts_total', gpt)).toBe(2)
  })

  test('calls that share an answer', async () => {
    const leash = open({ coalesce: true })
    mock.script({ latencyMs: 300 })
    await Promise.all([ask(leash, 'same'), ask(leash, 'same'), ask(leash, 'same')])
    const value = await read(leash)
    expect(value('leash_coalesced_total')).toBe(2)
    expect(value('leash_requests_total', gpt)).toBe(3)
    expect(value('leash_attempts_total', gpt)).toBe(1)
  })

  test('attempts beside one that is late', async () => {
    const leash = open({ hedge: { delayMs: 20, maxShare: 1 } })
    mock.script({ hang: 'headers' })
    await ask(leash, 'late')
    const value = await read(leash)
    expect(value('leash_hedged_total', { provider: 'openai' })).toBe(1)
    expect(value('leash_attempts_total', { ...gpt, code: 'cancelled' })).toBe(1)
    expect(value('leash_requests_total', { ...gpt, code: 'ok' })).toBe(1)
  })

  test('calls that go on at another vendor, under the name of who answered', async () => {
    const leash = open({ fallback: ['anthropic/claude-haiku-4-5'], retry: false })
    mock.script({ status: 503 })
    await ask(leash, 'elsewhere')
    const value = await read(leash)
    const labels = { from: 'openai/gpt-4.1', to: 'anthropic/claude-haiku-4-5', code: 'overloaded' }
    expect(value('leash_fallbacks_total', labels)).toBe(1)
    expect(value('leash_requests_total', { provider: 'anthropic', model: 'claude-haiku-4-5', code: 'ok' })).toBe(1)
    expect(value('leash_requests_total', gpt)).toBeUndefined()
  })

  test('streams that die and go on', async () => {
    const leash = open({ resume: true })
    mock.script({ cutAfter: { events: 4 } })
    await ask(leash, 'one two three four five six', { stream: true })
    const value = await read(leash)
    expect(value('leash_resumed_total', { to: 'openai/gpt-4.1', how: 'continued' })).toBe(1)
    expect(value('leash_requests_total', { ...gpt, code: 'ok' })).toBe(1)
    expect(value('leash_attempts_total', gpt)).toBe(1)
  })

  test('breakers that open, as a state and as a change', async () => {
    const leash = open({ retry: false, circuitBreaker: { consecutive: 2 } })
    mock.script({ status: 503, times: 2 })
    for (const text of ['one', 'two', 'three']) await ask(leash, text)
    await ask(leash, 'fine', { of: translated })
    const value = await read(leash)
    expect(value('leash_breaker_state', { target: 'openai/gpt-4.1' })).toBe(2)
    expect(value('leash_breaker_state', { target: 'anthropic/claude-haiku-4-5' })).toBe(0)
    expect(value('leash_breaker_changes_total', { target: 'openai/gpt-4.1', to: 'open' })).toBe(1)
    expect(value('leash_requests_total', { ...gpt, code: 'circuit_open' })).toBe(1)
    await leash.breaker('openai/gpt-4.1', 'auto')
    expect((await read(leash))('leash_breaker_state', { target: 'openai/gpt-4.1' })).toBe(0)
  })

  test("limits of the rate, ours and the provider's apart", async () => {
    const leash = open({ retry: false, rateLimit: [{ limit: { requests: 2 }, per: 'day', algorithm: 'fixed-window' }] })
    mock.script({ status: 429 })
    for (const text of ['theirs', 'fine', 'ours', 'ours too']) await ask(leash, text)
    const value = await read(leash)
    expect(value('leash_rate_limited_total', { by: 'provider' })).toBe(1)
    expect(value('leash_rate_limited_total', { by: 'leash' })).toBe(2)
    expect(value('leash_requests_total', { ...gpt, code: 'rate_limited' })).toBe(3)
  })

  test('budgets, and what is left of them', async () => {
    const leash = open({ budgets: [{ name: 'monthly', limit: { usd: 2, requests: 3 }, per: 'month' }] })
    await ask(leash, 'one', { tenant: 'red' })
    const value = await read(leash)
    const [{ nano } = { nano: 0 }] = leash.usage()
    const usd = { budget: 'monthly', of: 'tenant=red', unit: 'usd' }
    expect(value('leash_budget_limit', usd)).toBe(2)
    expect(nano).toBeGreaterThan(0)
    expect(value('leash_budget_remaining', usd)).toBeCloseTo(2 - nano / 1e9, 12)
    expect(value('leash_budget_remaining', { ...usd, unit: 'requests' })).toBe(2)
  })

  test('of budgets whose owners are alike once they are cut, that of which the least is left', async () => {
    const leash = open({ budgets: [{ name: 'daily', limit: { requests: 3 }, per: 'day' }] })
    for (const tenant of ['a', 'b', 'b', 'c']) await ask(leash, 'one', { tenant: 'x'.repeat(100) + tenant })
    const told = readExposition(await leash.metrics()).get('leash_budget_remaining')?.samples
    expect(told?.map(({ value }) => value)).toEqual([1])
  })

  test('personal data that is found, by type', async () => {
    const leash = open({ redact: true })
    await ask(leash, 'Write to ada@example.com and bob@example.com')
    const value = await read(leash)
    const labels = { type: 'EMAIL_ADDRESS', action: 'redact', direction: 'request' }
    expect(value('leash_detections_total', labels)).toBe(2)
    expect(await leash.metrics()).not.toContain('ada@')
  })

  test('what guards refuse, how long they take, and how often they break', async () => {
    const policy = (name: string) => ({ name, version: '1.0.0', kind: 'policy', onError: 'open' }) as const
    const guard = defineModule({
      ...policy('no-codenames'),
      request: ({ texts }) => (texts.some(({ text }) => text.includes('Bluebird')) ? block('Leave it out.') : undefined),
    })
    const broken = defineModule({
      ...policy('broken'),
      request() {
        throw new TypeError('mine')
      },
    })
    const leash = open({ modules: [guard, broken] })
    for (const text of ['Bluebird', 'fine', 'well']) await ask(leash, text)
    const value = await read(leash)
    expect(value('leash_policy_violations_total', { guard: 'no-codenames', direction: 'request' })).toBe(1)
    expect(value('leash_requests_total', { code: 'policy_blocked' })).toBe(1)
    expect(value('leash_guard_failures_total', { guard: 'broken' })).toBe(2)
    expect(value('leash_module_errors_total', { module: 'broken' })).toBe(2)
    expect(value('leash_module_errors_total', { module: 'no-codenames' })).toBe(0)
    const [status] = await leash.modules.list()
    const { executions, duration } = status?.metrics ?? { executions: 0, duration: { total: 0, p95: 0 } }
    expect(executions).toBe(3)
    expect(value('leash_module_duration_seconds_count', { module: 'no-codenames' })).toBe(3)
    expect(value('leash_module_duration_seconds_sum', { module: 'no-codenames' })).toBe(duration.total / 1000)
    expect(value('leash_module_duration_seconds', { module: 'no-codenames', quantile: '0.95' })).toBe(duration.p95 / 1000)
    await leash.modules.remove('broken')
    expect((await read(leash))('leash_module_errors_total', { module: 'broken' })).toBeUndefined()
  })

  test('providers that are ready, and those that answer a probe', async () => {
    const leash = open({
      providers: { ...mockProviders(mock.url), anthropic: { baseURL: mock.url } },
      health: { providers: { openai: {}, groq: { path: '/nowhere' } } },
    })
    await until(() => leash.health().providers.filter(({ probe }) => probe).length === 2)
    const value = await read(leash)
    expect(value('leash_provider_ready', { provider: 'openai' })).toBe(1)
    expect(value('leash_provider_ready', { provider: 'anthropic' })).toBe(0)
    expect(value('leash_provider_up', { provider: 'openai' })).toBe(1)
    expect(value('leash_provider_up', { provider: 'groq' })).toBe(0)
    expect(value('leash_provider_up', { provider: 'mistral' })).toBeUndefined()
    await leash.close()
  })

  test('objectives of providers, over an hour, a day and 30 days', async () => {
    const leash = open({ retry: false, slo: { openai: { availability: 0.75, latencyMs: 60_000 } } })
    mock.script({ status: 503 })
    for (const text of ['bad', 'one', 'two', 'three', 'four']) await ask(leash, text)
    await ask(leash, 'of nobody', { of: translated })
    const value = await read(leash)
    const availability = { provider: 'openai', objective: 'availability' }
    expect(value('leash_slo_target', availability)).toBe(0.75)
    expect(value('leash_slo_target', { provider: 'openai', objective: 'latency' })).toBe(0.95)
    for (const window of ['1h', '24h', '30d']) {
      expect(value('leash_slo_attempts', { ...availability, window })).toBe(5)
      expect(value('leash_slo_compliance', { ...availability, window })).toBe(0.8)
      expect(value('leash_slo_error_budget_remaining', { ...availability, window })).toBeCloseTo(0.2, 12)
    }
    expect(value('leash_slo_target', { provider: 'anthropic' })).toBeUndefined()
  })
})
