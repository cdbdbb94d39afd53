/** Budgets through the whole stack, over sockets, in every protocol. */
import { describe, expect, test } from 'vitest'
import { LeashLLM } from '../../../src/index.js'
import { createLeash, type LeashOptions } from '../../../src/leash.js'
import { mockProviders } from '../../../src/testing/index.js'
import { until, useMock } from '../../helpers/mock.js'
import { asks, doors, send } from '../asks.js'

const mock = useMock()

function leashOf(options: LeashOptions) {
  return createLeash({ providers: mockProviders(mock.url), retry: { backoff: () => 0 }, ...options })
}

const usdOf = (leash: ReturnType<typeof leashOf>) => leash.usage().reduce((sum, { nano }) => sum + nano, 0) / 1e9

/** In US dollars, as the refusal of a call tells it that does not fit. */
async function setAside(leash: ReturnType<typeof leashOf>, body: object): Promise<number> {
  const headers = { authorization: 'Bearer k' }
  const answer = await leash.fetch(`${mock.url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) })
  const { error } = await answer.json()
  return Number(/could use ([\d.]+) US dollars/.exec(error?.message)?.[1])
}

describe.each(doors)('through %s', (door) => {
  test.each(asks)('a budget in $protocol holds what the ledger says, streamed or not', async (ask) => {
    const leash = leashOf({ budgets: [{ limit: { usd: 10, tokens: 10_000_000, requests: 5 }, per: 'total' }] })
    for (const stream of [false, true]) {
      const answer = await send(leash, door, mock.url, ask.request('How many moons?', stream))
      expect(answer.status).toBe(200)
      await answer.text()
    }
    const states = await leash.budgets()
    const of = (unit: string) => states.find((state) => state.unit === unit)
    const { usage } = leash.usage()[0] ?? {}
    expect(of('requests')).toMatchObject({ spent: 2, reserved: 0 })
    expect(of('tokens')).toMatchObject({ spent: Object.values(usage ?? {}).reduce((a, b) => a + b, 0), reserved: 0 })
    expect(of('usd')).toMatchObject({ spent: usdOf(leash), reserved: 0 })
    expect(usdOf(leash)).toBeGreaterThan(0)
    await leash.close()
  })

  test.each(asks)('a call in $protocol that does not fit is refused with 402, and nobody is asked', async (ask) => {
    const leash = leashOf({ budgets: [{ limit: { usd: 0.000001 }, per: 'total' }] })
    const answer = await send(leash, door, mock.url, ask.request('How many moons?', false))
    expect([answer.status, answer.headers.get('x-leash-error')]).toEqual([402, 'budget_exceeded'])
    expect(mock.requests).toHaveLength(0)
    await leash.close()
  })

  test.each(asks)('an answer in $protocol is bounded to what is left', async (ask) => {
    const leash = leashOf({ budgets: [{ limit: { tokens: 4000 }, per: 'total', action: 'cap' }] })
    const answer = await send(leash, door, mock.url, ask.request('How many moons?', false))
    expect(answer.status).toBe(200)
    await answer.text()
    const sent = JSON.stringify(mock.requests[0]?.body)
    expect(sent).toMatch(/"(max_completion_tokens|max_tokens|max_output_tokens|maxOutputTokens|maxTokens)":\d{2,4}\b/)
    await leash.close()
  })
})

test.each([
  ['OpenAI', 'openai/gpt-6.1-terra', '12h', 2.5],
  ['Claude', 'anthropic/claude-sonnet-5-5', '1h', 2],
])('what %s writes to its longer cache is set aside at the price of that', async (_, model, ttl, times) => {
  const leash = leashOf({ budgets: [{ limit: { usd: 0.02 }, per: 'total' }], prices: { [model]: { multiplier: 1000 } } })
  const asking = (ttl: string) =>
    setAside(leash, {
      model,
      max_tokens: 1,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral', ttl } }] }],
    })
  // The request itself has a few bytes more, and the answer costs the same.
  const [usual, longer] = [await asking('5m'), await asking(ttl)]
  expect(longer / usual).toBeGreaterThan((times / 1.25) * 0.9)
  expect(longer / usual).toBeLessThan((times / 1.25) * 1.1)
  await leash.close()
})

test('an answer that may be spoken is set aside at the price of audio, and another is not', async () => {
  const prices = { 'openai/*': { input: 1000, output: 1000, audioInput: 1000, audioOutput: 100_000 } }
  const leash = leashOf({ budgets: [{ limit: { usd: 0.001 }, per: 'total' }], prices })
  const request = { model: 'gpt-5', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] }
  expect(await setAside(leash, request)).toBeLessThan(1)
  const spoken = await setAside(leash, { ...request, modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } })
  expect(spoken).toBeGreaterThan(10)
  expect(spoken).toBeLessThan(11)
  await leash.close()
})

describe.each([undefined, false] as const)('with the ledger %s', (ledger) => {
  const spent = async (fetch: typeof globalThis.fetch) => {
    const budgets = [{ limit: { usd: 1 }, per: 'total' }] as const
    const leash = createLeash({
      providers: { openai: { apiKey: 'k' } },
      fetch,
      retry: false,
      timeouts: { attemptMs: 5 },
      ledger,
      budgets,
    })
    const body = JSON.stringify({ model: 'gpt-5', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] })
    const { ok } = await leash
      .fetch('https://api.openai.com/v1/chat/completions', { method: 'POST', body })
      .catch(() => ({ ok: false }))
    expect(ok).toBe(false)
    const [budget] = await leash.budgets()
    await leash.close()
    expect(budget).toMatchObject({ reserved: 0 })
    return budget?.spent
  }

  test('a vendor that was waited for in vain may have worked, and one that was not reached has not', async () => {
    expect(
      await spent(
        (_, init) => new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))),
      ),
    ).toBeGreaterThan(0)
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    expect(await spent(async () => Promise.reject(new TypeError('fetch failed', { cause })))).toBe(0)
  })
})

test('a call that asks for a cheaper tier and is served in the standard one passes no budget', async () => {
  const prices = { 'openai/*': { input: 1, output: 1, tiers: { flex: { multiplier: 0.1 } } } }
  const message = { role: 'assistant', content: 'Hi' }
  const usage = { prompt_tokens: 10, completion_tokens: 5000 }
  const answer = { id: 'c', service_tier: 'default', choices: [{ index: 0, message, finish_reason: 'stop' }], usage }
  const leash = leashOf({
    prices,
    fetch: async () => Response.json(answer),
    budgets: [{ limit: { usd: 0.004 }, per: 'total' }],
  })
  const messages = [{ role: 'user', content: 'Hi' }]
  const body = JSON.stringify({ model: 'gpt-5', service_tier: 'flex', max_tokens: 5000, messages })
  const headers = { authorization: 'Bearer k' }
  const { status } = await leash.fetch('https://api.openai.com/v1/chat/completions', { method: 'POST', headers, body })
  expect(status).toBe(402)
  expect(await leash.budgets()).toMatchObject([{ spent: 0, reserved: 0 }])
  await leash.close()
})

describe('Claude’s fast mode, and a region,', () => {
  const prices = {
    '*/*': { input: 1, output: 1, tiers: { fast: { multiplier: 2 } }, regional: 1.5 },
    'openai/*': { input: 1, output: 1 },
  }
  const ask = (leash: ReturnType<typeof leashOf>, model: string, more: object) => {
    const body = { model, max_tokens: 5000, messages: [{ role: 'user', content: 'Hi' }], ...more }
    return send(leash, 'fetch', mock.url, { path: '/v1/messages', body })
  }

  test.each([
    [{}, 200],
    [{ inference_geo: 'us' }, 402],
    [{ speed: 'fast' }, 402],
  ])('are set aside where they are asked for: %j', async (more, status) => {
    const leash = leashOf({ prices, budgets: [{ limit: { usd: 0.006 }, per: 'total' }] })
    expect((await ask(leash, 'claude-opus-5', more)).status).toBe(status)
    await leash.close()
  })

  test('are not asked of a vendor who has no word for them', async () => {
    const leash = leashOf({ prices, budgets: [{ limit: { usd: 0.006 }, per: 'total' }] })
    const answer = await ask(leash, 'openai/gpt-4.1', { speed: 'fast', inference_geo: 'us' })
    expect(answer.status).toBe(200)
    await leash.close()
  })
})

describe('an answer that the vendor makes when its caller has left', () => {
  const queued = { id: 'r', object: 'response', status: 'queued', model: 'gpt-5', output: [], usage: null }
  const whole = { ...queued, status: 'completed', usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 } }

  test.each([
    ['/v1/responses', { background: true, input: 'Hi', max_output_tokens: 5000 }, queued, 5000],
    ['/v1/responses', { background: true, input: 'Hi', max_output_tokens: 5000 }, whole, 15],
    [
      '/v1/chat/completions',
      { deferred: true, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5000 },
      { id: 'x' },
      5000,
    ],
  ])('by %s has used all that was set aside, as far as a budget knows', async (path, request, answer, least) => {
    const fetch = async () => Response.json(answer)
    const leash = leashOf({ fetch, budgets: [{ limit: { tokens: 100_000 }, per: 'total' }] })
    const body = JSON.stringify({ model: 'gpt-5', ...request })
    const headers = { authorization: 'Bearer k' }
    await (await leash.fetch(`https://api.openai.com${path}`, { method: 'POST', headers, body })).text()
    const [{ spent, reserved } = { spent: 0, reserved: 0 }] = await leash.budgets()
    expect(spent).toBeGreaterThanOrEqual(least)
    expect(spent).toBeLessThan(least + 1000)
    expect(reserved).toBe(0)
    await leash.close()
  })
})

