/** Tools that a vendor runs by itself: each use has a price, beside the tokens of what it found. */
import { describe, expect, test } from 'vitest'
import { total } from '../../src/core/usage.js'
import { createLeash, type LeashOptions, type LedgerLine } from '../../src/leash.js'
import { recordings, wireBody } from '../helpers/recorded.js'
import { booked, type Words } from './booked.js'

const recorded = (protocol: string, part: string) =>
  wireBody(recordings(protocol).find(({ file }) => file.includes(part)) ?? expect.fail())

/** Claude has searched twice. */
const claude = {
  model: 'anthropic/claude-sonnet-5',
  streamed: recorded('anthropic-messages', 'web-search-tool-stream'),
  whole: JSON.stringify({
    ...{
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-5',
      stop_reason: 'end_turn',
      stop_sequence: null,
    },
    content: [{ type: 'text', text: 'Hi' }],
    usage: { input_tokens: 10, output_tokens: 5, server_tool_use: { web_search_requests: 2 } },
  }),
}

const said = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'Hi' }],
}
const searched = (action?: object) => ({ type: 'web_search_call', id: 'ws_1', status: 'completed', action })
const search = searched({ type: 'search', queries: ['a', 'b'] })

/** As OpenAI orders it: what its tools have used stands before the tools, and both before the tokens. */
function response(output: readonly object[], more: object = {}, tools: readonly object[] = []) {
  return {
    ...{ id: 'resp_1', object: 'response', created_at: 1, status: 'completed', model: 'gpt-5', output: [...output, said] },
    ...{ service_tier: 'default', ...more, tools },
    usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
  }
}

function streamOf(answer: object): string {
  const events = [
    { type: 'response.created', response: { ...answer, status: 'in_progress', output: [], usage: null } },
    { type: 'response.output_item.added', output_index: 0, item: { ...said, content: [] } },
    { type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'msg_1', delta: 'Hi' },
    { type: 'response.output_item.done', output_index: 0, item: said },
    { type: 'response.completed', response: answer },
  ]
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

/** Two searches, and a page that was opened. */
const twice = response([search, searched({ type: 'open_page', url: 'https://example.com' }), searched()])
const gpt = { model: 'openai/gpt-5-codex', whole: JSON.stringify(twice), streamed: streamOf(twice) }

const grounded = (queries: readonly string[], more: object = {}) => ({
  ...{ responseId: 'r', modelVersion: 'gemini-3-flash-preview', ...more },
  candidates: [
    { content: { parts: [{ text: 'Hi' }] }, index: 0, finishReason: 'STOP', groundingMetadata: { webSearchQueries: queries } },
  ],
})
const tokens = { usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 } }
const gemini = {
  model: 'google/gemini-3-flash-preview',
  whole: JSON.stringify(grounded(['', 'a', 'b', 'a'], tokens)),
  streamed: [grounded(['', 'a']), grounded(['a', 'b'], tokens)].map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join(''),
}

const priced = (model: string, more: object = { search: '0.01' }): LeashOptions['prices'] => ({
  [model]: { input: 1, output: 1, ...more },
})

async function feesOf(model: string, answer: string, words: Words, prices: LeashOptions['prices'] = priced(model)) {
  const { searches, cost, usage, warnings } = await booked(model, answer, words, { prices })
  return { searches, fees: cost === null ? null : cost - total(usage) * 1000, warnings }
}

describe.each(Object.entries({ claude, gpt, gemini }))('%s', (_, { model, whole, streamed }) => {
  // Whoever speaks OpenAI's chat to it gets that back.
  const others = model === gpt.model ? [] : (['chat'] as const)
  describe.each([...others, 'messages', 'responses', 'gemini'] as const)('to a caller in the words of %s', (words) => {
    test.each([
      ['whole', whole],
      ['streamed', streamed],
    ])('an answer that is %s costs what its searches cost beside its tokens', async (_, answer) => {
      expect(await feesOf(model, answer, words)).toEqual({ searches: 2, fees: 20_000_000, warnings: [] })
    })
  })
})

test('the cost is not known where the price of a search is not', async () => {
  const { fees, warnings } = await feesOf(claude.model, claude.whole, 'messages', priced(claude.model, {}))
  expect(fees).toBeNull()
  expect(warnings).toEqual([expect.stringContaining('`search`')])
})

