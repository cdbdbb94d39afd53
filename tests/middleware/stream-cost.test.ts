import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'
import { LeashLLM, reportOf } from '../../src/index.js'
import { createLeash } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'

const mock = useMock()
const messages = [{ role: 'user' as const, content: 'Count to eight.' }]
const models = ['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash']

/** A dollar for a million tokens in, ten for a million out. */
const rates = { input: 1, cacheRead: 1, cacheWrite: 1, output: 10 }
const prices = { 'openai/*': rates, 'anthropic/*': rates, 'google/*': rates }
const client = () => new LeashLLM({ apiKey: 'key', baseURL: `${mock.url}/v1`, providers: mockProviders(mock.url), prices })

describe.each(models)('a stream of %s', (model) => {
  test('tells in each chunk what it has cost so far, when asked', async () => {
    const stream = await client().chat.completions.create({ model, messages, stream: true }, { leash: { costs: true } })
    const costs: number[] = []
    let text = ''
    for await (const chunk of stream) {
      costs.push(chunk.leash?.cost.usd ?? Number.NaN)
      text += chunk.choices[0]?.delta.content ?? ''
    }
    expect(text).not.toBe('')
    expect(costs.length).toBeGreaterThan(2)
    expect(costs).toEqual([...costs].sort((a, b) => a - b))
    expect(costs[0]).toBeGreaterThan(0)
  })

  test('says nothing of it when nobody asks', async () => {
    const stream = await client().chat.completions.create({ model, messages, stream: true })
    for await (const chunk of stream) expect(chunk).not.toHaveProperty('leash')
  })

  test('is as it was but for the cost', async () => {
    const chunks = async (costs: boolean) => {
      const all: unknown[] = []
      const stream = await client().chat.completions.create({ model, messages, stream: true }, { leash: { costs } })
      for await (const { leash: _, id, created, ...chunk } of stream)
        all.push({ ...chunk, system_fingerprint: '', obfuscation: '', known: [typeof id, typeof created] })
      return all
    }
    expect(await chunks(true)).toEqual(await chunks(false))
  })

  test('ends when it has cost more than it may, and the vendor is left', async () => {
    mock.script({ chunkDelayMs: 5 })
    const stream = await client().chat.completions.create({ model, messages, stream: true }, { leash: { stopAtUsd: 0.00002 } })
    const read = async () => {
      let text = ''
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      return text
    }
    await expect(read()).rejects.toMatchObject({ code: 'budget_exceeded' })
    const report = await reportOf(stream)
    expect(report.attempts).toMatchObject([{ outcome: 'cancelled' }])
  })

  test('goes to its end below that', async () => {
    const stream = await client().chat.completions.create({ model, messages, stream: true }, { leash: { stopAtUsd: 1 } })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toContain('eight')
  })
})

test('what failed attempts cost counts as well', async () => {
  mock.script({ cutAfter: { events: 1 } })
  const stream = await client().chat.completions.create(
    { model: 'gpt-4o-mini', messages, stream: true },
    { leash: { costs: true }, maxRetries: 1 },
  )
  const costs: number[] = []
  for await (const chunk of stream) costs.push(chunk.leash?.cost.usd ?? 0)
  const [lost] = (await reportOf(stream)).attempts
  expect(lost?.cost).toBeGreaterThan(0)
  expect(costs[0]).toBeGreaterThan((lost?.cost ?? 0) / 1e9)
})

test('a model without a price cannot be held to it, and says so', async () => {
  const stream = await client().chat.completions.create(
    { model: 'mistral/nobody-knows-it', messages, stream: true },
    { leash: { stopAtUsd: 1 } },
  )
  const read = async () => {
    for await (const _ of stream);
  }
  await expect(read()).rejects.toMatchObject({ message: expect.stringContaining('price') })
})