test('a stream that goes on at the vendor when its caller has left has used all that was set aside', async () => {
  mock.script({ chunkDelayMs: 20 })
  const leash = leashOf({ budgets: [{ limit: { tokens: 100_000 }, per: 'total' }] })
  const body = { model: 'gpt-5', stream: true, background: true, input: 'How many moons?', max_output_tokens: 5000 }
  const answer = await send(leash, 'fetch', mock.url, { path: '/v1/responses', body })
  await answer.body?.cancel()
  await until(async () => (await leash.budgets())[0]?.reserved === 0)
  expect((await leash.budgets())[0]?.spent).toBeGreaterThanOrEqual(5000)
  await leash.close()
})

test('a vendor’s own bill of nothing takes nothing from a budget, whatever its models cost', async () => {
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }]
  const usage = { prompt_tokens: 900, completion_tokens: 100, cost: 0 }
  const leash = leashOf({
    providers: { openrouter: { apiKey: 'k' } },
    fetch: async () => Response.json({ id: 'c', choices, usage }),
    budgets: [{ limit: { usd: 1 }, per: 'total' }],
  })
  const body = JSON.stringify({
    model: 'openrouter/openai/gpt-4o-mini',
    max_tokens: 200,
    messages: [{ role: 'user', content: 'Hi' }],
  })
  const answer = await leash.handle(new Request('http://relay/v1/chat/completions', { method: 'POST', body }))
  expect(answer.status).toBe(200)
  await answer.text()
  expect(await leash.budgets()).toMatchObject([{ spent: 0, reserved: 0 }])
  await leash.close()
})