test('where it is the price of the tokens that is not known, it is told so', async () => {
  const dearer = claude.whole.replace('"input_tokens"', '"service_tier":"priority","input_tokens"')
  const { fees, warnings } = await feesOf(claude.model, dearer, 'messages')
  expect(fees).toBeNull()
  expect(warnings).toEqual([expect.stringMatching(/^The price of /)])
})

describe('of OpenAI', () => {
  const fees = async (answer: object, model = 'openai/gpt-5', prices: LeashOptions['prices'] = {}) => {
    const lines = await Promise.all(
      [JSON.stringify(answer), streamOf(answer)].map((sent) => booked(model, sent, 'responses', { prices })),
    )
    const [{ searches, fileSearches, cost, usage, priceVersion } = expect.fail(), streamed] = lines
    expect({ cost: streamed?.cost, searches: streamed?.searches, fileSearches: streamed?.fileSearches }).toEqual({
      cost,
      searches,
      fileSearches,
    })
    return { searches, fileSearches, cost, usage, priceVersion }
  }
  /** Of the ten tokens in and the five out, for a million of each. */
  const cost = (input: number, output: number) => 10_000 * input + 5_000 * output

  test('the searches that it says it bills count, whatever it lists', async () => {
    const told = response([search, search, search], { tool_usage: { web_search: { num_requests: 1 } } })
    expect(await fees(told)).toMatchObject({ searches: 1, cost: cost(1.25, 10) + 10_000_000 })
    expect(await fees(response([search], { tool_usage: { web_search: { num_requests: 0 } } }))).toMatchObject({
      cost: cost(1.25, 10),
    })
  })

  test('a search by the tool of 2025 costs more of a model that does not reason', async () => {
    const preview = response([search], {}, [{ type: 'web_search_preview' }])
    expect(await fees(preview, 'openai/gpt-4o')).toMatchObject({ cost: cost(2.5, 10) + 25_000_000 })
    expect(await fees(preview, 'openai/gpt-5')).toMatchObject({ cost: cost(1.25, 10) + 10_000_000 })
    expect(await fees(response([search], {}, [{ type: 'web_search' }]), 'openai/gpt-4o')).toMatchObject({
      cost: cost(2.5, 10) + 10_000_000,
    })
  })

  test('a search of files costs a quarter of a cent', async () => {
    const files = { type: 'file_search_call', id: 'fs_1', status: 'completed', queries: ['a', 'b'], results: null }
    expect(await fees(response([files, files]))).toMatchObject({ fileSearches: 2, cost: cost(1.25, 10) + 5_000_000 })
  })

  test('a model that draws for the one that was asked costs its own price, apart for words and pictures', async () => {
    const image_gen = {
      ...{
        input_tokens: 1000,
        input_tokens_details: { text_tokens: 200, image_tokens: 800 },
        output_tokens: 400,
        total_tokens: 1400,
      },
      ...{ cached_tokens: 100, cached_tokens_details: { cached_text_tokens: 0, cached_image_tokens: 100 } },
    }
    const drawnBy = (tool: object) =>
      response(
        [{ type: 'image_generation_call', id: 'ig_1', status: 'completed', result: 'aGk=' }],
        { tool_usage: { image_gen } },
        [{ type: 'image_generation', ...tool }],
      )
    const pictures = (200 * 5 + 700 * 8 + 100 * 2 + 400 * 30) * 1000
    for (const model of ['gpt-image-2.5-flare', 'gpt-image-2.6-flare', 'gpt-image-2.6-sunburst']) {
      expect(await fees(drawnBy({ model }))).toMatchObject({
        cost: cost(1.25, 10) + pictures,
        usage: { input: 910, cacheRead: 100, output: 405 },
      })
    }
    const prices = { 'openai/gpt-image-2.6-sunburst': { input: 50, output: 300 } } as const
    const unnamed = await fees(drawnBy({}), undefined, prices)
    expect(unnamed.cost).toBe((await fees(drawnBy({ model: 'gpt-image-2.6-sunburst' }), undefined, prices)).cost)
    expect(unnamed.cost).toBeGreaterThan(cost(1.25, 10) + pictures)
  })

  test('another model writes a drawing, and is paid by its own prices', async () => {
    const svg_usage = { model: 'gpt-5-mini', input_tokens: 300, output_tokens: 100, reasoning_tokens: 60, total_tokens: 400 }
    const written = { type: 'image_generation_call', id: 'ig_1', status: 'completed', output_format: 'svg', svg_usage }
    expect(await fees(response([written, written]))).toMatchObject({
      cost: cost(1.25, 10) + 2 * (300 * 250 + 100 * 2000),
      usage: { input: 610, output: 85, reasoning: 120 },
    })
  })

  test('a model that searches for each request costs a search for each', async () => {
    const answer = JSON.stringify({
      ...{ id: 'c', object: 'chat.completion', model: 'gpt-5-search-api', created: 1 },
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hi' } }],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    })
    expect((await booked('openai/gpt-5-search-api', answer)).cost).toBe(cost(1.25, 10) + 10_000_000)
    expect((await booked('openai/gpt-4o-search-preview', answer)).cost).toBe(cost(2.5, 10) + 25_000_000)
    expect((await booked('openai/gpt-4o-mini-search-preview', answer)).cost).toBe(cost(0.15, 0.6) + 25_000_000)
  })
})

describe('of Google', () => {
  test('each query costs, and with older models the prompt that took them', async () => {
    expect((await booked(gemini.model, gemini.whole, 'gemini')).cost).toBe(10 * 500 + 5 * 3000 + 28_000_000)
    expect((await booked('google/gemini-2.5-pro', gemini.whole, 'gemini')).cost).toBe(10 * 1250 + 5 * 10_000 + 35_000_000)
    const free = { 'google/*': { search: 0 } } as const
    expect((await booked(gemini.model, gemini.whole, 'gemini', { prices: free })).cost).toBe(10 * 500 + 5 * 3000)
  })

  test('what was recorded has one query, beside an empty one', async () => {
    const answer = recorded('gemini', 'native-output-with-builtin-tools-stream')
    expect(await booked(gemini.model, answer, 'gemini')).toMatchObject({ searches: 1, cost: 87 * 500 + 78 * 3000 + 14_000_000 })
  })

  test('pictures and sound that was cached have a price of their own', async () => {
    const usageMetadata = {
      ...{ promptTokenCount: 1000, cachedContentTokenCount: 600, candidatesTokenCount: 1300, totalTokenCount: 2300 },
      cacheTokensDetails: [
        { modality: 'TEXT', tokenCount: 200 },
        { modality: 'AUDIO', tokenCount: 400 },
      ],
      candidatesTokensDetails: [
        { modality: 'IMAGE', tokenCount: 1290 },
        { modality: 'TEXT', tokenCount: 10 },
      ],
    }
    const answer = JSON.stringify(grounded([], { usageMetadata }))
    const drawn = await booked('google/gemini-2.5-flash-image', answer, 'gemini')
    expect(drawn).toMatchObject({ apart: { imageOutput: 1290, audioCacheRead: 400 }, usage: { output: 1300, cacheRead: 600 } })
    expect(drawn.cost).toBe(1000 * 300 + 10 * 2500 + 1290 * 30_000)
    expect((await booked('google/gemini-2.5-flash', answer, 'gemini')).cost).toBe(400 * 300 + 200 * 30 + 400 * 100 + 1300 * 2500)
  })
})

test('a vendor’s own bill has what its tools and other models have cost', async () => {
  const answer = response([search], { tool_usage: { image_gen: { input_tokens: 1, output_tokens: 1 } } })
  const billed = JSON.stringify({ ...answer, usage: { ...answer.usage, cost_in_usd_ticks: 1_000_000 } })
  expect(await booked('xai/grok-4', billed, 'responses')).toMatchObject({ cost: 100_000, searches: 1, priceVersion: 'vendor' })
})

describe('a stream that its caller leaves', () => {
  const files = { type: 'file_search_call', id: 'fs_1', status: 'completed', queries: ['a'], results: null }
  const events = (items: readonly object[]) => [
    { type: 'response.created', response: { id: 'r', status: 'in_progress', output: [], usage: null } },
    ...items.map((item, output_index) => ({ type: 'response.output_item.done', output_index, item })),
    { type: 'response.output_item.added', output_index: 9, item: { ...said, content: [] } },
    { type: 'response.output_text.delta', output_index: 9, content_index: 0, item_id: 'msg_1', delta: 'Hi' },
  ]
  const responses = (...items: readonly object[]) =>
    events(items)
      .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
      .join('')
  const untilTheEnd = claude.streamed.slice(0, claude.streamed.indexOf('event: message_delta'))

  /** The line of one that is left when all of this has come. */
  async function left(model: string, said: string, words: 'responses' | 'messages') {
    const lines: LedgerLine[] = []
    const leash = createLeash({
      providers: { openai: { apiKey: 'k' }, anthropic: { apiKey: 'k' } },
      ledger: { sink: (more) => void lines.push(...more) },
      prices: priced(model, { search: '0.01', fileSearch: '0.001' }),
      fetch: async () => {
        const body = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode(said)) })
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
      },
    })
    const url = words === 'messages' ? 'https://api.anthropic.com/v1/messages' : 'https://api.openai.com/v1/responses'
    const asked = words === 'messages' ? { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 99 } : { input: 'Hi' }
    const answer = await leash.fetch(url, {
      method: 'POST',
      headers: { authorization: 'Bearer k' },
      body: JSON.stringify({ model, stream: true, ...asked }),
    })
    const reader = (answer.body ?? expect.fail()).getReader()
    await reader.read()
    await reader.cancel()
    await leash.close()
    const [{ searches, fileSearches, cost, usage, basis } = expect.fail()] = lines
    return { searches, fileSearches, basis, input: usage.input, fees: (cost ?? Number.NaN) - total(usage) * 1000 }
  }

  test('has cost what was searched for it until then: Responses', async () => {
    const answer = responses(search, searched({ type: 'open_page', url: 'https://example.com' }), files, search)
    expect(await left(gpt.model, answer, 'responses')).toEqual({
      ...{ searches: 2, fileSearches: 1, basis: 'estimated', input: 1 },
      fees: 21_000_000,
    })
    expect(await left(gpt.model, responses(), 'responses')).toMatchObject({ searches: undefined, fees: 0 })
  })

  test('has cost at least its request, where its vendor tells of that at the end alone', async () => {
    const late = untilTheEnd.replace(/"input_tokens":\d+/, '"input_tokens":0')
    expect(late).not.toBe(untilTheEnd)
    expect((await left(claude.model, late, 'messages')).input).toBeGreaterThan(0)
  })

  test('has cost what was searched for it until then: Messages', async () => {
    expect(await left(claude.model, untilTheEnd, 'messages')).toMatchObject({ searches: 2, fees: 20_000_000 })
    const failed = untilTheEnd.replaceAll(
      /"web_search_tool_result",("tool_use_id":"[^"]+"),"content":\[.*/g,
      '"web_search_tool_result",$1,"content":{"type":"web_search_tool_result_error","error_code":"unavailable"}}}',
    )
    expect(failed).not.toBe(untilTheEnd)
    expect(await left(claude.model, failed, 'messages')).toMatchObject({ searches: undefined, fees: 0 })
  })
})

