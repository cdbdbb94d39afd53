import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import OpenAI6 from 'openai-6'
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

const model = 'gpt-4.1'
const user = (content: string): OpenAI.ChatCompletionMessageParam => ({ role: 'user', content })
const tools: OpenAI.ChatCompletionTool[] = [
  { type: 'function', function: { name: 'get_weather', parameters: { ...weather } } },
  { type: 'function', function: { name: 'get_time' } },
]

describe.each([
  ['openai 7', openai],
  ['openai 6', openai6],
])('%s', (_, connect) => {
  test('gets its words back, with usage and a finish reason', async () => {
    const answer = await connect(mock.url).chat.completions.create({ model, messages: [user('Hello there')] })
    expect(answer.choices[0]).toMatchObject({ index: 0, finish_reason: 'stop', logprobs: null })
    expect(answer.choices[0]?.message).toMatchObject({ role: 'assistant', content: 'Echo: Hello there', refusal: null })
    expect(answer).toMatchObject({ object: 'chat.completion', model, service_tier: 'default' })
    expect(answer.id).toMatch(/^chatcmpl-\w{29}$/)
    const { prompt_tokens, completion_tokens, total_tokens } = answer.usage ?? { prompt_tokens: 0, completion_tokens: 0 }
    expect(prompt_tokens).toBeGreaterThan(0)
    expect(completion_tokens).toBeGreaterThan(0)
    expect(total_tokens).toBe(prompt_tokens + completion_tokens)
  })

  test('accumulates a stream into the same answer', async () => {
    const request = { model, messages: [user('one two three')] }
    const client = connect(mock.url)
    const streamed = await client.chat.completions.stream(request).finalChatCompletion()
    const whole = await client.chat.completions.create(request)
    expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content)
    expect(streamed.choices[0]?.finish_reason).toBe('stop')
  })

  test('gets a tool call with arguments that fit the schema', async () => {
    const answer = await connect(mock.url).chat.completions.create({ model, messages: [user('Weather?')], tools })
    const [call] = answer.choices[0]?.message.tool_calls ?? []
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } })
    expect(call).toMatchObject({ type: 'function', id: expect.stringMatching(/^call_\w{24}$/) })
    if (call?.type !== 'function') throw new Error('no function call')
    expect(call.function.name).toBe('get_weather')
    expect(z.fromJSONSchema(weather).safeParse(JSON.parse(call.function.arguments)).success).toBe(true)
  })

  test('makes parallel calls, streams them, and gets the results quoted', async () => {
    const client = connect(mock.url)
    const messages = [user('Both, in parallel')]
    const stream = client.chat.completions.stream({ model, messages, tools })
    const first = (await stream.finalChatCompletion()).choices[0]?.message
    expect(first?.tool_calls?.map((call) => call.type === 'function' && call.function.name)).toEqual(['get_weather', 'get_time'])
    expect(first?.tool_calls?.map((call) => call.type === 'function' && call.function.arguments).at(1)).toBe('{}')
    if (!first) throw new Error('no message')
    const results = first.tool_calls?.map((call, at) => ({
      role: 'tool' as const,
      tool_call_id: call.id,
      content: `result ${at}`,
    }))
    const second = await client.chat.completions.create({ model, tools, messages: [...messages, first, ...(results ?? [])] })
    expect(second.choices[0]?.message.content).toBe('Tool results: "result 0"; "result 1"')
  })

  test('gets an instance of a schema', async () => {
    const shape = z.object({ name: z.string(), size: z.number().int().min(3).max(5), tags: z.array(z.string()) })
    const answer = await connect(mock.url).chat.completions.parse({
      model,
      messages: [user('An object, please')],
      response_format: zodResponseFormat(shape, 'thing'),
    })
    expect(shape.safeParse(answer.choices[0]?.message.parsed).success).toBe(true)
  })

  test.each([
    ['a wrong key', 'invalid', model, 401, 'AuthenticationError', 'invalid_api_key'],
    ['an unknown model', 'key', 'gpt-missing', 404, 'NotFoundError', 'model_not_found'],
  ])('raises its own class for %s', async (_title, key, name, status, kind, code) => {
    const error = await failure(connect(mock.url, key).chat.completions.create({ model: name, messages: [user('x')] }))
    expect(error.constructor.name).toBe(kind)
    expect(error).toMatchObject({ status, code, requestID: expect.stringMatching(/^req_/) })
  })

  test.each([
    [400, 'BadRequestError'],
    [403, 'PermissionDeniedError'],
    [409, 'ConflictError'],
    [422, 'UnprocessableEntityError'],
    [429, 'RateLimitError'],
    [500, 'InternalServerError'],
    [503, 'InternalServerError'],
  ])('raises its own class for a scripted %i', async (status, kind) => {
    mock.script({ status })
    const error = await failure(connect(mock.url).chat.completions.create({ model, messages: [user('x')] }))
    expect([error.constructor.name, 'status' in error && error.status]).toEqual([kind, status])
  })
})