describe('without a ledger, a budget', () => {
  const prices = { 'openai/*': { input: 1, output: 1, tiers: { priority: { multiplier: 2 } } } }
  const usage = { prompt_tokens: 900, completion_tokens: 100 }
  const ask = (leash: ReturnType<typeof leashOf>, stream: boolean, more: object = {}) =>
    leash.fetch('https://api.openai.com/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: 'Bearer k' },
      body: JSON.stringify({ model: 'gpt-5', stream, max_tokens: 5000, messages: [{ role: 'user', content: 'Hi' }], ...more }),
    })

  test('counts a call by the tier that it was served in', async () => {
    const message = { role: 'assistant', content: 'Hi' }
    const answer = { id: 'c', service_tier: 'priority', choices: [{ index: 0, message, finish_reason: 'stop' }], usage }
    const fetch = async () => Response.json(answer)
    const leash = leashOf({ ledger: false, prices, fetch, budgets: [{ limit: { usd: 1 }, per: 'total' }] })
    await (await ask(leash, false)).text()
    expect(await leash.budgets()).toMatchObject([{ spent: 0.002, reserved: 0 }])
    await leash.close()
  })

  test('counts a call by the tier that it asked for, where the vendor does not tell in which it was served', async () => {
    const message = { role: 'assistant', content: 'Hi' }
    const answer = { id: 'c', choices: [{ index: 0, message, finish_reason: 'stop' }], usage }
    const fetch = async () => Response.json(answer)
    const leash = leashOf({ ledger: false, prices, fetch, budgets: [{ limit: { usd: 1 }, per: 'total' }] })
    await (await ask(leash, false, { service_tier: 'priority' })).text()
    expect(await leash.budgets()).toMatchObject([{ spent: 0.002, reserved: 0 }])
    await leash.close()
  })

  test('counts what was set aside where the vendor tells more than anybody can have used', async () => {
    const message = { role: 'assistant', content: 'Hi' }
    const choices = [{ index: 0, message, finish_reason: 'stop' }]
    const fetch = async () => Response.json({ id: 'c', choices, usage: { prompt_tokens: 900, completion_tokens: 1e12 } })
    const budgets = [{ limit: { tokens: 10_000, usd: 1 }, per: 'total' }] as const
    const leash = leashOf({ ledger: false, prices, fetch, budgets })
    await (await ask(leash, false)).text()
    const [tokens, usd] = await leash.budgets()
    expect(tokens?.spent).toBeGreaterThan(5000)
    expect(tokens?.spent).toBeLessThan(10_000)
    expect(usd?.spent).toBeCloseTo((tokens?.spent ?? 0) / 1e6, 12)
    await leash.close()
  })

  test('counts of a stream that was cut what was set aside, and not the part that was told', async () => {
    const choices = [{ index: 0, delta: { content: 'Hi' } }]
    const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-5', choices, usage }
    const headers = { 'content-type': 'text/event-stream' }
    const fetch = async () => new Response(`data: ${JSON.stringify(chunk)}\n\n`, { headers })
    const leash = leashOf({ ledger: false, retry: false, prices, fetch, budgets: [{ limit: { tokens: 10_000 }, per: 'total' }] })
    await (await ask(leash, true)).text().catch(() => {})
    const [{ spent, reserved } = { spent: 0, reserved: 0 }] = await leash.budgets()
    expect(spent).toBeGreaterThan(5000)
    expect(reserved).toBe(0)
    await leash.close()
  })
})