describe('of a vendor that tells what cannot be', () => {
  const web = (num_requests: number) => response([search], { tool_usage: { web_search: { num_requests } } })
  const claudes = (web_search_requests: number) => ({
    ...JSON.parse(claude.whole),
    usage: { input_tokens: 10, output_tokens: 5, server_tool_use: { web_search_requests } },
  })
  const advised = JSON.parse(claude.whole)
  advised.usage.iterations = [{ type: 'advisor_message', model: 'claude-opus-4-5', input_tokens: 1e12, output_tokens: 1 }]
  const drawn = response([search], { tool_usage: { image_gen: { input_tokens: 1e12, output_tokens: 1e12 } } })

  test.each([
    ['Responses', gpt.model, 'responses', web(1e12)],
    ['Messages', claude.model, 'messages', claudes(1e300)],
    ['a model that draws', gpt.model, 'responses', drawn],
    ['a model that advises', claude.model, 'messages', advised],
  ] as const)('no more is booked than an estimate: %s', async (_, model, words, answer) => {
    const { basis, searches, cost } = await booked(model, JSON.stringify(answer), words)
    expect({ basis, searches }).toEqual({ basis: 'estimated', searches: undefined })
    expect(cost).toBeLessThan(1_000_000)
  })

  test.each([
    ['Responses', gpt.model, 'responses', web(-5)],
    ['Messages', claude.model, 'messages', claudes(-5)],
  ] as const)('fewer searches than none take nothing off the cost: %s', async (_, model, words, answer) => {
    const { searches, fees } = await feesOf(model, JSON.stringify(answer), words)
    expect({ searches, fees }).toEqual({ searches: undefined, fees: 0 })
  })

  test('half a search is a whole one', async () => {
    expect(await feesOf(gpt.model, JSON.stringify(web(1.5)), 'responses')).toMatchObject({ searches: 2, fees: 20_000_000 })
  })
})

