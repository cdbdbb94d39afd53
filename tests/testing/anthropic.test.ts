import type Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type MockUpstream, startMock } from '../../src/testing/index.js'
import { anthropic, collect, failure, pixel, weather } from './clients.js'

let mock: MockUpstream
beforeAll(async () => {
  mock = await startMock()
})
afterAll(() => mock.close())
beforeEach(() => mock.reset())

const model = 'claude-haiku-4-5'
const base = { model, max_tokens: 2000 }
const user = (content: Anthropic.MessageParam['content']): Anthropic.MessageParam => ({ role: 'user', content })
const tools: Anthropic.Tool[] = [
  { name: 'get_weather', input_schema: weather },
  { name: 'get_time', input_schema: { type: 'object' } },
]
const thinking = { type: 'enabled', budget_tokens: 1024 } as const
const ask = (over: Partial<Anthropic.MessageCreateParamsNonStreaming> = {}) =>
  anthropic(mock.url).messages.create({ ...base, messages: [user('Hello there')], ...over })

describe('Anthropic’s client', () => {
  test('gets its words back, with usage and a stop reason', async () => {
    const answer = await ask()
    expect(answer).toMatchObject({ type: 'message', role: 'assistant', model, stop_reason: 'end_turn', stop_sequence: null })
    expect(answer.content).toEqual([{ type: 'text', text: 'Echo: Hello there' }])
    expect(answer.id).toMatch(/^msg_01\w{22}$/)
    expect(answer.usage).toMatchObject({ cache_creation_input_tokens: 0, cache_read_input_tokens: 0 })
    expect(answer._request_id).toMatch(/^req_011/)
  })

  test('accumulates a stream into the same answer', async () => {
    const request = { ...base, thinking, tools, messages: [user('Both, in parallel')] }
    const streamed = await anthropic(mock.url).messages.stream(request).finalMessage()
    const whole = await anthropic(mock.url).messages.create(request)
    const bare = (content: Anthropic.ContentBlock[]) =>
      content.map(({ type, ...rest }) => ({ type, ...('input' in rest ? { name: rest.name, input: rest.input } : {}) }))
    expect(bare(streamed.content)).toEqual(bare(whole.content))
    expect(streamed).toMatchObject({ stop_reason: 'tool_use', usage: whole.usage })
  })

  test('gets tool calls with arguments that fit, empty ones where there is nothing to fit', async () => {
    const { content, stop_reason } = await ask({ tools, messages: [user('Both, in parallel')] })
    expect(stop_reason).toBe('tool_use')
    const inputs = content.flatMap((block) => (block.type === 'tool_use' ? [block.input] : []))
    expect(z.fromJSONSchema(weather).safeParse(inputs[0]).success).toBe(true)
    expect(inputs[1]).toEqual({})
  })

  test('streams no argument piece for empty arguments', async () => {
    const request = { ...base, tools: tools.slice(1), messages: [user('Time')], stream: true as const }
    const events = await collect(await anthropic(mock.url).messages.create(request))
    const pieces = events.flatMap((event) =>
      event.type === 'content_block_delta' && event.delta.type === 'input_json_delta' ? [event.delta.partial_json] : [],
    )
    expect(pieces).toEqual([''])
  })

  test('thinks, calls in parallel, and takes its thinking back with the results', async () => {
    const messages = [user('Both, in parallel')]
    const first = await ask({ thinking, tools, messages })
    expect(first.content.map((block) => block.type)).toEqual(['thinking', 'tool_use', 'tool_use'])
    const results = first.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: `${block.name} ok` }] : [],
    )
    const second = await ask({
      thinking,
      tools,
      messages: [...messages, { role: 'assistant', content: first.content }, user(results)],
    })
    expect(second.content.at(-1)).toMatchObject({ text: 'Tool results: "get_weather ok"; "get_time ok"' })
  })

  test.each([false, true])(
    'calls tools in a loop by its runner, which sends what is new of its thread alone, streamed: %s',
    async (stream) => {
      const runner = anthropic(mock.url).beta.messages.toolRunner({
        ...base,
        stream,
        messages: [{ role: 'user', content: 'Weather?' }],
        tools: [{ name: 'get_weather', input_schema: weather, run: async () => 'sunny', parse: (input: unknown) => input }],
      })
      const { content } = await runner.runUntilDone()
      expect(content).toMatchObject([{ type: 'text', text: expect.stringContaining('sunny') }])
      const sent = mock.requests.map(({ body }) => body)
      expect(sent).toMatchObject([
        { messages: [{ content: 'Weather?' }] },
        { thread: { type: 'continue' }, messages: [{ content: [{ type: 'tool_result' }] }] },
      ])
    },
  )

  test('gets an instance of a schema', async () => {
    const shape = z.object({ city: z.string(), degrees: z.int() })
    const { $schema: _, ...schema } = z.toJSONSchema(shape)
    const { content } = await ask({ output_config: { format: { type: 'json_schema', schema } } })
    const [block] = content
    expect(shape.safeParse(JSON.parse(block?.type === 'text' ? block.text : '')).success).toBe(true)
  })

  test.each([
    [400, 'BadRequestError', 'invalid_request_error'],
    [401, 'AuthenticationError', 'authentication_error'],
    [403, 'PermissionDeniedError', 'permission_error'],
    [404, 'NotFoundError', 'not_found_error'],
    [429, 'RateLimitError', 'rate_limit_error'],
    [500, 'InternalServerError', 'api_error'],
    [529, 'OverloadedError', 'overloaded_error'],
  ])('raises its own class for a scripted %i', async (status, kind, type) => {
    mock.script({ status })
    const error = await failure(ask())
    expect(error.constructor.name).toBe(kind)
    expect(error).toMatchObject({ status, type })
  })

  test('raises its own class for a wrong key and an unknown model', async () => {
    const wrong = anthropic(mock.url, 'invalid').messages.create({ ...base, messages: [user('x')] })
    expect(await failure(wrong)).toMatchObject({ status: 401, type: 'authentication_error' })
    expect(await failure(ask({ model: 'claude-missing' }))).toMatchObject({ status: 404, type: 'not_found_error' })
  })

  test('counts tokens before it asks', async () => {
    const request = { model, messages: [user('Hello there')], tools }
    const { input_tokens } = await anthropic(mock.url).messages.countTokens(request)
    expect(input_tokens).toBe((await ask({ tools })).usage.input_tokens)
  })
})

