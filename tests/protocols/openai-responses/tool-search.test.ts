/** A search of tools that is its caller's own. */
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { createLeash } from '../../../src/leash.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'
import { decode } from './helpers.js'

const mock = useMock()
const string = { type: 'string' }
const search: OpenAI.Responses.ToolSearchTool = {
  type: 'tool_search',
  execution: 'client',
  description: 'Finds tools.',
  parameters: { type: 'object', properties: { query: string }, required: ['query'] },
}
const parameters = { type: 'object', properties: { city: string } }
const weather = { type: 'function' as const, name: 'get_weather', parameters, strict: false }
const group = { type: 'namespace' as const, name: 'mcp__wx', description: 'Weather.', tools: [weather] }
const call = { type: 'tool_search_call' as const, execution: 'client' as const, call_id: 'c1', arguments: { query: 'weather' } }
const inParallel = { role: 'user' as const, content: 'Both, in parallel.' }
const found = { type: 'tool_search_output' as const, execution: 'client' as const, call_id: 'c1', tools: [group] }

describe('a search of tools that its caller makes', () => {
  test('is a function, what it has found is told in words and offered, and all of that is reported', () => {
    const input = [{ role: 'user', content: 'Hi' }, call, found, { ...found, call_id: 'c2' }]
    const { request, lost } = decode({ input, tools: [search] })
    expect(request.tools).toMatchObject([
      { name: 'tool_search', description: 'Finds tools.', parameters: search.parameters, search: true },
      { name: 'mcp__wx__get_weather', namespace: 'mcp__wx' },
    ])
    const content = [{ type: 'text', text: 'The tool "mcp__wx__get_weather" can be called now.' }]
    expect(request.messages.slice(1)).toEqual([
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c1', name: 'tool_search', arguments: '{"query":"weather"}' }] },
      { role: 'tool', content: ['c1', 'c2'].map((id) => ({ type: 'tool-result', id, name: 'tool_search', content })) },
    ])
    expect(lost.map(({ path, action }) => `${action} ${path}`)).toEqual([
      'approximated tools[0]',
      'approximated input[2].tools[0]',
      'approximated input[2]',
      'approximated input[3].tools[0]',
      'approximated input[3]',
    ])
  })

  test('is OpenAI’s own where it is not told otherwise, and what that has found is offered all the same', () => {
    const input = [
      { ...call, execution: 'server', call_id: null },
      { ...found, execution: undefined, call_id: null },
    ]
    const { request, paths } = decode({ input, tools: [{ type: 'tool_search' }] })
    expect(request).toMatchObject({ messages: [], tools: [{ name: 'mcp__wx__get_weather' }] })
    expect(paths).toEqual(['tools[0]', 'input[0]', 'input[1].tools[0]', 'input[1]'])
  })

  test('says so where it has found nothing', () => {
    const { request } = decode({ input: [call, { ...found, tools: [] }], tools: [search] })
    expect(request.messages.at(-1)).toMatchObject({ content: [{ content: [{ text: 'No tool was found.' }] }] })
  })

  test('has tools that were added later beside it', () => {
    const { request, lost } = decode({ input: [{ type: 'additional_tools', role: 'developer', tools: [weather] }] })
    expect(request.tools).toMatchObject([{ name: 'get_weather' }])
    expect(lost).toEqual([])
  })

  test.each(['mistral/mistral-small', 'anthropic/claude-haiku-4-5', 'google/gemini-2.5-flash', 'bedrock/amazon.nova-lite-v1:0'])(
    'is called by %s, which then calls what was found',
    async (model) => {
      const leash = createLeash({ providers: mockProviders(mock.url) })
      const client = leash.wrap(new OpenAI({ apiKey: 'any', baseURL: `${mock.url}/v1` }))
      const asked: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'Weather, please.' }]
      const stream = client.responses.stream({ model, input: asked, tools: [search] })
      const sought = (await stream.finalResponse()).output.find((item) => item.type === 'tool_search_call')
      if (!sought) throw new Error('It sought nothing.')
      expect(sought).toMatchObject({ execution: 'client', status: 'completed', arguments: { query: 'sample query' } })
      const told = { ...found, call_id: sought.call_id }
      const input = [...asked, sought, told, { role: 'assistant' as const, content: 'Found.' }, inParallel]
      const { output } = await client.responses.create({ model, input, tools: [search] })
      const called = { type: 'function_call', name: 'get_weather', namespace: 'mcp__wx' }
      expect(output).toContainEqual(expect.objectContaining(called))
    },
  )
})
