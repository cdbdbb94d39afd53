import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.js'
import { knownProtocol } from '../../src/protocols/index.js'
import { toolUses, worstWithTools } from '../../src/protocols/tool-uses.js'

test('a request says how often its tools may be used', () => {
  const tools = [
    { type: 'web_search' },
    { type: 'file_search', vector_store_ids: ['v'] },
    { type: 'function', name: 'web_search' },
  ]
  expect(toolUses('openai-responses', { max_tool_calls: 3, tools })).toEqual({ searches: 3, fileSearches: 3, preview: false })
  const claude = [
    { name: 'f', input_schema: {} },
    { type: 'web_search_20250305', name: 'web_search', max_uses: 2 },
  ]
  expect(toolUses('anthropic-messages', { tools: claude })).toEqual({ searches: 2 })
  const tool = { type: 'provider', id: 'anthropic.web_search_20250305', name: 'web_search' }
  expect(toolUses('ai-sdk', { tools: [{ ...tool, args: { maxUses: 2 } }] })).toEqual({ searches: 2 })
  expect(toolUses('ai-sdk', { tools: [{ ...tool, args: {} }] })).toEqual({ searches: 10 })
})

test('one that does not say it is taken to use them ten times', () => {
  const older = [{ type: 'web_search_preview_2025_03_11' }]
  expect(toolUses('openai-responses', { tools: older })).toEqual({ searches: 10, fileSearches: 0, preview: true })
  expect(toolUses('anthropic-messages', { tools: [{ type: 'web_search_20260209', name: 'web_search' }] })).toEqual({
    searches: 10,
  })
  for (const tools of [[{ google_search: {} }], [{ googleSearch: {} }], { googleSearch: {} }])
    expect(toolUses('gemini', { tools })).toEqual({ searches: 10 })
})

test.each([-5, '3', null])('%j is no number of times, and takes nothing off', (odd) => {
  const [web, claude] = [{ type: 'web_search' }, { type: 'web_search_20260209', name: 'web_search', max_uses: odd }]
  expect(toolUses('openai-responses', { max_tool_calls: odd, tools: [web] })).toMatchObject({ searches: 10 })
  expect(toolUses('anthropic-messages', { tools: [claude] })).toEqual({ searches: 10 })
})

test('a caller’s own tools are none of the vendor’s', () => {
  expect(toolUses('openai-responses', { tools: [{ type: 'function', name: 'web_search' }] })).toMatchObject({
    searches: 0,
    fileSearches: 0,
  })
  expect(toolUses('anthropic-messages', { tools: [{ name: 'web_search', input_schema: {} }] })).toEqual({ searches: 0 })
  expect(toolUses('gemini', { tools: [{ functionDeclarations: [{ name: 'googleSearch' }] }] })).toEqual({ searches: 0 })
  expect(toolUses('gemini', { tools: [{ fileSearch: { fileSearchStoreNames: ['s'] } }] })).toEqual({ searches: 0 })
  expect(toolUses('openai-chat', { tools: [{ type: 'function' }] })).toEqual({})
  expect(toolUses('openai-responses', {})).toEqual({})
})

test('an answer that has to be made in a region may cost what that costs', async () => {
  await Promise.all(['anthropic-messages', 'ai-sdk'].map(knownProtocol))
  const steps = [{ from: 0, rates: { input: 1_000_000, output: 1_000_000 }, request: 0 }]
  const price = { currency: 'USD', source: 's', version: 'v', tiers: { standard: steps }, regional: 1.1 } as const
  const most = (protocol: string, body: JsonObject, spoken = protocol) => {
    const provider = {
      name: 'x',
      protocols: [spoken],
      traits: () => ({}),
      missing: () => undefined,
      prepare: () => expect.fail(),
    }
    const asking = { protocol, body, target: { provider, model: 'm' } }
    return worstWithTools(price, { inputTokens: 500, maxOutputTokens: 500 }, asking)
  }
  expect(most('anthropic-messages', { inference_geo: 'us' })).toBe(1100)
  expect(most('anthropic-messages', { inference_geo: 'global' })).toBe(1000)
  expect(most('anthropic-messages', { inference_geo: 'us' }, 'openai-chat')).toBe(1000)
  expect(most('openai-chat', { inference_geo: 'us' }, 'openai-chat')).toBe(1000)
  expect(most('ai-sdk', { providerOptions: { anthropic: { inferenceGeo: 'us' } } })).toBe(1100)
  expect(most('ai-sdk', {})).toBe(1000)
})