describe('a message', () => {
  test('names the stop sequence that ended it', async () => {
    const answer = await ask({ stop_sequences: ['nothing', 'there', 'ere'] })
    expect(answer).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'there', content: [{ text: 'Echo: Hello ' }] })
  })

  test('is cut when its tokens run out', async () => {
    const answer = await ask({ max_tokens: 2 })
    expect(answer).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 2 } })
  })

  test('notices images, and those in tool results', async () => {
    const image = { type: 'image' as const, source: { type: 'base64' as const, media_type: 'image/png' as const, data: pixel } }
    const seen = await ask({ messages: [user([image, { type: 'text', text: 'See' }])] })
    expect(seen.content[0]).toMatchObject({ text: 'Echo: See [1 image]' })
    const call = { type: 'tool_use' as const, id: 'toolu_1', name: 'get_time', input: {} }
    const result = { type: 'tool_result' as const, tool_use_id: 'toolu_1', content: [image] }
    const told = await ask({ tools, messages: [user('x'), { role: 'assistant', content: [call] }, user([result])] })
    expect(told.content[0]).toMatchObject({ text: 'Tool results: "[image]"' })
  })

  test('writes the cache where it is marked, and reads it the next time', async () => {
    const system = [{ type: 'text' as const, text: 'Be brief. '.repeat(20), cache_control: { type: 'ephemeral' as const } }]
    const first = (await ask({ system })).usage
    const second = (await ask({ system, messages: [user('Something else')] })).usage
    expect(first.cache_read_input_tokens).toBe(0)
    expect(first.cache_creation_input_tokens).toBeGreaterThan(0)
    expect(first.cache_creation?.ephemeral_5m_input_tokens).toBe(first.cache_creation_input_tokens)
    expect(second).toMatchObject({ cache_creation_input_tokens: 0, cache_read_input_tokens: first.cache_creation_input_tokens })
    expect(second.input_tokens).toBeGreaterThan(0)
    const [{ cache_control: _, ...bare }] = system as [(typeof system)[number]]
    const plain = (await ask({ system: [bare] })).usage
    expect(plain).toMatchObject({ cache_read_input_tokens: 0, cache_creation_input_tokens: 0 })
    expect(plain.input_tokens).toBe(first.input_tokens + (first.cache_creation_input_tokens ?? 0))
  })

  test('tells the two lives of a cache apart', async () => {
    const part = (text: string, ttl: '5m' | '1h') => ({
      type: 'text' as const,
      text,
      cache_control: { type: 'ephemeral' as const, ttl },
    })
    const { usage } = await ask({ system: [part('For an hour. '.repeat(9), '1h'), part('For a while. '.repeat(9), '5m')] })
    const { ephemeral_1h_input_tokens: hour = 0, ephemeral_5m_input_tokens: minutes = 0 } = usage.cache_creation ?? {}
    expect(Math.min(hour, minutes)).toBeGreaterThan(10)
    expect(usage.cache_creation_input_tokens).toBe(hour + minutes)
  })

  test('is the rest of what the caller began', async () => {
    const answer = await ask({ messages: [user('Hello there'), { role: 'assistant', content: 'Echo: Hel' }] })
    expect(answer.content[0]).toMatchObject({ text: 'lo there' })
  })

  test('redacts its thinking on Anthropic’s own word, and takes it back', async () => {
    const magic =
      'ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_46C9A13E193C177646C7398A98432ECCCE4C1253D5E2D82641AC0E52CC2876CB'
    const messages = [user(magic)]
    const first = await ask({ thinking, tools, messages })
    expect(first.content.map((block) => block.type)).toEqual(['redacted_thinking', 'tool_use'])
    const id = first.content.find((block) => block.type === 'tool_use')?.id ?? ''
    const results = user([{ type: 'tool_result', tool_use_id: id, content: 'ok' }])
    const second = await ask({ thinking, tools, messages: [...messages, { role: 'assistant', content: first.content }, results] })
    expect(second.stop_reason).toBe('end_turn')
  })

  test('can have thinking without its text', async () => {
    const { content } = await ask({ thinking: { ...thinking, display: 'omitted' } })
    expect(content[0]).toMatchObject({ type: 'thinking', thinking: '', signature: expect.stringMatching(/.{60}/) })
  })
})