/** Who was asked for a search of the web, and the status. */
async function searching(options: LeashOptions) {
  const leash = createLeash({
    providers: { openai: { apiKey: 'k' } },
    fetch: async () => new Response(gpt.whole, { headers: { 'content-type': 'application/json' } }),
    ...options,
  })
  const body = JSON.stringify({ model: 'gpt-5', input: 'Hi', max_output_tokens: 16, tools: [{ type: 'web_search' }] })
  const { status, headers } = await leash.fetch('https://api.openai.com/v1/responses', { method: 'POST', body })
  await leash.close()
  return { status, model: headers.get('x-leash-model') }
}

test.each([{}, { fallback: ['openai/gpt-5-mini'] }, { routes: { 'gpt-5': { targets: ['openai/gpt-5'] } } }] as LeashOptions[])(
  '`maxCostUsd` counts what the searches of a request may cost: %j',
  async (options) => {
    expect((await searching({ ...options, maxCostUsd: 0.099 })).status).toBe(402)
    expect((await searching({ ...options, maxCostUsd: 0.102 })).status).toBe(200)
  },
)

test('a route by cost counts them', async () => {
  const routes = { 'gpt-5': { targets: ['openai/gpt-5', 'openai/gpt-5-mini'], prefer: 'cost' } } as const
  expect(await searching({ routes })).toMatchObject({ model: 'gpt-5-mini' })
  expect(await searching({ routes, prices: { 'openai/gpt-5-mini': { search: 0.02 } } })).toMatchObject({ model: 'gpt-5' })
})

