import type OpenAI from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type MockUpstream, startMock } from '../../src/testing/index.js'
import { collect, failure, openai, openai6, pixel, weather } from './clients.js'

let mock: MockUpstream
beforeAll(async () => {
  mock = await startMock()
})
afterAll(() => mock.close())
beforeEach(() => mock.reset())

const model = 'gpt-5'
const tools: OpenAI.Responses.FunctionTool[] = [
  { type: 'function', name: 'get_weather', parameters: { ...weather }, strict: true },
  { type: 'function', name: 'get_time', parameters: null, strict: false },
]
const reasoning = {
  reasoning: { effort: 'low', summary: 'auto' },
  include: ['reasoning.encrypted_content'],
  store: false,
} as const
const thinkingRequest = { model, tools, ...reasoning, include: [...reasoning.include] }

test('takes what Codex tells of itself', async () => {
  const request = { model, input: 'Hello', client_metadata: { turn_id: '1' } }
  expect((await openai(mock.url).responses.create(request)).output_text).toBe('Echo: Hello')
})

describe.each([
  ['openai 7', openai],
  ['openai 6', openai6],
])('%s', (_, connect) => {
  test('gets its words back, with usage and a status', async () => {
    const answer = await connect(mock.url).responses.create({ model, input: 'Hello there' })
    expect(answer.output_text).toBe('Echo: Hello there')
    expect(answer).toMatchObject({ object: 'response', status: 'completed', model, incomplete_details: null })
    expect(answer.usage?.total_tokens).toBe((answer.usage?.input_tokens ?? 0) + (answer.usage?.output_tokens ?? 0))
  })

  test('accumulates a stream into the same answer', async () => {
    const stream = connect(mock.url).responses.stream({ model, input: 'one two three', reasoning: { summary: 'auto' } })
    const events = await collect(stream)
    const final = await stream.finalResponse()
    expect(final.output_text).toBe('Echo: one two three')
    expect(final.output.map((item) => item.type)).toEqual(['reasoning', 'message'])
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index))
    expect(events.at(-1)?.type).toBe('response.completed')
  })

  test('thinks, calls in parallel, and takes its reasoning back with the results', async () => {
    const client = connect(mock.url)
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: 'Both, in parallel' }]
    const first = await client.responses.create({ ...thinkingRequest, input })
    expect(first.output.map((item) => item.type)).toEqual(['reasoning', 'function_call', 'function_call'])
    const results = first.output.flatMap((item) =>
      item.type === 'function_call'
        ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: `${item.name} ok` }]
        : [],
    )
    const second = await client.responses.create({
      ...thinkingRequest,
      input: [...input, ...(first.output as OpenAI.Responses.ResponseInputItem[]), ...results],
    })
    expect(second.output_text).toBe('Tool results: "get_weather ok"; "get_time ok"')
  })

  test('gets an instance of a schema', async () => {
    const shape = z.object({ city: z.string(), degrees: z.number().min(-50).max(50), sky: z.enum(['clear', 'grey']) })
    const text = { format: zodTextFormat(shape, 'weather') }
    const answer = await connect(mock.url).responses.parse({ model, input: 'Weather', text })
    expect(shape.safeParse(answer.output_parsed).success).toBe(true)
  })

  test('raises its own classes', async () => {
    const ask = (key: string, name: string) => failure(connect(mock.url, key).responses.create({ model: name, input: 'x' }))
    expect((await ask('invalid', model)).constructor.name).toBe('AuthenticationError')
    expect((await ask('key', 'gpt-missing')).constructor.name).toBe('NotFoundError')
    mock.script({ status: 429 })
    expect((await ask('key', model)).constructor.name).toBe('RateLimitError')
  })
})

