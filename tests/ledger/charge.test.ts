/** Vendors that tell what they have charged: their bill has tools and discounts in it that no list of prices knows. */
import { describe, expect, test } from 'vitest'
import { LeashLLM, type LedgerLine } from '../../src/index.js'
import { recordings, wireBody } from '../helpers/recorded.js'
import { booked } from './booked.js'

/** What was booked of it. */
async function costOf(...call: Parameters<typeof booked>) {
  const { cost, priceVersion, basis, warnings } = await booked(...call)
  return { cost, priceVersion, basis, warnings }
}

const recorded = (name: string) => wireBody(recordings('openai-chat').find(({ file }) => file.startsWith(name)) ?? expect.fail())
const fromXai = recorded('xai-chat-json-xai-tool-call')
/** It has searched on its own side, which is most of what it charged. */
const fromOpenRouter = recorded('openrouter-chat-stream-test-openrouter-web-search')

const chatAnswer = (usage: object) =>
  JSON.stringify({
    ...{ id: 'c', object: 'chat.completion', created: 1, model: 'm' },
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, ...usage },
  })

describe.each(['chat', 'messages'] as const)('a charge that the vendor tells, to a caller in the words of %s,', (words) => {
  test('is the cost of the call, whatever the tokens come to', async () => {
    const charge = { cost: 7_650_917, priceVersion: 'vendor', basis: 'complete', warnings: [] }
    expect(await costOf('openrouter/deepseek/deepseek-chat', fromOpenRouter, words)).toEqual(charge)
  })

  test('is known where nobody knows the price of the model', async () => {
    const charge = { cost: 139_900, priceVersion: 'vendor', basis: 'complete', warnings: [] }
    expect(await costOf('xai/grok-3-mini', fromXai, words, { prices: { 'xai/*': { unknown: true } } })).toEqual(charge)
  })
})

test('what xAI charges for nothing but tokens is what the list of prices makes of them', async () => {
  const counted = await costOf('xai/grok-3-mini', fromXai, 'chat', { prices: { 'xai/*': { multiplier: 1 } } })
  expect(counted).toMatchObject({ cost: 139_900, priceVersion: expect.stringContaining('+own#') })
})

test('a price of one’s own counts, and not what the vendor tells', async () => {
  const prices = { 'openrouter/*': { input: 1, output: 1 } }
  expect(await costOf('openrouter/m', chatAnswer({ cost: 0.5 }), 'chat', { prices })).toMatchObject({ cost: 15_000 })
})

test('zeros are believed of a vendor that tells its bill, as of an answer out of its own cache, and of no other', async () => {
  const zeros = chatAnswer({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })
  expect(await costOf('openrouter/openai/gpt-4o', zeros)).toMatchObject({ cost: 0, basis: 'complete' })
  expect(await costOf('openai/gpt-4o', zeros)).toMatchObject({ cost: expect.any(Number), basis: 'estimated' })
})

test('with a key of one’s own behind OpenRouter, the bill of the vendor there is added to its fee', async () => {
  const usage = { cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.019 } }
  expect(await costOf('openrouter/m', chatAnswer(usage))).toMatchObject({ cost: 20_000_000 })
  expect(await costOf('openrouter/m', chatAnswer({ ...usage, is_byok: false }))).toMatchObject({ cost: 1_000_000 })
})

test('with a key of one’s own behind OpenRouter, its fee alone is not what the call has cost', async () => {
  for (const cost_details of [undefined, null, { upstream_inference_cost: null }]) {
    const answer = chatAnswer({ cost: 0.001, is_byok: true, cost_details })
    expect(await costOf('openrouter/acme/unheard-of', answer)).toMatchObject({ cost: null })
  }
})

test('Perplexity tells it with its parts, in the words of the Responses API', async () => {
  const cost = { currency: 'USD', input_cost: 0.001, output_cost: 0.002, tool_calls_cost: 0.005, total_cost: 0.008 }
  const answer = JSON.stringify({
    ...{ id: 'r', object: 'response', created_at: 1, model: 'm', status: 'completed', error: null },
    output: [
      {
        type: 'message',
        id: 'm',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'Hi', annotations: [] }],
      },
    ],
    usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15, cost },
  })
  for (const words of ['responses', 'chat'] as const)
    expect(await costOf('perplexity/m', answer, words)).toMatchObject({ cost: 8_000_000, priceVersion: 'vendor' })
})

test('a charge of nothing is no unknown one', async () => {
  for (const model of ['openrouter/m:free', 'openrouter/openai/gpt-4o'])
    expect(await costOf(model, chatAnswer({ cost: 0 }))).toMatchObject({ cost: 0, priceVersion: 'vendor', warnings: [] })
})

test('nine hundred dollars are the most that is believed', async () => {
  const charged = { cost: 900_000_000_000, priceVersion: 'vendor' }
  expect(await costOf('openrouter/acme/unheard-of', chatAnswer({ cost: 900 }))).toMatchObject(charged)
})

test.each([-1, 900.000001, 1e9, '0.5', null, { total_cost: 'free' }])('%j is no charge', async (cost) => {
  expect(await costOf('openrouter/acme/unheard-of', chatAnswer({ cost }))).toMatchObject({ cost: null })
})

test('who is not known to tell charges is not believed', async () => {
  expect(await costOf('groq/acme/unheard-of', chatAnswer({ cost: 0.5, cost_in_usd_ticks: 1e9 }))).toMatchObject({ cost: null })
})

test('OpenRouter tells it of embeddings, too', async () => {
  const answer = JSON.stringify({
    ...{ object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding: [1, 2] }] },
    usage: { prompt_tokens: 8, total_tokens: 8, cost: 0.0000012 },
  })
  expect(await costOf('openrouter/m', answer, 'embeddings')).toEqual({
    ...{ cost: 1200, priceVersion: 'vendor', basis: 'complete', warnings: [] },
  })
})

test('counted by a price of one’s own, what xAI has searched costs what its page says', async () => {
  const answer = JSON.stringify({
    ...{ id: 'r', object: 'response', created_at: 1, model: 'grok-4', status: 'completed' },
    output: [{ type: 'web_search_call', id: 'w', status: 'completed', action: { type: 'search', query: 'a' } }],
    usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15, cost_in_usd_ticks: 1 },
  })
  const prices = { 'xai/*': { multiplier: 0.5 } }
  expect(await costOf('xai/grok-4', answer, 'responses', { prices })).toMatchObject({ cost: 10 * 1500 + 5 * 7500 + 2_500_000 })
})

test('who lives at the address that an SDK was given tells it, whatever the SDK is called', async () => {
  const lines: LedgerLine[] = []
  const client = new LeashLLM({
    apiKey: 'k',
    baseURL: 'https://openrouter.ai/api/v1',
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: async () => new Response(chatAnswer({ cost: 0.5 }), { headers: { 'content-type': 'application/json' } }),
  })
  await client.chat.completions.create({ model: 'openai/gpt-4o', messages: [{ role: 'user', content: 'Hi' }] })
  await client.leash.close()
  expect(lines).toMatchObject([{ provider: 'openrouter', model: 'openai/gpt-4o', cost: 500_000_000, priceVersion: 'vendor' }])
})