test('a stream that is resumed has cost what its attempts have, and nothing twice', async () => {
  const content = Array.from({ length: 120 }, (_, word) => `word${word}`).join(' ')
  mock.script({ cutAfter: { events: 40 } })
  const stream = await client().chat.completions.create(
    { model: 'claude-haiku-4-5', messages: [{ role: 'user', content }], stream: true },
    { leash: { costs: true, resume: true } },
  )
  const costs: number[] = []
  const tokens: number[] = []
  for await (const chunk of stream) {
    costs.push(chunk.leash?.cost.usd ?? Number.NaN)
    tokens.push(chunk.leash?.cost.outputTokens ?? Number.NaN)
  }
  const { attempts, cost } = await reportOf(stream)
  expect(attempts).toHaveLength(2)
  expect(costs).toEqual([...costs].sort((a, b) => a - b))
  expect(tokens).toEqual([...tokens].sort((a, b) => a - b))
  expect(costs.at(-1)).toBeLessThanOrEqual(cost?.usd ?? 0)
  expect(costs.at(-1)).toBeGreaterThan(0.8 * (cost?.usd ?? Number.NaN))
})

test('a stream that another call has asked for tells nothing, and is not ended for what that one costs', async () => {
  mock.script({ latencyMs: 300 })
  const leash = createLeash({
    providers: mockProviders(mock.url),
    prices,
    coalesce: true,
    use: [(next) => (call) => next({ ...call, options: { ...call.options, costs: true, stopAtUsd: 0.01 } })],
  })
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages, stream: true })
  const headers = { authorization: 'Bearer key' }
  const ask = async () => (await leash.fetch(`${mock.url}/v1/chat/completions`, { method: 'POST', headers, body })).text()
  const [first, second] = await Promise.all([ask(), ask()])
  expect(first).toContain('"leash":{"cost"')
  expect(second).not.toContain('"leash"')
  await leash.close()
})

test('a deployment costs what the model behind it does, while it streams and in the ledger', async () => {
  const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o' }
  const choices = [{ index: 0, delta: { content: 'One.' }, finish_reason: 'stop' }]
  const usage = { prompt_tokens: 1000, completion_tokens: 100 }
  const events = [
    { ...chunk, choices },
    { ...chunk, choices: [], usage },
  ]
  const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')
  const headers = { 'content-type': 'text/event-stream' }
  const endpoint = 'https://x.openai.azure.com'
  const leash = createLeash({
    providers: { azure: { endpoint, apiKey: 'k', traits: () => ({ baseModel: 'gpt-4o' }) } },
    fetch: async () => new Response(`${text}data: [DONE]\n\n`, { headers }),
    use: [(next) => (call) => next({ ...call, options: { ...call.options, costs: true, stopAtUsd: 0.00002 } })],
  })
  const body = JSON.stringify({ model: 'azure/prod', messages, stream: true })
  const answer = await leash.handle(new Request('http://relay/v1/chat/completions', { method: 'POST', body }))
  const said = await answer.text()
  expect(said).toContain('"cost":{"usd":0.00002,')
  // As much as it may.
  expect(said).not.toContain('budget_exceeded')
  expect(leash.usage()).toMatchObject([{ cost: '0.0035', unpriced: 0 }])
  await leash.close()
})

