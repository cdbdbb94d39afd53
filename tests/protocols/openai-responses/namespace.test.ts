/** Functions in groups, which are OpenAI's alone. */
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { createLeash } from '../../../src/leash.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'
import { decode, wire } from './helpers.js'

const mock = useMock()
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const weather = { type: 'function' as const, name: 'get_weather', parameters, strict: false }
const patch = { type: 'custom' as const, name: 'patch' }
const group: OpenAI.Responses.NamespaceTool = { type: 'namespace', name: 'mcp__wx', description: 'Weather.', tools: [weather] }

describe('functions in a namespace', () => {
  test('are offered one by one, and that is reported', () => {
    const { request, lost } = decode({ tools: [weather, { ...group, tools: [{ ...weather, defer_loading: true }, patch] }] })
    expect(request.tools).toMatchObject([
      { name: 'get_weather' },
      { name: 'mcp__wx__get_weather', namespace: 'mcp__wx', parameters },
      { name: 'mcp__wx__patch', namespace: 'mcp__wx', custom: patch },
    ])
    expect(lost).toMatchObject([
      { path: 'tools[1]', action: 'approximated' },
      { path: 'tools[1].tools[0].defer_loading', action: 'dropped' },
      { path: 'tools[1].tools[1]', action: 'approximated' },
    ])
  })

  test('need a list, and their namespace a name', () => {
    expect(() => decode({ tools: [{ ...group, tools: undefined }] })).toThrow('`tools[0].tools` has to be an array.')
    expect(() => decode({ tools: [{ ...group, name: '' }] })).toThrow('A namespace needs a `name`.')
  })

  test('are called by the same name in the history', () => {
    const { request, lost } = decode({
      input: [
        { type: 'function_call', call_id: 'c1', namespace: 'mcp__wx', name: 'get_weather', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: '24' },
        { type: 'function_call_output', call_id: 'c0', namespace: 'mcp__wx', name: 'get_weather', output: '24' },
      ],
    })
    const name = 'mcp__wx__get_weather'
    expect(request.messages).toMatchObject([
      { content: [{ id: 'c1', name }] },
      {
        content: [
          { id: 'c1', name },
          { id: 'c0', name },
        ],
      },
    ])
    expect(lost).toEqual([])
  })

  test('are told their caller with name and namespace apart, and so are custom tools', () => {
    const { request } = decode({ tools: [{ ...group, tools: [weather, patch] }] })
    const called = (id: string, name: string) => ({ type: 'tool-call', id, name: `mcp__wx__${name}`, arguments: '{}' }) as const
    const events = wire(
      [
        { type: 'start', id: 'r', model: 'm' },
        { type: 'part-start', choice: 0, index: 0, part: called('c1', 'get_weather') },
        { type: 'part-end', choice: 0, index: 0 },
        { type: 'part-start', choice: 0, index: 1, part: called('c2', 'patch') },
        { type: 'part-end', choice: 0, index: 1 },
        { type: 'finish', choice: 0, reason: 'tool-calls' },
        { type: 'end' },
      ],
      request,
    )
    expect(JSON.parse(events.at(-1)?.data ?? '').response.output).toMatchObject([
      { type: 'function_call', call_id: 'c1', name: 'get_weather', namespace: 'mcp__wx' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'patch', namespace: 'mcp__wx' },
    ])
  })

  test.each(['mistral/mistral-small', 'anthropic/claude-haiku-4-5', 'google/gemini-2.5-flash', 'bedrock/amazon.nova-lite-v1:0'])(
    'are called by %s, whose results it reads',
    async (model) => {
      const leash = createLeash({ providers: mockProviders(mock.url) })
      const client = leash.wrap(new OpenAI({ apiKey: 'any', baseURL: `${mock.url}/v1` }))
      const asked: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'Weather, please.' }]
      const { output } = await client.responses.create({ model, input: asked, tools: [group] })
      const call = output.find((item) => item.type === 'function_call')
      if (!call) throw new Error('It called nothing.')
      expect(call).toMatchObject({ name: 'get_weather', namespace: 'mcp__wx' })
      const told = { type: 'function_call_output' as const, call_id: call.call_id, output: '24 degrees' }
      const answer = await client.responses.create({ model, input: [...asked, call, told], tools: [group] })
      expect(answer.output_text).toBe('Tool results: "24 degrees"')
    },
  )
})