describe('a response', () => {
  const ask = (over: Partial<OpenAI.Responses.ResponseCreateParamsNonStreaming>) =>
    openai(mock.url).responses.create({ model, input: 'Hello there', ...over })

  test('streams its function calls piece by piece', async () => {
    const events = await collect(await openai(mock.url).responses.create({ model, input: 'Weather', tools, stream: true }))
    const deltas = events.flatMap((event) => (event.type === 'response.function_call_arguments.delta' ? [event.delta] : []))
    const done = events.find((event) => event.type === 'response.function_call_arguments.done')
    expect(deltas.length).toBeGreaterThan(1)
    expect(done).toMatchObject({ arguments: deltas.join('') })
  })

  test('is incomplete when its tokens run out', async () => {
    const answer = await ask({ input: 'word '.repeat(40), max_output_tokens: 16 })
    expect(answer).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
    expect(answer.usage?.output_tokens).toBe(16)
  })

  test('goes on from an earlier one', async () => {
    const first = await ask({ input: 'Weather', tools })
    const [call] = first.output
    if (call?.type !== 'function_call') throw new Error('no call')
    const input = [{ type: 'function_call_output' as const, call_id: call.call_id, output: 'grey' }]
    const second = await ask({ previous_response_id: first.id, input, tools })
    expect(second.output_text).toBe('Tool results: "grey"')
    const error = await failure(ask({ previous_response_id: 'resp_unknown', input }))
    expect(error.message).toContain("Previous response with id 'resp_unknown' not found.")
  })

  test('hides its reasoning unless a summary is asked for, and keeps its key unless it is included', async () => {
    const { output } = await ask({ reasoning: { effort: 'low' } })
    expect(output[0]).toMatchObject({ type: 'reasoning', summary: [] })
    expect(output[0]).not.toHaveProperty('encrypted_content')
  })

  test('notices images', async () => {
    const content = [
      { type: 'input_text' as const, text: 'See' },
      { type: 'input_image' as const, image_url: `data:image/png;base64,${pixel}`, detail: 'auto' as const },
    ]
    expect((await ask({ input: [{ role: 'user', content }] })).output_text).toBe('Echo: See [1 image]')
  })
})

describe('OpenAI refuses of a response', () => {
  const thought = async () => {
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: 'Weather' }]
    const { output } = await openai(mock.url).responses.create({ ...thinkingRequest, input })
    const [thinking, call] = output
    if (thinking?.type !== 'reasoning' || call?.type !== 'function_call') throw new Error('it did not think and call')
    const result = { type: 'function_call_output' as const, call_id: call.call_id, output: 'grey' }
    return { input, thinking, call, result }
  }
  const again = (input: OpenAI.Responses.ResponseInputItem[]) =>
    failure(openai(mock.url).responses.create({ ...thinkingRequest, input }))

  test('reasoning that was changed', async () => {
    const { input, thinking, call, result } = await thought()
    const changed = { ...thinking, encrypted_content: `${thinking.encrypted_content?.slice(0, -8)}AAAAAAA=` }
    expect(await again([...input, changed, call, result])).toMatchObject({ status: 400, code: 'invalid_encrypted_content' })
  })

  test('a call whose reasoning is missing', async () => {
    const { input, call, result, thinking } = await thought()
    const error = await again([...input, call, result])
    expect(error.message).toContain(`was provided without its required 'reasoning' item: '${thinking.id}'`)
  })

  test('reasoning without what it led to', async () => {
    const { input, thinking } = await thought()
    expect((await again([...input, thinking])).message).toContain('without its required following item')
  })

  test('reasoning by an id that was not stored', async () => {
    const { input, thinking, call, result } = await thought()
    const { encrypted_content: _, ...bare } = thinking
    expect(await again([...input, bare, call, result])).toMatchObject({ status: 404 })
  })

  const call = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' }
  test.each<[string, Record<string, unknown>, string]>([
    ['no model', { input: 'x' }, "Missing required parameter: 'model'"],
    ['no input', { model }, "One of 'input'"],
    ['messages', { model, messages: [] }, "this parameter has moved to 'input'"],
    ['an unknown member', { model, input: 'x', stop: ['a'] }, "Unknown parameter: 'stop'"],
    ['an unknown role', { model, input: [{ role: 'tool', content: 'x' }] }, "Invalid value: 'tool'"],
    [
      'a part of chat completions',
      { model, input: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] },
      "Invalid value: 'text'",
    ],
    [
      'an output without its call',
      { model, input: [{ type: 'function_call_output', call_id: 'c', output: 'x' }] },
      'No tool call found',
    ],
    ['a call without its output', { model, input: [call] }, 'No tool output found for function call call_1'],
    ['a call with a foreign id', { model, input: [{ ...call, id: 'call_1' }] }, "Expected an ID that begins with 'fc'"],
    ['arguments that are no text', { model, input: [{ ...call, arguments: {} }] }, 'expected a string'],
    ['a nested tool', { model, input: 'x', tools: [{ type: 'function', function: { name: 'f' } }] }, "'tools[0].name'"],
    [
      'a format without a name',
      { model, input: 'x', text: { format: { type: 'json_schema', schema: {} } } },
      "'text.format.name'",
    ],
    ['too few tokens', { model, input: 'x', max_output_tokens: 3 }, 'Expected a value >= 16'],
  ])('%s', async (_, body, message) => {
    const headers = { authorization: 'Bearer key' }
    const response = await fetch(`${mock.url}/v1/responses`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(message)])
  })
})