describe('a chat completion', () => {
  const ask = (over: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}) =>
    openai(mock.url).chat.completions.create({ model, messages: [user('Hello there')], ...over })
  const askStream = (over: Partial<OpenAI.ChatCompletionCreateParamsStreaming> = {}) =>
    openai(mock.url).chat.completions.create({ model, messages: [user('Hello there')], stream: true, ...over })

  test('stops in front of a stop sequence', async () => {
    const { choices } = await ask({ stop: ['there'] })
    expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Echo: Hello ' } })
  })

  test('is cut when its tokens run out', async () => {
    const { choices, usage } = await ask({ max_completion_tokens: 3 })
    expect(choices[0]?.finish_reason).toBe('length')
    expect(usage?.completion_tokens).toBe(3)
    expect('Echo: Hello there').toContain(choices[0]?.message.content)
  })

  test('comes as often as asked, each time different', async () => {
    const { choices } = await ask({ n: 3 })
    expect(choices.map((choice) => choice.message.content)).toEqual([
      'Echo: Hello there',
      'Echo: Hello there (2)',
      'Echo: Hello there (3)',
    ])
  })

  test('interleaves the chunks of several choices', async () => {
    const chunks = await collect(await askStream({ n: 2 }))
    const texts = ['', '']
    for (const { index, delta } of chunks.flatMap((chunk) => chunk.choices)) texts[index] += delta.content ?? ''
    expect(texts).toEqual(['Echo: Hello there', 'Echo: Hello there (2)'])
    expect(chunks.slice(0, 4).map((chunk) => chunk.choices[0]?.index)).toEqual([0, 1, 0, 1])
  })

  test('has log probabilities whose tokens are the text', async () => {
    const { choices } = await ask({ logprobs: true, top_logprobs: 2 })
    const content = choices[0]?.logprobs?.content ?? []
    expect(content.map(({ token }) => token).join('')).toBe('Echo: Hello there')
    expect(content[0]?.top_logprobs).toHaveLength(2)
  })

  test('says nothing of usage in a stream unless asked', async () => {
    const chunks = await collect(await askStream())
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true)
  })

  test('says usage null in every chunk and tells it in one more, when asked', async () => {
    const chunks = await collect(await askStream({ stream_options: { include_usage: true } }))
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: expect.any(Number) } })
  })

  test('notices images and files', async () => {
    const image = { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${pixel}` } }
    const { choices } = await ask({ messages: [{ role: 'user', content: [{ type: 'text', text: 'See' }, image, image] }] })
    expect(choices[0]?.message.content).toBe('Echo: See [2 images]')
  })

  test('calls the tool that is forced, and none when none may be called', async () => {
    const forced = await ask({ tools, tool_choice: { type: 'function', function: { name: 'get_time' } } })
    expect(forced.choices[0]?.message.tool_calls).toMatchObject([{ function: { name: 'get_time', arguments: '{}' } }])
    const none = await ask({ tools, tool_choice: 'none' })
    expect(none.choices[0]?.message).toMatchObject({ content: 'Echo: Hello there' })
  })

  test('makes one call when parallel calls are off', async () => {
    const { choices } = await ask({ tools, messages: [user('parallel')], parallel_tool_calls: false })
    expect(choices[0]?.message.tool_calls).toHaveLength(1)
  })

  test("counts the thinking of OpenAI's models, and shows that of others", async () => {
    const hidden = await ask({ model: 'gpt-5', reasoning_effort: 'low' })
    expect(hidden.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0)
    expect(hidden.choices[0]?.message).not.toHaveProperty('reasoning_content')
    const shown = await ask({ model: 'deepseek-reasoner', reasoning_effort: 'low' })
    expect(shown.choices[0]?.message).toHaveProperty('reasoning_content', 'I was asked: Hello there')
  })

  test('reads a long prompt from the cache the second time', async () => {
    const messages = [user('long '.repeat(3000))]
    const first = await ask({ messages })
    const second = await ask({ messages: [...messages, { role: 'assistant', content: 'ok' }, user('and now?')] })
    expect(first.usage?.prompt_tokens_details?.cached_tokens).toBe(0)
    const cached = second.usage?.prompt_tokens_details?.cached_tokens ?? 0
    expect(cached).toBeGreaterThanOrEqual(1024)
    expect(cached % 128).toBe(0)
  })

  test('is found behind Azure’s address, with its key in another header', async () => {
    const response = await fetch(`${mock.url}/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21`, {
      method: 'POST',
      headers: { 'api-key': 'key' },
      body: JSON.stringify({ messages: [user('Hello')] }),
    })
    expect(await response.json()).toMatchObject({ model: 'my-gpt', choices: [{ message: { content: 'Echo: Hello' } }] })
    expect(mock.requests[0]).toMatchObject({ protocol: 'openai-chat', model: 'my-gpt', query: { 'api-version': '2024-10-21' } })
  })

  test('is refused in Azure’s words when there is no such deployment', async () => {
    const address = `${mock.url}/openai/deployments/missing/chat/completions?api-version=2024-10-21`
    const response = await fetch(address, { method: 'POST', headers: { 'api-key': 'key' }, body: '{}' })
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('DeploymentNotFound')])
  })
})

describe('OpenAI refuses', () => {
  const post = async (body: unknown, headers: Record<string, string> = { authorization: 'Bearer key' }) => {
    const response = await fetch(`${mock.url}/v1/chat/completions`, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    const { error } = (await response.json()) as { error: Record<string, unknown> }
    return { status: response.status, message: '', ...error }
  }
  const messages = [user('Hi')]
  const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }
  const open = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
  const strict = (parameters: unknown) => [{ type: 'function', function: { name: 'f', strict: true, parameters } }]

  test.each<[string, unknown, string]>([
    ['a body that is no JSON', '{"model"', 'We could not parse the JSON body'],
    ['no model', { messages }, 'you must provide a model parameter'],
    ['no messages', { model }, "Missing required parameter: 'messages'"],
    ['empty messages', { model, messages: [] }, "Invalid 'messages': empty array"],
    ['an unknown role', { model, messages: [{ role: 'robot', content: 'x' }] }, "Invalid value: 'robot'"],
    [
      'a tool message without its call',
      { model, messages: [...messages, { role: 'tool', tool_call_id: 'call_1', content: 'x' }] },
      "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'",
    ],
    [
      'a call without its tool message',
      { model, messages: [...messages, { role: 'assistant', tool_calls: [call] }, user('?')] },
      'The following tool_call_ids did not have response messages: call_1',
    ],
    [
      'a call without its tool message at the end',
      { model, messages: [...messages, { role: 'assistant', tool_calls: [call] }] },
      'The following tool_call_ids did not have response messages: call_1',
    ],
    [
      'an image in a tool message',
      {
        model,
        messages: [
          ...messages,
          { role: 'assistant', tool_calls: [call] },
          { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'image_url', image_url: { url: 'x' } }] },
        ],
      },
      "Invalid value: 'image_url'",
    ],
    [
      'stream options without a stream',
      { model, messages, stream_options: { include_usage: true } },
      "'stream_options' parameter is only",
    ],
    ['max_tokens for a reasoning model', { model: 'gpt-5', messages, max_tokens: 9 }, "'max_tokens' is not supported"],
    ['five stop sequences', { model, messages, stop: ['a', 'b', 'c', 'd', 'e'] }, "Invalid 'stop': array too long"],
    [
      'a JSON object that nobody speaks of',
      { model, messages, response_format: { type: 'json_object' } },
      "must contain the word 'json'",
    ],
    [
      'a tool choice without tools',
      { model, messages, tool_choice: 'auto' },
      "'tool_choice' is only allowed when 'tools' are specified",
    ],
    ['a strict tool with an open object', { model, messages, tools: strict(open) }, "'additionalProperties' is required"],
    [
      'a strict tool with an optional member',
      { model, messages, tools: strict({ ...open, required: [], additionalProperties: false }) },
      "Missing 'a'",
    ],
    [
      'a strict format with an open object',
      { model, messages, response_format: { type: 'json_schema', json_schema: { name: 's', strict: true, schema: open } } },
      "Invalid schema for response_format 's'",
    ],
    [
      'parameters that are no object',
      { model, messages, tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] },
      'type: "object"',
    ],
  ])('%s', async (_, body, message) => {
    const refused = await post(body)
    expect(refused).toMatchObject({ status: 400, type: 'invalid_request_error' })
    expect(refused.message).toContain(message)
  })

  test('a request without a key', async () => {
    expect(await post({ model, messages }, {})).toMatchObject({
      status: 401,
      message: expect.stringContaining("didn't provide an API key"),
    })
  })

  test('a wrong key in Azure’s words when it is in Azure’s header', async () => {
    const refused = await post({ model, messages }, { 'api-key': 'invalid' })
    expect(refused).toMatchObject({ status: 401, code: '401', message: expect.stringContaining('invalid subscription key') })
  })
})

test('the error classes of both majors come from their own package', async () => {
  mock.script({ status: 429, times: 2 })
  const body = { model, messages: [{ role: 'user' as const, content: 'x' }] }
  expect(await failure(openai(mock.url).chat.completions.create(body))).toBeInstanceOf(OpenAI.RateLimitError)
  expect(await failure(openai6(mock.url).chat.completions.create(body))).toBeInstanceOf(OpenAI6.RateLimitError)
})
