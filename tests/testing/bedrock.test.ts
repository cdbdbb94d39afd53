import {
  type ContentBlock,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  type Message,
  type Tool,
} from '@aws-sdk/client-bedrock-runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type MockUpstream, startMock } from '../../src/testing/index.js'
import { bedrock, collect, failure, pixel, weather } from './clients.js'

let mock: MockUpstream
beforeAll(async () => {
  mock = await startMock()
})
afterAll(() => mock.close())
beforeEach(() => mock.reset())

const modelId = 'us.anthropic.claude-haiku-4-5-20251001-v1:0'
const user = (...content: ContentBlock[]): Message => ({ role: 'user', content })
const spec = (name: string, json: object): Tool => ({ toolSpec: { name, inputSchema: { json: json as never } } })
const tools = [spec('get_weather', weather), spec('get_time', { type: 'object' })]
const toolConfig = { tools }
const thinking = { additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 1024 } } }
const base: ConverseCommandInput = { modelId, messages: [user({ text: 'Hello there' })] }
const ask = (over: Partial<ConverseCommandInput> = {}) => bedrock(mock.url).send(new ConverseCommand({ ...base, ...over }))

async function askStream(over: Partial<ConverseCommandInput> = {}): Promise<ConverseStreamOutput[]> {
  const { stream } = await bedrock(mock.url).send(new ConverseStreamCommand({ ...base, ...over }))
  return stream ? collect(stream) : []
}

describe('AWS’s client', () => {
  test('gets its words back, with usage and a stop reason', async () => {
    const answer = await ask()
    expect(answer.output?.message).toEqual({ role: 'assistant', content: [{ text: 'Echo: Hello there' }] })
    expect(answer.stopReason).toBe('end_turn')
    const { inputTokens = 0, outputTokens = 0, totalTokens } = answer.usage ?? {}
    expect(totalTokens).toBe(inputTokens + outputTokens)
    expect(mock.requests[0]).toMatchObject({ protocol: 'bedrock-converse', model: modelId, stream: false })
  })

  test('reads a stream whose checksums are right', async () => {
    const events = await askStream()
    expect(events.map((event) => event.contentBlockDelta?.delta?.text ?? '').join('')).toBe('Echo: Hello there')
    expect(events.map((event) => Object.keys(event)[0])).toEqual([
      'messageStart',
      'contentBlockDelta',
      'contentBlockDelta',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
    ])
    expect(events.at(-1)?.metadata?.usage).toEqual((await ask()).usage)
  })

  test('gets tool calls with arguments that fit, also in a stream', async () => {
    const request = { toolConfig, messages: [user({ text: 'Both, in parallel' })] }
    const answer = await ask(request)
    const calls = answer.output?.message?.content?.map((block) => block.toolUse) ?? []
    expect(answer.stopReason).toBe('tool_use')
    expect(calls.map((call) => call?.name)).toEqual(['get_weather', 'get_time'])
    expect(z.fromJSONSchema(weather).safeParse(calls[0]?.input).success).toBe(true)
    const inputs = ['', '']
    for (const { contentBlockDelta: delta } of await askStream(request)) {
      if (delta) inputs[delta.contentBlockIndex ?? 0] += delta.delta?.toolUse?.input ?? ''
    }
    expect(inputs).toEqual([JSON.stringify(calls[0]?.input), ''])
  })

  test('thinks, calls in parallel, and takes its thinking back with the results', async () => {
    const messages = [user({ text: 'Both, in parallel' })]
    const first = (await ask({ ...thinking, toolConfig, messages })).output?.message
    expect(first?.content?.map((block) => Object.keys(block)[0])).toEqual(['reasoningContent', 'toolUse', 'toolUse'])
    const results = first?.content?.flatMap(({ toolUse }): ContentBlock[] =>
      toolUse ? [{ toolResult: { toolUseId: toolUse.toolUseId, content: [{ text: `${toolUse.name} ok` }] } }] : [],
    )
    const history = [...messages, ...(first ? [first] : []), user(...(results ?? []))]
    const second = await ask({ ...thinking, toolConfig, messages: history })
    expect(second.output?.message?.content?.at(-1)).toEqual({ text: 'Tool results: "get_weather ok"; "get_time ok"' })
  })

  test('streams its thinking with a signature that holds', async () => {
    const events = await askStream({ ...thinking })
    const deltas = events.flatMap(({ contentBlockDelta }) => contentBlockDelta?.delta?.reasoningContent ?? [])
    const text = deltas.map((delta) => delta.text ?? '').join('')
    const signature = deltas.find((delta) => delta.signature)?.signature
    const reasoningContent = { reasoningText: { text, signature } }
    const history = [...(base.messages ?? []), { role: 'assistant' as const, content: [{ reasoningContent }, { text: 'x' }] }]
    expect((await ask({ messages: [...history, user({ text: 'Go on' })] })).stopReason).toBe('end_turn')
  })

  test('gets an instance of a schema', async () => {
    const shape = z.object({ city: z.string(), degrees: z.int() })
    const structure = { jsonSchema: { name: 'weather', schema: JSON.stringify(z.toJSONSchema(shape)) } }
    const answer = await ask({ outputConfig: { textFormat: { type: 'json_schema', structure } } })
    expect(shape.safeParse(JSON.parse(answer.output?.message?.content?.[0]?.text ?? '')).success).toBe(true)
  })

  test.each([
    [400, 'ValidationException'],
    [403, 'AccessDeniedException'],
    [404, 'ResourceNotFoundException'],
    [408, 'ModelTimeoutException'],
    [424, 'ModelErrorException'],
    [429, 'ThrottlingException'],
    [500, 'InternalServerException'],
    [503, 'ServiceUnavailableException'],
  ])('raises its own class for a scripted %i', async (status, name) => {
    mock.script({ status })
    expect(await failure(ask())).toMatchObject({ name, $metadata: { httpStatusCode: status } })
  })

  test('learns of a wrong key and an unknown model', async () => {
    const wrong = await failure(bedrock(mock.url, 'invalid').send(new ConverseCommand(base)))
    expect(wrong).toMatchObject({ name: 'UnrecognizedClientException', $metadata: { httpStatusCode: 403 } })
    expect(await failure(ask({ modelId: 'missing' }))).toMatchObject({ name: 'ResourceNotFoundException' })
  })

  test.each([
    ['throttlingException', 'ThrottlingException'],
    ['modelStreamErrorException', 'ModelStreamErrorException'],
  ])('raises %s out of a stream', async (type, name) => {
    mock.script({ errorInStream: { type, message: 'In the middle', after: 2 } })
    expect(await failure(askStream())).toMatchObject({ name, message: 'In the middle' })
  })

  test('notices a damaged checksum', async () => {
    mock.script({ malformed: true })
    expect((await failure(askStream())).message).toMatch(/checksum/i)
  })

  test('finds a model whose name is an ARN', async () => {
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0'
    await ask({ modelId: arn })
    expect(mock.requests[0]?.model).toBe(arn)
  })
})

