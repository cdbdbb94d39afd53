/** LangChain's own ways with a model, over real sockets, with a model of every vendor. */
import { InMemoryCache } from '@langchain/core/caches'
import { BaseCallbackHandler } from '@langchain/core/callbacks/base'
import { ContextOverflowError, getRetryable } from '@langchain/core/errors'
import {
  AIMessage,
  type AIMessageChunk,
  type BaseMessage,
  ChatMessage,
  HumanMessage,
  mapChatMessagesToStoredMessages,
  mapStoredMessagesToChatMessages,
  SystemMessage,
  ToolMessage,
  trimMessages,
  type UsageMetadata,
} from '@langchain/core/messages'
import { StringOutputParser } from '@langchain/core/output_parsers'
import { ChatPromptTemplate } from '@langchain/core/prompts'
import { tool } from '@langchain/core/tools'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { ChatLeash, type ChatLeashFields, LeashEmbeddings, reportIn } from '../../src/integrations/langchain.js'
import { createLeash, type Leash, LeashError, type Middleware } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { clock } from './langchain-tools.js'

const mock = useMock()
let leash: Leash
beforeAll(() => {
  leash = createLeash({ providers: mockProviders(mock.url), retry: { backoff: () => 0 } })
})

const models = ['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash', 'us.amazon.nova-lite-v1:0']
/** They think, and sign what they thought. */
const thinkers = ['claude-sonnet-5-5', 'gemini-2.5-flash']
const chat = (model: string, fields: Partial<ChatLeashFields> = {}) => new ChatLeash({ model, leash, ...fields })

/** Nova has no format of answers, but tools like all others. */
const formats = (model: string) => (/nova/.test(model) ? ['functionCalling'] : ['jsonSchema', 'functionCalling'])

const asked: string[] = []
const weather = tool(
  async ({ city }: { city: string }) => {
    asked.push(city)
    return `24 degrees in ${city}`
  },
  { name: 'get_weather', description: 'The weather in a city, now.', schema: z.object({ city: z.string() }) },
)

async function whole(chunks: AsyncIterable<AIMessageChunk>): Promise<AIMessageChunk> {
  let all: AIMessageChunk | undefined
  for await (const chunk of chunks) all = all ? all.concat(chunk) : chunk
  if (!all) throw new Error('Nothing came.')
  return all
}

/** LangChain's types lose this member where optional members are exact. */
function usageIn(message: AIMessage): UsageMetadata {
  const usage: unknown = message.usage_metadata
  expect(usage).toBeTypeOf('object')
  return usage as UsageMetadata
}

/** What an agent does: asks, runs the tools that are called, and asks again. */
async function agent(model: ChatLeash, messages: BaseMessage[], stream: boolean): Promise<BaseMessage[]> {
  const tools = [weather, clock]
  const bound = model.bindTools(tools)
  for (let turn = 0; turn < 5; turn++) {
    const answer: AIMessage = stream ? await whole(await bound.stream(messages)) : await bound.invoke(messages)
    messages.push(answer)
    if (!answer.tool_calls?.length) return messages
    for (const call of answer.tool_calls) {
      const called = tools.find(({ name }) => name === call.name)
      messages.push(await (called as typeof weather).invoke({ ...call, type: 'tool_call' }))
    }
  }
  throw new Error('The agent does not come to an end.')
}