describe('an answer that a translation lets think', () => {
  test.each(['low', 'medium', 'high', 'xhigh'])(
    'at effort %s has no more tokens than are set aside',
    async (reasoning_effort) => {
      const leash = leashOf({ budgets: [{ limit: { tokens: 1_000_000 }, per: 'total' }] })
      let reserved = 0
      leash.use({
        at: 'attempt',
        middleware: (next) => async (call) => {
          const result = next(call)
          await new Promise((resolve) => setTimeout(resolve, 50))
          reserved = (await leash.budgets())[0]?.reserved ?? 0
          return result
        },
      })
      mock.script({ latencyMs: 200 })
      const messages = [{ role: 'user', content: 'How many moons?' }]
      const body = { model: 'anthropic/claude-haiku-4-5', max_completion_tokens: 100, reasoning_effort, messages }
      const answer = await send(leash, 'fetch', mock.url, { path: '/v1/chat/completions', body })
      expect(answer.status).toBe(200)
      const sent = mock.requests[0]?.body as { max_tokens: number; thinking: object }
      expect(sent.thinking).toMatchObject({ type: 'enabled' })
      expect(sent.max_tokens).toBeGreaterThan(1000)
      expect(sent.max_tokens).toBeLessThan(reserved)
      await answer.text()
      await leash.close()
    },
  )
})

test('identical calls that share an answer pay for it once', async () => {
  const leash = leashOf({ coalesce: true, budgets: [{ limit: { requests: 1 }, per: 'total' }] })
  mock.script({ latencyMs: 300 })
  const [ask] = asks
  const answers = await Promise.all(
    [1, 2, 3].map(() => send(leash, 'fetch', mock.url, (ask as (typeof asks)[number]).request('Moons?', false))),
  )
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(await leash.budgets()).toMatchObject([{ spent: 1, reserved: 0 }])
  await leash.close()
})

test('a fallback is paid for at the provider that it leads to', async () => {
  const leash = leashOf({
    retry: false,
    fallback: ['anthropic/claude-haiku-4-5'],
    budgets: [{ limit: { usd: 1 }, per: 'day', by: 'provider' }],
  })
  mock.script({ status: 500 })
  const messages = [{ role: 'user', content: 'Moons?' }]
  await (await send(leash, 'fetch', mock.url, { path: '/v1/chat/completions', body: { model: 'gpt-4.1', messages } })).text()
  const spent = (await leash.budgets()).map(({ of, spent }) => [of.provider, spent > 0])
  expect(spent).toEqual([
    ['openai', false],
    ['anthropic', true],
  ])
  expect(await leash.budgets({ provider: 'openai' })).toMatchObject([{ spent: 0, reserved: 0 }])
  await leash.close()
})

test('a hedge is not sent when it cannot be paid for', async () => {
  for (const [limit, sent] of [
    [2000, 1],
    [1_000_000, 2],
  ] as const) {
    const leash = leashOf({
      retry: false,
      hedge: { delayMs: 10, maxShare: 1 },
      budgets: [{ limit: { tokens: limit }, per: 'day' }],
    })
    mock.script({ latencyMs: 200 })
    const body = { model: 'gpt-4.1', max_completion_tokens: 1000, messages: [{ role: 'user', content: 'Moons?' }] }
    const answer = await send(leash, 'fetch', mock.url, { path: '/v1/chat/completions', body })
    expect(answer.status).toBe(200)
    expect(mock.requests).toHaveLength(sent)
    await answer.text()
    await until(() => leash.usage().reduce((sum, { attempts }) => sum + attempts, 0) === sent)
    expect(await leash.budgets()).toMatchObject([{ reserved: 0 }])
    await leash.close()
    mock.reset()
  }
})

test('a call has a budget of its own where the leash has none', async () => {
  const client = new LeashLLM({ providers: mockProviders(mock.url) })
  const params = { model: 'gpt-4.1', messages: [{ role: 'user' as const, content: 'Moons?' }] }
  await expect(client.chat.completions.create(params, { leash: { budgetUsd: 0 } })).rejects.toThrow('budgetUsd')
  const answer = await client.chat.completions.create(params, { leash: { budgetUsd: 0.01 } })
  expect(answer.leash?.warnings).toMatchObject([{ path: 'max_completion_tokens' }])
  await client.leash.close()
})