describe('a conversation', () => {
  test('names the stop sequence that ended it', async () => {
    const answer = await ask({ inferenceConfig: { stopSequences: ['there'] } })
    expect(answer).toMatchObject({ stopReason: 'stop_sequence', additionalModelResponseFields: { stop_sequence: 'there' } })
  })

  test('is cut when its tokens run out', async () => {
    expect(await ask({ inferenceConfig: { maxTokens: 2 } })).toMatchObject({
      stopReason: 'max_tokens',
      usage: { outputTokens: 2 },
    })
  })

  test('writes the cache in front of a cache point, and reads it the next time', async () => {
    const system = [{ text: 'Be brief. '.repeat(20) }, { cachePoint: { type: 'default' as const } }]
    const first = (await ask({ system })).usage
    const second = (await ask({ system, messages: [user({ text: 'Something else' })] })).usage
    expect(first).toMatchObject({ cacheReadInputTokens: 0, cacheWriteInputTokens: expect.any(Number) })
    expect(second).toMatchObject({ cacheReadInputTokens: first?.cacheWriteInputTokens, cacheWriteInputTokens: 0 })
    const plain = (await ask({ system: system.slice(0, 1) })).usage
    expect(plain, 'nothing is read where nothing is marked').not.toHaveProperty('cacheReadInputTokens')
    expect(plain?.inputTokens).toBe((first?.inputTokens ?? 0) + (first?.cacheWriteInputTokens ?? 0))
    expect(first?.totalTokens).toBe((first?.inputTokens ?? 0) + (first?.cacheWriteInputTokens ?? 0) + (first?.outputTokens ?? 0))
  })

  test('notices images, and those in tool results', async () => {
    const image = { image: { format: 'png' as const, source: { bytes: Buffer.from(pixel, 'base64') } } }
    const seen = await ask({ messages: [user({ text: 'See' }, image)] })
    expect(seen.output?.message?.content).toEqual([{ text: 'Echo: See [1 image]' }])
  })

  test('forces a tool', async () => {
    const answer = await ask({ toolConfig: { tools, toolChoice: { tool: { name: 'get_time' } } } })
    expect(answer.output?.message?.content?.[0]?.toolUse?.name).toBe('get_time')
  })
})