describe('a budget', () => {
  const asking = async (usd: number, more: object) => {
    const leash = createLeash({
      providers: { openai: { apiKey: 'k' } },
      budgets: [{ limit: { usd }, per: 'day' }],
      fetch: async () => new Response(gpt.whole, { headers: { 'content-type': 'application/json' } }),
    })
    const body = JSON.stringify({ model: 'gpt-5', input: 'Hi', max_output_tokens: 16, tools: [{ type: 'web_search' }], ...more })
    const { status } = await leash.fetch('https://api.openai.com/v1/responses', { method: 'POST', body })
    await leash.close()
    return status
  }

  test('sets aside what the searches of a request may cost', async () => {
    expect(await asking(0.025, { max_tool_calls: 2 })).toBe(200)
    expect(await asking(0.025, { max_tool_calls: 3 })).toBe(402)
    expect(await asking(0.095, {})).toBe(402)
    expect(await asking(0.105, {})).toBe(200)
  })

  test.each([undefined, false] as const)('is not used up by numbers that cannot be, with the ledger %s', async (ledger) => {
    for (const num_requests of [1e12, -1e12]) {
      const leash = createLeash({
        providers: { openai: { apiKey: 'k' } },
        budgets: [{ limit: { usd: 1 }, per: 'day' }],
        ledger,
        fetch: async () => Response.json(response([search], { tool_usage: { web_search: { num_requests } } })),
      })
      const body = JSON.stringify({ model: 'gpt-5', input: 'Hi', max_output_tokens: 16, tools: [{ type: 'web_search' }] })
      await (await leash.fetch('https://api.openai.com/v1/responses', { method: 'POST', body })).text()
      const [budget] = await leash.budgets()
      await leash.close()
      expect(budget).toMatchObject({ spent: expect.toSatisfy((usd) => usd < 0.2), reserved: 0 })
    }
  })
})