describe.each(models)('%s', (model) => {
  test('is invoked', async () => {
    const message = await chat(model).invoke([new SystemMessage('Be brief.'), new HumanMessage('The quick fox.')])
    expect(message.content).toBe('Echo: The quick fox.')
    expect(message.text).toBe('Echo: The quick fox.')
    expect(message.id).toEqual(expect.any(String))
    const { input_tokens, output_tokens, total_tokens } = usageIn(message)
    expect(input_tokens).toBeGreaterThan(0)
    expect(output_tokens).toBeGreaterThan(0)
    expect(total_tokens).toBe(input_tokens + output_tokens)
    expect(message.response_metadata).toMatchObject({
      model_provider: 'leash',
      model_name: expect.any(String),
      finish_reason: 'stop',
    })
    expect(reportIn(message)).toMatchObject({ attempts: [{ outcome: 'ok', status: 200 }], ended: true })
    expect(JSON.stringify(mock.requests[0]?.body)).toContain('Be brief.')
  })

  test('streams what adds up to the same message', async () => {
    const chunks: AIMessageChunk[] = []
    for await (const chunk of await chat(model).stream('one two three four five six')) chunks.push(chunk)
    expect(chunks.filter(({ text }) => text !== '').length).toBeGreaterThan(1)
    const message = chunks.reduce((all, chunk) => all.concat(chunk))
    expect(message.content).toBe('Echo: one two three four five six')
    expect(usageIn(message).output_tokens).toBeGreaterThan(0)
    expect(message.response_metadata).toMatchObject({ model_provider: 'leash', finish_reason: 'stop' })
    expect(reportIn(message)).toMatchObject({ attempts: [{ outcome: 'ok' }], ended: true })
  })

  test('streams one block of text where blocks are asked for', async () => {
    const message = await whole(await chat(model, { outputVersion: 'v1' }).stream('one\n\n two three'))
    expect(message.content).toMatchObject([{ type: 'text', text: 'Echo: one\n\n two three' }])
    expect(message.contentBlocks).toHaveLength(1)
  })

  test('answers a batch, each in its place', async () => {
    const answers = await chat(model).batch(['one', 'two', 'three'], { maxConcurrency: 2 })
    expect(answers.map(({ text }) => text)).toEqual(['Echo: one', 'Echo: two', 'Echo: three'])
  })

  test.each([false, true])('calls tools until it knows enough (stream: %s)', async (stream) => {
    asked.length = 0
    const messages = await agent(chat(model), [new HumanMessage('Weather?')], stream)
    expect(messages.map(({ type }) => type)).toEqual(['human', 'ai', 'tool', 'ai'])
    expect(messages.at(-1)?.text).toContain('24 degrees')
    expect(asked).toEqual([expect.any(String)])
    expect(messages[1]?.response_metadata).toMatchObject({ finish_reason: 'tool_calls' })
  })

  test.each([false, true])('calls tools in parallel (stream: %s)', async (stream) => {
    const messages = await agent(chat(model), [new HumanMessage('Both, in parallel.')], stream)
    expect(messages.map(({ type }) => type)).toEqual(['human', 'ai', 'tool', 'tool', 'ai'])
    expect((messages[1] as AIMessage).tool_calls).toMatchObject([{ name: 'get_weather' }, { name: 'get_time' }])
    expect(messages.at(-1)?.text).toMatch(/24 degrees.*noon/)
  })

  test('calls the tool that is chosen', async () => {
    const bound = chat(model).bindTools([weather, clock], { tool_choice: 'get_time' })
    expect((await bound.invoke('What?')).tool_calls).toMatchObject([{ name: 'get_time', args: { zone: expect.any(String) } }])
  })

  test.each(formats(model))('answers with what a schema describes, by %s', async (method) => {
    const schema = z.object({ name: z.string(), age: z.number().int() })
    const person = await chat(model).withStructuredOutput(schema, { method }).invoke('Invent a person.')
    expect(person).toEqual({ name: expect.any(String), age: expect.any(Number) })
  })

  test('gives the raw message beside what was read from it', async () => {
    const schema = { title: 'person', type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
    const answer = await chat(model)
      .withStructuredOutput(schema, { includeRaw: true, method: formats(model)[0] ?? '' })
      .invoke('Invent a person.')
    expect(answer.parsed).toEqual({ name: expect.any(String) })
    expect(reportIn(answer.raw)?.attempts).toHaveLength(1)
  })

  test.each([
    { type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo=' },
    { type: 'image', mimeType: 'image/png', data: new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]) },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
    { type: 'image_url', image_url: 'data:image/png;base64,iVBORw0KGgo=' },
    { type: 'image', source_type: 'base64', mime_type: 'image/png', data: 'iVBORw0KGgo=' },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
  ])('sees an image: %j', async (image) => {
    const message = new HumanMessage({ content: [{ type: 'text', text: 'Look.' }, image] })
    expect((await chat(model).invoke([message])).text).toBe('Echo: Look. [1 image]')
    expect(JSON.stringify(mock.requests[0]?.body)).toContain('iVBORw0KGgo=')
  })

  test('reads a document', async () => {
    const file = { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0xLjQ=' }
    await chat(model).invoke([new HumanMessage({ content: [{ type: 'file', file }] })])
    expect(JSON.stringify(mock.requests[0]?.body)).toContain('JVBERi0xLjQ=')
  })

  test('recovers from a failure upstream without LangChain knowing of it', async () => {
    mock.script({ status: 503 })
    const message = await chat(model).invoke('Hello')
    expect(message.text).toBe('Echo: Hello')
    expect(reportIn(message)?.attempts.map(({ outcome }) => outcome)).toEqual(['error', 'ok'])
  })

  test('fails once, with the error of the leash and the code of LangChain', async () => {
    mock.script({ status: 429, times: 99 })
    const error = await chat(model, { call: { maxRetries: 0 } })
      .invoke('Hello')
      .catch((error: unknown) => error)
    expect(error).toBeInstanceOf(LeashError)
    expect(error).toMatchObject({ code: 'rate_limited', status: 429, lc_error_code: 'MODEL_RATE_LIMIT' })
    expect(getRetryable(error)).toBe(false)
    expect(mock.requests).toHaveLength(1)
  })

  test('fails in the middle of a stream', async () => {
    mock.script({ errorInStream: { message: 'Oh no', after: 5 } })
    await expect(whole(await chat(model).stream('one two three four five'))).rejects.toBeInstanceOf(LeashError)
  })

  test('fails when a stream ends too early', async () => {
    mock.script({ endWithoutTerminal: true })
    await expect(whole(await chat(model).stream('one two three'))).rejects.toMatchObject({ code: 'stream_truncated' })
  })

  test('is not read on when nobody reads its stream', async () => {
    mock.script({ hang: { afterEvents: 6 } })
    for await (const chunk of await chat(model).stream('one two three four five six')) if (chunk.text) break
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })

  test.each(['invoke', 'stream'] as const)('is left by a signal: %s', async (way) => {
    mock.script({ hang: 'headers' })
    const left = new AbortController()
    const options = { signal: left.signal }
    const answer = way === 'invoke' ? chat(model).invoke('Hello', options) : chat(model).stream('Hello', options).then(whole)
    const failed = expect(answer).rejects.toMatchObject({ name: expect.stringMatching(/Abort/) })
    await until(() => mock.requests.length === 1)
    left.abort()
    await failed
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })
})

describe.each(thinkers)('the thinking of %s', (model) => {
  const thinking = (fields: Partial<ChatLeashFields> = {}) => chat(model, { reasoning: 'low', maxTokens: 4000, ...fields })

  test.each([false, true])('is shown in blocks (stream: %s)', async (stream) => {
    const message = stream ? await whole(await thinking().stream('Why?')) : await thinking().invoke('Why?')
    const [thought, ...rest] = message.contentBlocks
    expect(thought).toMatchObject({ type: 'reasoning', reasoning: 'I was asked: Why?' })
    expect(new Set(rest.map(({ type }) => type))).toEqual(new Set(['text']))
    expect(message.text).toBe('Echo: Why?')
    expect(usageIn(message).output_token_details?.reasoning).toEqual(expect.any(Number))
  })

  test.each([
    [false, 'v0'],
    [true, 'v0'],
    [false, 'v1'],
    [true, 'v1'],
  ] as const)('goes back to its vendor with its signature (stream: %s, output %s)', async (stream, outputVersion) => {
    const messages = await agent(thinking({ outputVersion }), [new HumanMessage('Weather?')], stream)
    expect(messages.at(-1)?.text).toContain('24 degrees')
    expect(mock.requests.map(({ status }) => status)).toEqual([200, 200])
    expect(JSON.stringify(mock.requests[1]?.body)).toMatch(/signature/i)
  })

  test('outlives being stored', async () => {
    const history = await agent(thinking(), [new HumanMessage('Weather?')], true)
    const stored = JSON.parse(JSON.stringify(mapChatMessagesToStoredMessages(history)))
    const again = [...mapStoredMessagesToChatMessages(stored), new HumanMessage('And now?')]
    expect((await thinking().bindTools([weather, clock], { tool_choice: 'none' }).invoke(again)).text).toContain('And now?')
    expect(mock.requests.at(-1)?.status).toBe(200)
  })

  test('can be gone on with by another vendor', async () => {
    const history = await agent(thinking(), [new HumanMessage('Weather?')], false)
    const other = chat('gpt-4o-mini').bindTools([weather, clock], { tool_choice: 'none' })
    expect((await other.invoke([...history, new HumanMessage('And now?')])).text).toContain('And now?')
  })
})

describe('callbacks', () => {
  class Seen extends BaseCallbackHandler {
    readonly name = 'seen'
    readonly tokens: string[] = []
    readonly events: string[] = []
    usage: unknown
    override handleChatModelStart() {
      this.events.push('start')
    }
    override handleLLMNewToken(token: string) {
      this.tokens.push(token)
    }
    override handleLLMEnd(output: { llmOutput?: { tokenUsage?: unknown } }) {
      this.events.push('end')
      this.usage = output.llmOutput?.tokenUsage
    }
    override handleLLMError() {
      this.events.push('error')
    }
  }

  test('hear of a whole answer, what it used and its end', async () => {
    const seen = new Seen()
    const message = await chat('gpt-4o-mini').invoke('Hello', { callbacks: [seen] })
    expect([seen.tokens, seen.events]).toEqual([[], ['start', 'end']])
    expect(seen.usage).toMatchObject({ totalTokens: usageIn(message).total_tokens })
  })

  test('hear of each piece of a stream', async () => {
    const seen = new Seen()
    const { text } = await whole(await chat('claude-haiku-4-5').stream('one two three four', { callbacks: [seen] }))
    expect(seen.tokens.join('')).toBe(text)
    expect(seen.tokens.length).toBeGreaterThan(2)
    expect(seen.events).toEqual(['start', 'end'])
  })

  test('hear of a failure', async () => {
    mock.script({ status: 401 })
    const seen = new Seen()
    await expect(chat('gpt-4o-mini').invoke('Hello', { callbacks: [seen] })).rejects.toThrow()
    expect(seen.events).toEqual(['start', 'error'])
  })

  test('are shown no key and no option of the leash', async () => {
    const secret = createLeash({ providers: mockProviders(mock.url) })
    const model = chat('gpt-4o-mini', { leash: secret })
    const fresh = new ChatLeash({ model: 'gpt-4o-mini', leash: { providers: { openai: { apiKey: 'sk-very-secret' } } } })
    expect(JSON.stringify([model, model.lc_kwargs, fresh, fresh.lc_kwargs])).not.toMatch(/very-secret|mock/)
  })

  test('are asked for by streamEvents, in its old and its new way', async () => {
    const old: string[] = []
    for await (const { event } of chat('gpt-4o-mini').streamEvents('Hello', { version: 'v2' })) old.push(event)
    expect(old).toEqual(expect.arrayContaining(['on_chat_model_start', 'on_chat_model_stream', 'on_chat_model_end']))
    const events = chat('claude-sonnet-5-5', { reasoning: 'low', maxTokens: 4000 }).streamEvents('Hello')
    expect((await events).text).toBe('Echo: Hello')
  })
})

describe('as one of many', () => {
  test('it stands in a chain', async () => {
    const prompt = ChatPromptTemplate.fromMessages([
      ['system', 'You translate.'],
      ['human', '{word}'],
    ])
    const chain = prompt.pipe(chat('claude-haiku-4-5')).pipe(new StringOutputParser())
    expect(await chain.invoke({ word: 'river' })).toBe('Echo: river')
  })

  test('it holds the format of an answer to its schema, where that is asked for', async () => {
    const schema = z.object({ name: z.string() })
    await chat('gpt-4o-mini').withStructuredOutput(schema, { method: 'jsonSchema', strict: true }).invoke('Invent a person.')
    expect(mock.requests[0]?.body).toMatchObject({ response_format: { json_schema: { strict: true } } })
  })

  test('it streams an object as it grows', async () => {
    const schema = { title: 'person', type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
    const seen: unknown[] = []
    for await (const object of await chat('gpt-4o-mini').withStructuredOutput(schema).stream('Invent.')) seen.push(object)
    expect(seen.at(-1)).toEqual({ name: expect.any(String) })
  })

  test('it takes a call’s own settings before its own', async () => {
    const model = chat('gpt-4o-mini', { temperature: 0.1, maxTokens: 50, stop: ['x'], seed: 4 })
    await model.invoke('Hello', { temperature: 0.9, stop: ['two'] })
    expect(mock.requests[0]?.body).toMatchObject({ temperature: 0.9, seed: 4, stop: ['two'] })
    expect(Object.values(mock.requests[0]?.body ?? {})).toContain(50)
  })

  test('it tells the stack of tenants and tags, of all calls and of one', async () => {
    const model = chat('gpt-4o-mini', { call: { tenant: 'acme', tags: { app: 'a' } } })
    const seen: unknown[] = []
    const stop = leash.on('result', ({ tags }) => seen.push(tags))
    await model.invoke('Hello')
    await model.invoke('Hello', { leash: { tags: { app: 'b' } } })
    stop()
    expect(seen).toEqual([{ app: 'a' }, { app: 'b' }])
    expect(leash.usage({ by: 'tenant' })).toContainEqual(expect.objectContaining({ of: { tenant: 'acme' } }))
  })

  test('LangChain’s cache keeps tenants apart', async () => {
    const cache = new InMemoryCache()
    const of = (tenant: string) => chat('gpt-4o-mini', { cache, call: { tenant } })
    await of('one').invoke('The same question.')
    await of('one').invoke('The same question.')
    expect(mock.requests).toHaveLength(1)
    await of('two').invoke('The same question.')
    await of('one').invoke('The same question.', { leash: { tenant: 'three' } })
    expect(mock.requests).toHaveLength(3)
  })

  test('LangChain’s cache keeps calls with other tools apart', async () => {
    const model = chat('gpt-4o-mini', { cache: new InMemoryCache() })
    const called = async (bound: Parameters<ChatLeash['bindTools']>[0]) =>
      ((await model.bindTools(bound).invoke('The same question.')) as AIMessage).tool_calls?.map(({ name }) => name)
    expect(await called([weather])).toEqual(['get_weather'])
    expect(await called([clock])).toEqual(['get_time'])
    expect(await called([weather])).toEqual(['get_weather'])
    expect(mock.requests).toHaveLength(2)
  })

  test('LangChain’s own retries and fallbacks work over it', async () => {
    mock.script({ status: 401, times: 1 })
    const model = chat('gpt-4o-mini').withFallbacks([chat('claude-haiku-4-5')])
    expect((await model.invoke('Hello')).text).toBe('Echo: Hello')
    expect(mock.requests.map(({ protocol }) => protocol)).toEqual(['openai-chat', 'anthropic-messages'])
  })

  test.each([
    { type: 'image_url', image_url: { url: 'https://acme.example/a.png', detail: 'low' } },
    { type: 'image', url: 'https://acme.example/a.png', metadata: { detail: 'low' } },
  ])('an image is looked at as closely as is asked for: %j', async (image) => {
    await chat('gpt-4o-mini').invoke([new HumanMessage({ content: [image] })])
    expect(mock.requests[0]?.body).toMatchObject({
      messages: [{ content: [{ type: 'image_url', image_url: { url: 'https://acme.example/a.png', detail: 'low' } }] }],
    })
  })

  test.each([
    { cache_control: { type: 'ephemeral' } },
    { prompt_cache_breakpoint: { mode: 'explicit' } },
    { extras: { prompt_cache_breakpoint: { mode: 'explicit', ttl: '30m' } } },
  ])('the prompt cache has a breakpoint where Anthropic’s users write one, or OpenAI’s: %j', async (mark) => {
    const content = [{ type: 'text', text: 'Be brief.', ...mark }]
    await chat('claude-haiku-4-5').invoke([new SystemMessage({ content }), new HumanMessage('Hello')])
    expect(mock.requests[0]?.body).toMatchObject({ system: [{ text: 'Be brief.', cache_control: { type: 'ephemeral' } }] })
  })

  test('a block keeps its signature where the prompt cache has a breakpoint', async () => {
    const leash = { signature: { format: 'google-gemini-v1', value: 'c2lnbmVk' } }
    const said = new AIMessage({ content: [{ type: 'text', text: 'Hi.', leash, cache_control: { type: 'ephemeral' } }] })
    await chat('gemini-2.5-flash')
      .invoke([new HumanMessage('Hello'), said, new HumanMessage('More')])
      .catch(() => {})
    expect(mock.requests[0]?.body).toMatchObject({ contents: [{}, { parts: [{ thoughtSignature: 'c2lnbmVk' }] }, {}] })
  })

  test('a thought that LangChain’s own Anthropic model has read goes back with its signature', async () => {
    const thinking = { type: 'thinking', thinking: 'Hm.', signature: 'c2lnbmVk' }
    const said = new AIMessage({
      content: [thinking, { type: 'text', text: 'Hi.' }],
      response_metadata: { model_provider: 'anthropic' },
    })
    await chat('claude-sonnet-4-5')
      .invoke([new HumanMessage('Hello'), said, new HumanMessage('More')])
      .catch(() => {})
    expect(mock.requests[0]?.body).toMatchObject({ messages: [{}, { content: [thinking, { type: 'text', text: 'Hi.' }] }, {}] })
  })

  test.each([false, true])('a picture that a model drew is a block, and goes back to it (stream: %s)', async (stream) => {
    const drawn = { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }
    const answer = {
      candidates: [{ content: { role: 'model', parts: [{ text: 'Here:' }, drawn] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 },
    }
    const events = { headers: { 'content-type': 'text/event-stream' }, body: `data: ${JSON.stringify(answer)}\n\n` }
    mock.script({ status: 200, ...(stream ? events : { body: answer }) })
    const model = chat('gemini-2.5-flash')
    const message = stream ? await whole(await model.stream('Draw.')) : await model.invoke('Draw.')
    const image = { type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo=' }
    expect(message.contentBlocks).toMatchObject([{ type: 'text', text: 'Here:' }, image])
    await model.invoke([new HumanMessage('Draw.'), message, new HumanMessage('Again.')])
    expect(mock.requests[1]?.body).toMatchObject({ contents: [{}, { parts: [{ text: 'Here:' }, drawn] }, {}] })
  })

  test.each([false, true])('the sources of an answer stand with its text (stream: %s)', async (stream) => {
    const source = { url: 'https://acme.example/', title: 'Acme', start_index: 0, end_index: 4 }
    const annotations = [{ type: 'url_citation', url_citation: source }]
    const around = { id: 'chatcmpl-1', created: 1, model: 'gpt-4o-mini' }
    const message = { role: 'assistant', content: 'Acme.', annotations }
    const choices = (said: object) => [{ index: 0, finish_reason: 'stop', ...said }]
    const body = stream
      ? `data: ${JSON.stringify({ ...around, object: 'chat.completion.chunk', choices: choices({ delta: message }) })}\n\ndata: [DONE]\n\n`
      : { ...around, object: 'chat.completion', choices: choices({ message }) }
    mock.script({ status: 200, headers: stream ? { 'content-type': 'text/event-stream' } : {}, body })
    const model = chat('gpt-4o-mini')
    const answer = stream ? await whole(await model.stream('Who?')) : await model.invoke('Who?')
    const told = { type: 'citation', url: 'https://acme.example/', title: 'Acme', startIndex: 0, endIndex: 4 }
    const found = answer.contentBlocks.flatMap((block) => ('annotations' in block ? block.annotations : []))
    expect(found).toMatchObject([told])
    expect(answer.text).toBe('Acme.')
  })

  test('arguments that are no JSON are told as what they are, and go back as they came', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city": "Lis' } }
    const message = { role: 'assistant', content: null, tool_calls: [call] }
    const choices = [{ index: 0, finish_reason: 'tool_calls', message }]
    mock.script({ status: 200, body: { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4o-mini', choices } })
    const model = chat('gpt-4o-mini')
    const said = await model.invoke('Weather?')
    expect(said.tool_calls).toEqual([])
    expect(said.invalid_tool_calls).toMatchObject([
      {
        type: 'invalid_tool_call',
        id: 'call_1',
        name: 'get_weather',
        args: '{"city": "Lis',
        error: expect.stringContaining('JSON'),
      },
    ])
    await model.invoke([new HumanMessage('Weather?'), said, new ToolMessage({ tool_call_id: 'call_1', content: 'No JSON.' })])
    expect(mock.requests[1]?.body).toMatchObject({ messages: [{}, { tool_calls: [call] }, { tool_call_id: 'call_1' }] })
  })

  test('an answer that a layer gives whole is a stream of one chunk, with its calls and its usage', async () => {
    const body = {
      content: [
        { type: 'text', text: 'From here.' },
        { type: 'tool-call', toolCallId: 'call_1', toolName: 'get_weather', input: '{"city":"Lisbon"}' },
        { type: 'tool-call', toolCallId: 'call_2', toolName: 'get_weather', input: 'Lisbon' },
      ],
      finishReason: { unified: 'tool-calls', raw: 'tool-calls' },
      usage: { inputTokens: { total: 3 }, outputTokens: { total: 4 } },
      response: { id: 'answer_1' },
      warnings: [],
    }
    const answering: Middleware = () => async () => ({ stream: false, status: 200, headers: new Headers(), body })
    const model = chat('gpt-4o-mini', { leash: createLeash({ use: [answering] }) })
    const chunks: AIMessageChunk[] = []
    for await (const chunk of await model.stream('Hello')) chunks.push(chunk)
    const message = await whole(
      (async function* () {
        yield* chunks
      })(),
    )
    expect(message).toMatchObject({ id: 'answer_1', text: 'From here.', response_metadata: { finish_reason: 'tool_calls' } })
    expect(message.tool_calls).toMatchObject([{ id: 'call_1', name: 'get_weather', args: { city: 'Lisbon' } }])
    expect(message.invalid_tool_calls).toMatchObject([{ id: 'call_2', args: 'Lisbon' }])
    expect(usageIn(message)).toMatchObject({ input_tokens: 3, output_tokens: 4, total_tokens: 7 })
    expect(mock.requests).toEqual([])
  })

  test.each([
    ['any', 'required'],
    ['required', 'required'],
    [{ type: 'any' }, 'required'],
    ['auto', 'auto'],
    ['none', 'none'],
    ['get_time', { type: 'function', function: { name: 'get_time' } }],
    [
      { type: 'tool', name: 'get_time' },
      { type: 'function', function: { name: 'get_time' } },
    ],
    [
      { type: 'function', function: { name: 'get_time' } },
      { type: 'function', function: { name: 'get_time' } },
    ],
  ])('tools are chosen by every form that LangChain has: %j', async (tool_choice, told) => {
    await chat('gpt-4o-mini').bindTools([weather, clock], { tool_choice }).invoke('Hello')
    expect(mock.requests[0]?.body).toMatchObject({ tool_choice: told })
  })

  test('an object without a schema is asked for by jsonMode', async () => {
    const answer = await chat('gpt-4o-mini').withStructuredOutput({ type: 'object' }, { method: 'jsonMode' }).invoke('As JSON.')
    expect(answer).toEqual({ echo: 'As JSON.' })
    expect(mock.requests[0]?.body).toMatchObject({ response_format: { type: 'json_object' } })
  })

  test('a prompt that is too long is known by LangChain', async () => {
    const error = {
      message: 'This model has a maximum context length.',
      type: 'invalid_request_error',
      code: 'context_length_exceeded',
    }
    mock.script({ status: 400, body: { error } })
    const failed = await chat('gpt-4o-mini')
      .invoke('Hello')
      .catch((error: unknown) => error)
    expect(ContextOverflowError.isInstance(failed)).toBe(true)
    expect(failed).toMatchObject({ cause: { code: 'context_window_exceeded' } })
  })

  test('trimMessages counts tokens with it, and no vocabulary is fetched for that', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('fetch failed'))
    const said = ['one two three four five', 'six seven eight', 'nine ten'].map(
      (text) => new HumanMessage([{ type: 'text', text }]),
    )
    const kept = await trimMessages(said, { maxTokens: 8, strategy: 'last', tokenCounter: chat('claude-haiku-4-5') })
    expect(kept.map(({ text }) => text)).toEqual(['six seven eight', 'nine ten'])
    expect(fetched).not.toHaveBeenCalled()
    fetched.mockRestore()
  })

  test('it opens a leash of its own from options', async () => {
    const model = new ChatLeash({ model: 'claude-haiku-4-5', leash: { providers: mockProviders(mock.url) } })
    expect((await model.invoke('Hello')).text).toBe('Echo: Hello')
    expect(model.leash.usage()).toHaveLength(1)
  })

  test('a tool that failed is told as one', async () => {
    const call = { id: 'call_1', name: 'get_weather', args: { city: 'Lisbon' }, type: 'tool_call' as const }
    const history = [
      new HumanMessage('Weather?'),
      new AIMessage({ content: '', tool_calls: [call] }),
      new ToolMessage({ tool_call_id: 'call_1', content: 'No such city.', status: 'error' }),
    ]
    await chat('claude-haiku-4-5').bindTools([weather]).invoke(history)
    expect(JSON.stringify(mock.requests[0]?.body)).toContain('"is_error":true')
  })
})

describe('what else is told to a vendor', () => {
  const call = { id: 'call_1', name: 'get_weather', args: { city: 'Lisbon' }, type: 'tool_call' as const }
  const picture = { type: 'image', url: 'https://acme.example/a.png' }

  test('is a file that it has already, and a text as a file', async () => {
    const content = [
      { type: 'file', fileId: 'file-7' },
      { type: 'text-plain', text: 'Some notes.', mimeType: 'text/plain', title: 'notes.txt' },
    ]
    await chat('gpt-4o-mini').invoke([new HumanMessage({ content })])
    expect(mock.requests[0]?.body).toMatchObject({ messages: [{ content: [{ type: 'file', file: { file_id: 'file-7' } }, {}] }] })
    expect(JSON.stringify(mock.requests[0]?.body)).toMatch(/Some notes\.|U29tZSBub3Rlcy4=/)
  })

  test('is what a tool shows', async () => {
    const shown = new ToolMessage({ tool_call_id: 'call_1', content: [{ type: 'text', text: 'From above:' }, picture] })
    const history = [new HumanMessage('Weather?'), new AIMessage({ content: '', tool_calls: [call] }), shown]
    await chat('claude-haiku-4-5').bindTools([weather]).invoke(history)
    const source = { type: 'url', url: 'https://acme.example/a.png' }
    const content = [
      { type: 'text', text: 'From above:' },
      { type: 'image', source },
    ]
    expect(mock.requests[0]?.body).toMatchObject({
      messages: [{}, {}, { content: [{ type: 'tool_result', tool_use_id: 'call_1', content }] }],
    })
  })

  test('is a tool held to its schema, which stands for an object where that is asked for', async () => {
    const schema = z.object({ name: z.string() })
    await chat('gpt-4o-mini').withStructuredOutput(schema, { name: 'person', strict: true }).invoke('Invent a person.')
    expect(mock.requests[0]?.body).toMatchObject({
      tools: [{ function: { name: 'person', strict: true } }],
      tool_choice: { function: { name: 'person' } },
    })
  })

  test('is which of the tools are held to their schemas', async () => {
    const parameters = { type: 'object', properties: {}, additionalProperties: false, required: [] }
    const held = (name: string, strict?: boolean) => ({ type: 'function', function: { name, parameters, strict } })
    const bound = chat('gpt-4o-mini').bindTools([held('first', false), held('second')], { strict: true })
    await bound.invoke('Hello')
    expect(mock.requests[0]?.body).toMatchObject({
      tools: [{ function: { name: 'first', strict: false } }, { function: { name: 'second', strict: true } }],
    })
  })

  test('is said once, where a call is not to be tried again', async () => {
    mock.script({ status: 503 })
    await expect(chat('gpt-4o-mini').invoke('Hello', { maxRetries: 0 })).rejects.toThrow('[overloaded]')
    expect(mock.requests).toHaveLength(1)
  })

  test('is what vectors are for', async () => {
    const tasks = { document: 'RETRIEVAL_DOCUMENT', query: 'RETRIEVAL_QUERY' }
    const embeddings = new LeashEmbeddings({ model: 'gemini-embedding-001', leash, tasks })
    await embeddings.embedQuery('Where do rivers end?')
    await embeddings.embedDocuments(['In the sea.'])
    const asked = mock.requests.map(({ body }) => JSON.stringify(body))
    expect(asked).toEqual([expect.stringContaining('"RETRIEVAL_QUERY"'), expect.stringContaining('"RETRIEVAL_DOCUMENT"')])
  })
})

test.each([[{ city: 'Lisbon' }], ['{"city":"Lisbon"}']])('a call that a stream tells whole is a call: %j', async (input) => {
  const part = { type: 'tool-call', toolCallId: 'call_1', toolName: 'get_weather', input } as const
  const finish = { type: 'finish', finishReason: { unified: 'tool-calls', raw: 'tool_calls' }, usage: {} } as const
  const streaming: Middleware = () => async () => ({
    stream: true,
    status: 200,
    headers: new Headers(),
    body: (async function* () {
      for (const one of [part, finish]) yield Buffer.from(`data: ${JSON.stringify(one)}\n\n`)
    })(),
  })
  const model = chat('gpt-4o-mini', { leash: createLeash({ use: [streaming] }) })
  const message = await whole(await model.bindTools([weather]).stream('Weather?'))
  expect(message.tool_calls).toMatchObject([{ id: 'call_1', name: 'get_weather', args: { city: 'Lisbon' } }])
})

describe('what is refused before anything is sent', () => {
  async function refused(work: Promise<unknown>): Promise<unknown> {
    const error = await work.catch((error: unknown) => error)
    expect(mock.requests).toEqual([])
    return error instanceof LeashError ? error.code : error
  }

  test('a tool that only one vendor has', async () => {
    expect(
      await refused(
        chat('gpt-4o-mini')
          .bindTools([{ type: 'web_search_20250305' }])
          .invoke('Hi'),
      ),
    ).toBe('unsupported')
  })

  test('a choice of tools that nobody knows', async () => {
    const bound = chat('gpt-4o-mini').bindTools([weather], { tool_choice: { kind: 'odd' } })
    expect(await refused(bound.invoke('Hi'))).toBe('invalid_request')
  })

  test('a message of a role that no model knows', async () => {
    expect(await refused(chat('gpt-4o-mini').invoke([new ChatMessage('Hi', 'narrator')]))).toBe('invalid_request')
  })

  test('a result of a tool that does not say of which call it is', async () => {
    expect(await refused(chat('gpt-4o-mini').invoke([new ChatMessage('24 degrees', 'tool')]))).toBe('invalid_request')
  })

  test('a block that is neither text nor file', async () => {
    const message = new HumanMessage({ content: [{ type: 'hologram' }] })
    expect(await refused(chat('gpt-4o-mini').invoke([message]))).toBe('invalid_request')
  })

  test('a way to structured output that does not exist', () => {
    expect(() => chat('gpt-4o-mini').withStructuredOutput({ type: 'object' }, { method: 'magic' })).toThrow('[invalid_config]')
  })
})

describe.each(['text-embedding-3-small', 'gemini-embedding-001'])('embeddings of %s', (model) => {
  test('are made of queries and documents', async () => {
    const embeddings = new LeashEmbeddings({ model, leash })
    const query = await embeddings.embedQuery('Where do rivers end?')
    const [same, other] = await embeddings.embedDocuments(['Where do rivers end?', 'A cup of tea'])
    expect(query.length).toBeGreaterThan(8)
    expect(same).toHaveLength(query.length)
    expect(other).not.toEqual(same)
  })

  test('have the length that is asked for', async () => {
    expect(await new LeashEmbeddings({ model, leash, dimensions: 12 }).embedQuery('Hello')).toHaveLength(12)
  })

  test('are not asked for where there is nothing', async () => {
    expect(await new LeashEmbeddings({ model, leash }).embedDocuments([])).toEqual([])
    expect(mock.requests).toEqual([])
  })

  test('fail as the leash does', async () => {
    mock.script({ status: 401 })
    await expect(new LeashEmbeddings({ model, leash }).embedQuery('Hello')).rejects.toMatchObject({
      code: 'authentication_failed',
      lc_error_code: 'MODEL_AUTHENTICATION',
    })
  })
})