describe('Bedrock refuses', () => {
  const use = { toolUse: { toolUseId: 'tooluse_1', name: 'f', input: {} } }
  const result = { toolResult: { toolUseId: 'tooluse_1', content: [{ text: 'x' }] } }
  const assistant = (...content: unknown[]) => ({ role: 'assistant', content })
  const hi = user({ text: 'Hi' })
  const forged = { reasoningContent: { reasoningText: { text: 'x', signature: 'AAAA' } } }

  test.each<[string, Record<string, unknown>, string]>([
    ['an unknown role', { messages: [{ role: 'system', content: [] }] }, 'Member must satisfy enum value set: [user, assistant]'],
    ['a conversation that the model begins', { messages: [assistant({ text: 'x' })] }, 'must start with a user message'],
    ['two user messages in a row', { messages: [hi, hi] }, 'must alternate between user and assistant roles'],
    [
      'empty text',
      { messages: [user({ text: ' ' })] },
      'The text field in the ContentBlock object at messages.0.content.0 is blank',
    ],
    ['an empty message', { messages: [{ role: 'user', content: [] }] }, 'is empty'],
    [
      'tools in the history but not in the request',
      { messages: [hi, assistant(use), user(result)] },
      'The toolConfig field must be defined',
    ],
    [
      'a result without its call',
      { toolConfig, messages: [user(result)] },
      'exceeds the number of toolUse blocks of previous turn',
    ],
    [
      'a call without its result',
      { toolConfig, messages: [hi, assistant(use), hi] },
      'Expected toolResult blocks at messages.2.content for the following Ids: tooluse_1',
    ],
    [
      'a schema without a type',
      { toolConfig: { tools: [{ toolSpec: { name: 'f', inputSchema: { json: {} } } }] }, messages: [hi] },
      'inputSchema.json.type must be one of the following: object',
    ],
    ['no tools in a tool configuration', { toolConfig: { tools: [] }, messages: [hi] }, 'length greater than or equal to 1'],
    [
      'forged thinking',
      { messages: [hi, assistant(forged, { text: 'x' }), hi] },
      'The model returned the following errors: messages.1.content.0: Invalid `signature`',
    ],
    [
      'results without the thinking in front of the call',
      { ...thinking, toolConfig, messages: [hi, assistant(use), user(result)] },
      'Expected `thinking` or `redacted_thinking`',
    ],
    [
      'thinking with a forced tool',
      { ...thinking, toolConfig: { tools, toolChoice: { any: {} } }, messages: [hi] },
      'Thinking may not be enabled',
    ],
  ])('%s', async (_, body, message) => {
    const response = await fetch(`${mock.url}/model/${encodeURIComponent(modelId)}/converse`, {
      method: 'POST',
      headers: { authorization: 'Bearer key' },
      body: JSON.stringify(body),
    })
    expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([
      400,
      expect.stringContaining('ValidationException'),
    ])
    expect(await response.json()).toEqual({ message: expect.stringContaining(message) })
  })

  test.each([
    ['no authorization', {}, 'Missing Authentication Token'],
    ['a wrong bearer token', { authorization: 'Bearer invalid' }, 'Please make sure your API Key is valid'],
    ['a signature that is none', { authorization: 'AWS4-HMAC-SHA256 nonsense' }, 'bearer token or a signature'],
  ])('%s', async (_, headers, message) => {
    const response = await fetch(`${mock.url}/model/m/converse`, { method: 'POST', headers, body: '{}' })
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining(message)])
  })
})
