/** Tools that only callers of OpenAI's Responses have, called by a model of another vendor whose stream dies. */
import type OpenAI from 'openai'
import { expect, test } from 'vitest'
import { LeashLLM } from '../../../src/index.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useHonest } from './honest.js'

const vendor = useHonest()
const parameters = { type: 'object', properties: { city: { type: 'string' } } }
const tools: OpenAI.Responses.Tool[] = [
  { type: 'tool_search', execution: 'client', description: 'Finds tools.', parameters },
  {
    type: 'namespace',
    name: 'mcp__wx',
    description: 'Weather.',
    tools: [{ type: 'function', name: 'get_weather', parameters, strict: false }],
  },
]

test.each([
  ['A search of tools', 'tool_search', { type: 'tool_search_call', arguments: { city: 'Rome' } }],
  [
    'A tool of a namespace',
    'mcp__wx__get_weather',
    { type: 'function_call', name: 'get_weather', namespace: 'mcp__wx', arguments: '{"city":"Rome"}' },
  ],
])('%s is called once and whole, or the stream fails, wherever it died', async (_, name, call) => {
  const after = [{ type: 'tool-call', id: 'call_1', name, arguments: '{"city":"Rome"}' }] as const
  const client = new LeashLLM({
    providers: mockProviders(vendor.url),
    retry: false,
    circuitBreaker: false,
    resume: { restart: true },
  })
  const outcomes = new Set<string>()
  for (let end = 1; end < 14; end++) {
    Object.assign(vendor.model, { pieces: ['Let ', 'me ', 'look.'], after })
    vendor.script({ end })
    const answer = client.responses.stream({ model: 'anthropic/claude-haiku-4-5', input: 'Find it.', tools })
    const response = await answer.finalResponse().catch(() => undefined)
    outcomes.add(response ? 'went on' : 'failed')
    if (response)
      expect(response.output, `died after ${end} events`).toMatchObject([
        { type: 'message', status: 'completed', content: [{ text: 'Let me look.' }] },
        { status: 'completed', call_id: expect.any(String), ...call },
      ])
    vendor.forget()
  }
  expect([...outcomes].sort()).toEqual(['failed', 'went on'])
})