describe('Anthropic refuses', () => {
  const thought = async () => {
    const messages = [user('Weather')]
    const first = await ask({ thinking, tools, messages })
    const [block, call] = first.content
    if (block?.type !== 'thinking' || call?.type !== 'tool_use') throw new Error('it did not think and call')
    return { messages, block, call, results: user([{ type: 'tool_result', tool_use_id: call.id, content: 'grey' }]) }
  }
  const back = (messages: Anthropic.MessageParam[]) => failure(ask({ thinking, tools, messages }))

  test.each<[string, (block: Anthropic.ThinkingBlock) => Anthropic.ThinkingBlock]>([
    ['thinking whose text was changed', (block) => ({ ...block, thinking: `${block.thinking}!` })],
    ['thinking whose signature was changed', (block) => ({ ...block, signature: block.signature.toLowerCase() })],
    ['thinking whose signature has a line break in it', (block) => ({ ...block, signature: `${block.signature}\n` })],
    ['thinking whose signature is gone', (block) => ({ ...block, signature: '' })],
  ])('%s', async (_, change) => {
    const { messages, block, call, results } = await thought()
    const error = await back([...messages, { role: 'assistant', content: [change(block), call] }, results])
    expect(error).toMatchObject({ status: 400 })
    expect(error.message).toContain('messages.1.content.0: Invalid `signature` in `thinking` block')
  })

  test('results without the thinking in front of the call', async () => {
    const { messages, call, results } = await thought()
    const error = await back([...messages, { role: 'assistant', content: [call] }, results])
    expect(error.message).toContain('Expected `thinking` or `redacted_thinking`, but found `tool_use`')
  })

  test('no results without it where the model thinks by effort', async () => {
    const { messages, call, results } = await thought()
    const turns = [...messages, { role: 'assistant' as const, content: [call] }, results]
    const { content } = await ask({ model: 'claude-opus-4-8', thinking: { type: 'adaptive' }, tools, messages: turns })
    expect(content.at(-1)).toMatchObject({ type: 'text', text: expect.stringContaining('grey') })
  })

  test('a signature that another seed has made', async () => {
    const other = await startMock({ seed: 'other' })
    const { content } = await anthropic(other.url).messages.create({ ...base, thinking, messages: [user('Hi')] })
    await other.close()
    const error = await failure(ask({ messages: [user('Hi'), { role: 'assistant', content }, user('Go on')] }))
    expect(error.message).toContain('Invalid `signature`')
  })

  const messages = [user('Hi')]
  const call = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }
  const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'x' }
  const marked = { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }
  test.each<[string, Record<string, unknown>, string]>([
    ['no max_tokens', { model, messages }, 'max_tokens: Field required'],
    ['no model', { max_tokens: 9, messages }, 'model: Field required'],
    ['no messages', base, 'messages: Field required'],
    ['a member that it does not know', { ...base, messages, n: 2 }, 'n: Extra inputs are not permitted'],
    [
      'an unknown role',
      { ...base, messages: [{ role: 'tool', content: 'x' }] },
      "messages.0.role: Input should be 'user' or 'assistant'",
    ],
    ['a system message', { ...base, messages: [{ role: 'system', content: 'x' }, ...messages] }, 'Unexpected role "system"'],
    ['empty text', { ...base, messages: [user([{ type: 'text', text: '' }])] }, 'text content blocks must be non-empty'],
    [
      'a result without its call',
      { ...base, messages: [{ role: 'user', content: [result] }] },
      'unexpected `tool_use_id` found in `tool_result` blocks: toolu_1',
    ],
    [
      'a call without its result',
      { ...base, messages: [...messages, { role: 'assistant', content: [call] }, user('?')] },
      'messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1',
    ],
    [
      'arguments as text',
      { ...base, messages: [...messages, { role: 'assistant', content: [{ ...call, input: '{}' }] }] },
      'Input should be a valid dictionary',
    ],
    ['a tool without a schema', { ...base, messages, tools: [{ name: 'f' }] }, 'tools.0.custom.input_schema: Field required'],
    ['two tools of one name', { ...base, messages, tools: [tools[0], tools[0]] }, 'Tool names must be unique'],
    [
      'a small thinking budget',
      { ...base, messages, thinking: { type: 'enabled', budget_tokens: 9 } },
      'greater than or equal to 1024',
    ],
    [
      'a thinking budget over max_tokens',
      { ...base, max_tokens: 1024, messages, thinking },
      'must be greater than `thinking.budget_tokens`',
    ],
    [
      'thinking with a forced tool',
      { ...base, messages, tools, thinking, tool_choice: { type: 'any' } },
      'Thinking may not be enabled when tool_choice forces',
    ],
    ['thinking with a temperature', { ...base, messages, thinking, temperature: 0 }, '`temperature` may only be set to 1'],
    ['a temperature of two', { ...base, messages, temperature: 2 }, 'temperature: range: 0..1'],
    [
      'five cache marks',
      { ...base, messages: [{ role: 'user', content: Array.from({ length: 5 }, () => marked) }] },
      'A maximum of 4 blocks with cache_control',
    ],
    [
      'a prefill on new models',
      { ...base, model: 'claude-opus-4-6', messages: [...messages, { role: 'assistant', content: 'x' }] },
      'does not support assistant message prefill',
    ],
    [
      'a prefill that ends in a space',
      { ...base, messages: [...messages, { role: 'assistant', content: 'x ' }] },
      'trailing whitespace',
    ],
    [
      'an image of OpenAI’s',
      { ...base, messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
      "Input tag 'image_url'",
    ],
  ])('%s', async (_, body, message) => {
    const headers = { 'x-api-key': 'key', 'anthropic-version': '2023-06-01' }
    const response = await fetch(`${mock.url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining(message) },
      request_id: expect.any(String),
    })
  })

  test.each([
    ['no key', {}, 401, 'x-api-key header is required'],
    ['no version', { 'x-api-key': 'key' }, 400, 'anthropic-version: header is required'],
  ])('%s', async (_, headers, status, message) => {
    const response = await fetch(`${mock.url}/v1/messages`, { method: 'POST', headers, body: '{}' })
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(message)])
  })
})

describe('Claude on Vertex', () => {
  const post = (action: string, body: unknown, authorization = 'Bearer token') =>
    fetch(`${mock.url}/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-haiku-4-5@20251001:${action}`, {
      method: 'POST',
      headers: { authorization },
      body: JSON.stringify(body),
    })
  const body = { anthropic_version: 'vertex-2023-10-16', max_tokens: 99, messages: [user('Hi')] }

  test('answers as Anthropic does', async () => {
    expect(await (await post('rawPredict', body)).json()).toMatchObject({ content: [{ text: 'Echo: Hi' }] })
    expect(mock.requests[0]).toMatchObject({ protocol: 'anthropic-messages', model: 'claude-haiku-4-5@20251001' })
  })

  test('streams as Anthropic does', async () => {
    const response = await post('streamRawPredict', { ...body, stream: true })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(await response.text()).toMatch(/^event: message_start\n[\s\S]*event: message_stop\ndata: {"type":"message_stop"}\n\n$/)
  })

  test('wants its version in the body, and no model there', async () => {
    const { anthropic_version: _, ...bare } = body
    expect(await (await post('rawPredict', bare)).text()).toContain('anthropic_version: Field required')
    expect(await (await post('rawPredict', { ...body, model })).text()).toContain('model: Extra inputs are not permitted')
    expect((await post('rawPredict', body, 'Bearer invalid')).status).toBe(401)
  })
})

test('Anthropic lists its models at the address that it shares with others', async () => {
  const models = await collect(anthropic(mock.url).models.list())
  expect(models.map(({ id }) => id)).toContain('claude-haiku-4-5')
})