test('a stream tells what it costs in the tier that it is served in', async () => {
  const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-mini', service_tier: 'priority' }
  const event = { ...chunk, choices: [{ index: 0, delta: { content: 'One two three four.' } }] }
  const stream = (text: string) => new Response(text, { headers: { 'content-type': 'text/event-stream' } })
  const told = async (service_tier: string) => {
    const leash = createLeash({
      providers: { openai: { apiKey: 'k' } },
      prices: { 'openai/*': { ...rates, tiers: { priority: { multiplier: 2 } } } },
      retry: false,
      fetch: async () => stream(`data: ${JSON.stringify({ ...event, service_tier })}\n\n`),
      use: [(next) => (call) => next({ ...call, options: { ...call.options, costs: true } })],
    })
    const body = JSON.stringify({ model: 'gpt-4o-mini', messages, stream: true })
    const answer = await leash.handle(new Request('http://relay/v1/chat/completions', { method: 'POST', body }))
    const [, usd] = /"cost":\{"usd":([\d.e-]+),/.exec(await answer.text()) ?? []
    await leash.close()
    return Number(usd)
  }
  expect(await told('priority')).toBeCloseTo(2 * (await told('default')), 12)
})

test('a stream from an address of a region tells what it costs there', async () => {
  const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-mini' }
  const usage = { prompt_tokens: 1000, completion_tokens: 100 }
  const events = [{ ...chunk, choices: [{ index: 0, delta: { content: 'One.' }, finish_reason: 'stop' }], usage }]
  const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')
  const leash = createLeash({
    providers: { openai: { apiKey: 'k' } },
    prices: { 'openai/*': { ...rates, regional: 1.1 } },
    fetch: async () => new Response(`${text}data: [DONE]\n\n`, { headers: { 'content-type': 'text/event-stream' } }),
    use: [(next) => (call) => next({ ...call, options: { ...call.options, costs: true } })],
  })
  const told = async (host: string) => {
    const body = JSON.stringify({ model: 'gpt-4o-mini', messages, stream: true })
    const headers = { authorization: 'Bearer k' }
    return (await leash.fetch(`https://${host}/v1/chat/completions`, { method: 'POST', headers, body })).text()
  }
  expect(await told('eu.api.openai.com')).toContain('"cost":{"usd":0.0022,')
  expect(await told('api.openai.com')).toContain('"cost":{"usd":0.002,')
  await leash.close()
})

test('a stream in Anthropic’s own protocol tells it too', async () => {
  const leash = createLeash({
    providers: mockProviders(mock.url),
    prices,
    use: [(next) => (call) => next({ ...call, options: { ...call.options, costs: true } })],
  })
  const anthropic = leash.wrap(new Anthropic({ apiKey: 'key', baseURL: mock.url }))
  const stream = await anthropic.messages.create({ model: 'claude-haiku-4-5', max_tokens: 50, messages, stream: true })
  for await (const event of stream) expect(event).toHaveProperty('leash.cost.usd')
})

test('a stream of OpenAI’s Responses, which says everything again at its end, counts it once', async () => {
  const stream = await client().responses.create(
    { model: 'gpt-4o-mini', input: 'Count to eight.', stream: true },
    { leash: { costs: true } },
  )
  const costs: unknown[] = []
  for await (const event of stream) costs.push(Object(Object(Object(event).leash).cost).usd)
  const { cost } = await reportOf(stream)
  expect(costs.at(-1)).toBe(cost?.usd)
  expect(Math.max(...costs.map(Number))).toBe(cost?.usd)
})

test('what a vendor has searched for a stream of Responses counts while that is coming', async () => {
  const item = { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'a' } }
  const message = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [] }
  const response = { id: 'resp_1', object: 'response', created_at: 1, model: 'gpt-5', output: [item, item, message], tools: [] }
  const events = [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [], usage: null } },
    ...[0, 1].map((output_index) => ({ type: 'response.output_item.done', output_index, item })),
    { type: 'response.output_item.added', output_index: 2, item: message },
    { type: 'response.output_text.delta', output_index: 2, content_index: 0, item_id: 'msg_1', delta: 'Hi' },
    { type: 'response.output_item.done', output_index: 2, item: message },
    {
      type: 'response.completed',
      response: { ...response, status: 'completed', usage: { input_tokens: 9, output_tokens: 1, total_tokens: 10 } },
    },
  ]
  const sent = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  const read = async (stopAtUsd: number) => {
    const openai = new LeashLLM({
      apiKey: 'key',
      prices: { 'openai/*': { ...rates, search: 0.01 } },
      fetch: async () => new Response(sent.join(''), { headers: { 'content-type': 'text/event-stream' } }),
    })
    const stream = await openai.responses.create(
      { model: 'gpt-5', input: 'Hi', stream: true },
      { leash: { stopAtUsd, costs: true } },
    )
    const costs: unknown[] = []
    for await (const event of stream) costs.push(Object(Object(Object(event).leash).cost).usd)
    return costs.map((usd) => Math.floor(Number(usd) * 100))
  }
  expect(await read(0.03)).toEqual([0, 1, 2, 2, 2, 2, 2])
  await expect(read(0.015)).rejects.toMatchObject({ code: 'budget_exceeded' })
})
