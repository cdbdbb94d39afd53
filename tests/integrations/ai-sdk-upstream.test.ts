/** The AI SDK's own providers as upstreams of a leash, over real sockets. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider'
import {
  customProvider,
  embed,
  embedMany,
  generateText,
  isStepCount,
  type LanguageModelMiddleware,
  Output,
  streamText,
  tool,
  wrapLanguageModel,
} from 'ai'
import { convertArrayToReadableStream, MockEmbeddingModelV4, MockLanguageModelV4 } from 'ai/test'
import OpenAI from 'openai'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { LedgerLine } from '../../src/core/ledger.js'
import { LeashLLM, reportOf } from '../../src/index.js'
import { createLeashProvider, fromAiSdk, leashMiddleware } from '../../src/integrations/ai-sdk.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { prompt } from './ai-sdk-models.js'

const mock = useMock()

const names = ['claude', 'gemini', 'gpt', 'responses'] as const
const models = {
  claude: 'claude/claude-sonnet-5-5',
  gemini: 'gemini/gemini-2.5-flash',
  gpt: 'gpt/gpt-4o-mini',
  responses: 'responses/gpt-5-mini',
}
/** They are shown what they thought. */
const thinkers = ['claude', 'gemini', 'responses'] as const

function providers() {
  const openai = createOpenAI({ baseURL: `${mock.url}/v1`, apiKey: 'mock' })
  return {
    ...mockProviders(mock.url),
    claude: fromAiSdk(createAnthropic({ baseURL: `${mock.url}/v1`, apiKey: 'mock' })),
    gemini: fromAiSdk(createGoogleGenerativeAI({ baseURL: `${mock.url}/v1beta`, apiKey: 'mock' })),
    gpt: fromAiSdk({ languageModel: openai.chat, embeddingModel: openai.embeddingModel }, { name: 'openai' }),
    responses: fromAiSdk(openai),
  }
}

let client: LeashLLM
beforeAll(() => {
  client = new LeashLLM({ apiKey: 'mock', baseURL: `${mock.url}/v1`, providers: providers(), retry: { backoff: () => 0 } })
})

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const weather: OpenAI.ChatCompletionTool = { type: 'function', function: { name: 'get_weather', parameters } }
const clock: OpenAI.ChatCompletionTool = { type: 'function', function: { name: 'get_time', parameters } }

describe.each(names)('%s', (name) => {
  const model = models[name]
  const asked = (content = prompt) => ({ model, messages: [{ role: 'user' as const, content }] })

  test('answers in the words of the caller, with tokens and a report', async () => {
    const answer = await client.chat.completions.create(asked())
    expect(answer.choices).toMatchObject([{ finish_reason: 'stop', message: { role: 'assistant', content: `Echo: ${prompt}` } }])
    expect(answer.usage?.prompt_tokens).toBeGreaterThan(0)
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
    expect(answer.leash).toMatchObject({ attempts: [{ protocol: 'ai-sdk', outcome: 'ok', status: 200 }], warnings: [] })
    expect(answer.leash?.cost?.usd).toBeGreaterThan(0)
  })

  test('streams', async () => {
    const pieces: string[] = []
    const asking = { ...asked(), stream: true as const, stream_options: { include_usage: true } }
    let usage: OpenAI.CompletionUsage | null | undefined
    for await (const chunk of await client.chat.completions.create(asking)) {
      pieces.push(chunk.choices[0]?.delta.content ?? '')
      usage = chunk.usage ?? usage
    }
    expect(pieces.filter(Boolean).length).toBeGreaterThan(2)
    expect(pieces.join('')).toBe(`Echo: ${prompt}`)
    expect(usage?.completion_tokens).toBeGreaterThan(0)
  })

  test.each([false, true])('calls tools, together where that is asked for (stream: %s)', async (stream) => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Both, in parallel.' }]
    const asking = { model, messages, tools: [weather, clock] }
    const complete = () =>
      stream ? client.chat.completions.stream(asking).finalChatCompletion() : client.chat.completions.create(asking)
    const first = await complete()
    expect(first.choices[0]?.finish_reason).toBe('tool_calls')
    const { message } = first.choices[0] ?? {}
    const calls = message?.tool_calls ?? []
    expect(calls).toMatchObject([{ function: { name: 'get_weather' } }, { function: { name: 'get_time' } }])
    if (message) messages.push(message)
    for (const { id } of calls) messages.push({ role: 'tool', tool_call_id: id, content: `answer to ${id}` })
    const { choices } = await complete()
    for (const { id } of calls) expect(choices[0]?.message.content).toContain(`answer to ${id}`)
  })

  test('is left for another where its vendor says that the prompt is too long', async () => {
    const message = {
      claude: 'prompt is too long: 210000 tokens > 200000 maximum',
      gemini: 'The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).',
      gpt: "This model's maximum context length is 128000 tokens.",
      responses: 'Your input exceeds the context window of this model.',
    }[name]
    const words = name === 'gemini' ? { code: 400, status: 'INVALID_ARGUMENT' } : { type: 'invalid_request_error' }
    const body = { ...(name === 'claude' && { type: 'error' }), error: { message, ...words } }
    mock.script({ status: 400, body })
    const { leash } = await client.chat.completions.create(asked(), { leash: { fallback: ['mistral/mistral-large-latest'] } })
    expect(leash?.attempts).toMatchObject([{ error: 'context_window_exceeded' }, { provider: 'mistral', outcome: 'ok' }])
  })

  test('holds its answer to a schema', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
    const answer = await client.chat.completions.create({
      ...asked(),
      response_format: { type: 'json_schema', json_schema: { name: 'place', schema, strict: true } },
    })
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ city: expect.any(String) })
  })

  test.each([
    [401, OpenAI.AuthenticationError, 'authentication_failed'],
    [400, OpenAI.BadRequestError, 'invalid_request'],
    [404, OpenAI.NotFoundError, 'not_found'],
  ])('a refusal with %i is what the vendor itself would have caused, and is not tried again', async (status, type, code) => {
    mock.script({ status, times: 9 })
    const failure = await client.chat.completions.create(asked()).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(type)
    expect(failure).toMatchObject({ status, code })
    expect(mock.requests).toHaveLength(1)
  })

  test.each([429, 500, 503])('a failure with %i is tried again, by the leash alone', async (status) => {
    mock.script({ status })
    const answer = await client.chat.completions.create(asked())
    expect(answer.leash?.attempts).toMatchObject([{ status, outcome: 'error' }, { outcome: 'ok' }])
    mock.reset()
    mock.script({ status, times: 99 })
    const failure = await client.chat.completions.create(asked(), { maxRetries: 1 }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ status })
    expect(mock.requests).toHaveLength(2)
  })

  test.each([
    [{ cutAfter: { events: 10 } }, 'network_error'],
    [{ endWithoutTerminal: true }, 'stream_truncated'],
  ])('a stream with %j is an error and no end', async (fault, code) => {
    mock.script(fault)
    const reading = async () => {
      const stream = await client.chat.completions.create({ ...asked(prompt.repeat(5)), stream: true })
      for await (const _ of stream);
    }
    const failure = await reading().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code })
    expect(mock.requests).toHaveLength(1)
  })

  test.each(['before the answer', 'in the middle of it'])('an abort %s stops the vendor', async (moment) => {
    const stop = new AbortController()
    const early = moment === 'before the answer'
    mock.script(early ? { hang: 'headers' } : { hang: { afterEvents: 10 } })
    const reading = (async () => {
      const stream = await client.chat.completions.create({ ...asked(prompt.repeat(5)), stream: true }, { signal: stop.signal })
      for await (const _ of stream) stop.abort()
    })()
    const ended = reading.catch((error: unknown) => error)
    if (early) {
      await until(() => mock.requests.length === 1)
      stop.abort()
    }
    await ended
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })

  test('stands behind another that fails', async () => {
    mock.script({ when: ({ model }) => model === 'gpt-4.1', status: 503 })
    const answer = await client.chat.completions.create(
      { ...asked(), model: 'openai/gpt-4.1' },
      { leash: { fallback: [model] }, maxRetries: 0 },
    )
    expect(answer.choices[0]?.message.content).toBe(`Echo: ${prompt}`)
    expect(answer.leash?.attempts).toMatchObject([{ status: 503 }, { protocol: 'ai-sdk', outcome: 'ok' }])
  })
})

const get_weather = tool({ inputSchema: z.object({ city: z.string() }), execute: async () => '24 degrees' })

describe.each(thinkers)('the thinking of %s', (name) => {
  test.each([false, true])('goes through the AI SDK twice and back to its vendor byte for byte (stream: %s)', async (stream) => {
    const leash = createLeashProvider({ providers: providers() })
    const asked = {
      model: leash(models[name]),
      prompt,
      reasoning: 'medium' as const,
      maxOutputTokens: 20_000,
      tools: { get_weather },
      stopWhen: isStepCount(3),
    }
    // The mock refuses a history whose signatures are not as it made them.
    const { text, steps } = stream ? await streamed(asked) : await generateText(asked)
    expect(text).toContain('24 degrees')
    // Google's provider shows no thoughts, but signs its calls.
    if (name !== 'gemini') expect(steps[0]?.reasoningText).toContain('I was asked')
    expect(mock.requests.map(({ status }) => status)).toEqual([200, 200])
  })

  test.each([false, true])('outlives the words of OpenAI (stream: %s)', async (stream) => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: prompt }]
    const asking = { model: models[name], messages, tools: [weather], reasoning_effort: 'medium' as const }
    const complete = () =>
      stream ? client.chat.completions.stream(asking).finalChatCompletion() : client.chat.completions.create(asking)
    const { message } = (await complete()).choices[0] ?? {}
    const [call] = message?.tool_calls ?? []
    if (!message || !call) throw new Error('Nothing was called.')
    messages.push(message, { role: 'tool', tool_call_id: call.id, content: '24 degrees' })
    expect((await complete()).choices[0]?.message.content).toContain('24 degrees')
  })
})

async function streamed(asked: Parameters<typeof streamText>[0]) {
  const result = streamText(asked)
  return { text: await result.text, steps: await result.steps }
}

test.each(thinkers)('a caller that shows thoughts is shown those of %s', async (name) => {
  const response = await client.leash.fetch('https://api.anthropic.com/v1/messages', {
    method: 'POST',
    headers: { 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({
      model: models[name],
      max_tokens: 20_000,
      messages: [{ role: 'user', content: prompt }],
      thinking: { type: 'enabled', budget_tokens: 3000 },
    }),
  })
  const { content } = await response.json()
  expect(content).toContainEqual(expect.objectContaining({ type: 'thinking', thinking: `I was asked: ${prompt}` }))
  expect(content).toContainEqual(expect.objectContaining({ type: 'text', text: `Echo: ${prompt}` }))
})

describe('embeddings', () => {
  test.each(['gpt/text-embedding-3-small', 'gemini/gemini-embedding-001'])('of %s', async (model) => {
    const { data, usage } = await client.embeddings.create({ model, input: ['sunny', 'rainy'] })
    expect(data).toHaveLength(2)
    expect(data[0]?.embedding).not.toEqual(data[1]?.embedding)
    expect(usage.prompt_tokens).toBeGreaterThanOrEqual(0)
    const leash = createLeashProvider({ providers: providers() })
    const { embedding } = await embed({ model: leash.embeddingModel(model), value: 'sunny' })
    expect(embedding).toEqual(data[0]?.embedding)
  })

  test('fail as their vendor does', async () => {
    mock.script({ status: 401 })
    await expect(client.embeddings.create({ model: 'gpt/text-embedding-3-small', input: 'x' })).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    )
  })
})

const answer = {
  content: [{ type: 'text' as const, text: 'Hello.' }],
  finishReason: { unified: 'stop' as const, raw: 'stop' },
  usage: {
    inputTokens: { total: 3, noCache: 3, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 2, text: 2, reasoning: 0 },
  },
  warnings: [],
}

/** A client of one model of the AI SDK. */
function over(model: LanguageModelV4 | EmbeddingModelV4): LeashLLM {
  return new LeashLLM({ apiKey: 'mock', baseURL: `${mock.url}/v1`, providers: { own: fromAiSdk(model) }, maxRetries: 0 })
}

const hello = { model: 'own/any', messages: [{ role: 'user' as const, content: 'My secret is 42.' }] }

describe('a single model', () => {
  test('is asked whatever name is given', async () => {
    const model = new MockLanguageModelV4({ provider: 'acme.chat', doGenerate: answer })
    const { choices, leash } = await over(model).chat.completions.create({ ...hello, temperature: 0.5, max_tokens: 10 })
    expect(choices[0]?.message.content).toBe('Hello.')
    expect(leash?.attempts).toMatchObject([{ provider: 'acme', model: 'any' }])
    expect(model.doGenerateCalls).toMatchObject([{ temperature: 0.5, maxOutputTokens: 10, prompt: [{ role: 'user' }] }])
  })

  test('is handed files as data and addresses as addresses', async () => {
    const model = new MockLanguageModelV4({ doGenerate: answer })
    const content: OpenAI.ChatCompletionContentPart[] = [
      { type: 'image_url', image_url: { url: 'https://acme.example/a.png' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
    ]
    await over(model).chat.completions.create({ ...hello, messages: [{ role: 'user', content }] })
    expect(model.doGenerateCalls[0]?.prompt).toMatchObject([
      {
        content: [
          { type: 'file', data: { type: 'url', url: new URL('https://acme.example/a.png') } },
          { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'iVBORw0KGgo=' } },
        ],
      },
    ])
  })

  test('is handed addresses in the results of tools too, and their JSON as it is', async () => {
    const model = new MockLanguageModelV4({ doGenerate: answer })
    const url = new URL('https://acme.example/a.png')
    const json = { type: 'json' as const, value: [{ data: { type: 'url', url: 'https://acme.example' } }] }
    const drawn = {
      type: 'content' as const,
      value: [{ type: 'file' as const, mediaType: 'image/png', data: { type: 'url' as const, url } }],
    }
    const result = (toolCallId: string, output: typeof json | typeof drawn) => {
      return { type: 'tool-result' as const, toolCallId, toolName: 'draw', output }
    }
    const leash = createLeashProvider({ providers: { own: fromAiSdk(model) } })
    const content = [result('call_1', drawn), result('call_2', json)]
    await leash('own/any').doGenerate({ prompt: [{ role: 'tool', content }] })
    expect(model.doGenerateCalls[0]?.prompt).toEqual([{ role: 'tool', content }])
  })

  test('finds the file that the caller names by its id', async () => {
    const content: OpenAI.ChatCompletionContentPart[] = [{ type: 'file', file: { file_id: 'file-abc' } }]
    await client.chat.completions.create({ model: models.responses, messages: [{ role: 'user', content }] })
    expect(mock.requests[0]?.text).toContain('"file_id":"file-abc"')
  })

  test('tells what it could not do, whole and in pieces', async () => {
    const warnings = [{ type: 'unsupported' as const, feature: 'seed', details: 'not here' }]
    const model = new MockLanguageModelV4({
      doGenerate: { ...answer, warnings },
      doStream: {
        stream: convertArrayToReadableStream([
          { type: 'stream-start', warnings },
          { type: 'finish', ...answer },
        ]),
      },
    })
    const lost = [{ path: 'seed', action: 'dropped', why: 'not here' }]
    expect((await over(model).chat.completions.create(hello)).leash?.warnings).toEqual(lost)
    const stream = await over(model).chat.completions.create({ ...hello, stream: true })
    for await (const _ of stream);
    expect((await reportOf(stream))?.warnings).toEqual(lost)
  })

  test('is paid for what was written to a cache for an hour, where its vendor tells', async () => {
    const inputTokens = { total: 13, noCache: 3, cacheRead: 0, cacheWrite: 10 }
    const raw = { cache_creation: { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 6 } }
    const doGenerate = { ...answer, usage: { ...answer.usage, inputTokens, raw } }
    const { leash } = await over(new MockLanguageModelV4({ doGenerate })).chat.completions.create(hello)
    expect(leash?.usage).toMatchObject({ input: 3, cacheWrite: 4, cacheWrite1h: 6 })
  })

  test('is paid for what its vendor has searched, where that is told, whole and in pieces', async () => {
    const raw = { server_tool_use: { web_search_requests: 2 } }
    const told = { ...answer, usage: { ...answer.usage, raw } }
    const doStream = { stream: convertArrayToReadableStream([{ type: 'finish' as const, ...told }]) }
    const lines: LedgerLine[] = []
    const client = new LeashLLM({
      ...{ apiKey: 'mock', baseURL: `${mock.url}/v1`, maxRetries: 0 },
      providers: { own: fromAiSdk(new MockLanguageModelV4({ provider: 'acme.chat', doGenerate: told, doStream })) },
      prices: { 'acme/*': { input: 0, output: 0, search: 0.01 } },
      ledger: { sink: (more) => void lines.push(...more) },
    })
    await client.chat.completions.create(hello)
    for await (const _ of await client.chat.completions.create({ ...hello, stream: true }));
    await client.leash.close()
    expect(lines.map(({ searches, cost }) => ({ searches, cost }))).toEqual(Array(2).fill({ searches: 2, cost: 20_000_000 }))
  })

  test('is paid by the tier that its vendor served it in, whole and in pieces', async () => {
    const told = { ...answer, providerMetadata: { openai: { serviceTier: 'priority' } } }
    const doStream = { stream: convertArrayToReadableStream([{ type: 'finish' as const, ...told }]) }
    const client = over(new MockLanguageModelV4({ doGenerate: told, doStream }))
    expect((await client.chat.completions.create(hello)).leash?.attempts).toMatchObject([{ serviceTier: 'priority' }])
    const stream = await client.chat.completions.create({ ...hello, stream: true })
    for await (const _ of stream);
    expect((await reportOf(stream))?.attempts).toMatchObject([{ serviceTier: 'priority' }])
  })

  test('is given no more texts at once than it embeds', async () => {
    const model = new MockEmbeddingModelV4({
      maxEmbeddingsPerCall: 2,
      doEmbed: async ({ values }) => {
        const warnings = [{ type: 'other' as const, message: values.join() }]
        return { embeddings: values.map(({ length }) => [length]), usage: { tokens: values.length }, warnings }
      },
    })
    const { data, usage } = await over(model).embeddings.create({ model: 'own/any', input: ['a', 'bb', 'ccc'] })
    expect(data.map(({ embedding }) => embedding)).toEqual([[1], [2], [3]])
    expect(usage.prompt_tokens).toBe(3)
    const leash = createLeashProvider({ providers: { own: fromAiSdk(model) } })
    const { embeddings, warnings } = await embedMany({ model: leash.embeddingModel('own/any'), values: ['a', 'bb', 'ccc'] })
    expect(embeddings).toEqual([[1], [2], [3]])
    expect(warnings.map((warning) => 'message' in warning && warning.message)).toEqual(['a,bb', 'ccc'])
    expect(model.doEmbedCalls).toHaveLength(4)
  })

  test('is told with each part of the texts what the caller asked for, and when he has left', async () => {
    const left = new AbortController()
    const model = new MockEmbeddingModelV4({
      maxEmbeddingsPerCall: 1,
      doEmbed: async ({ values, abortSignal }) => {
        if (values[0] === 'b') left.abort()
        return { embeddings: [[abortSignal?.aborted ? 1 : 0]], warnings: [] }
      },
    })
    const leash = createLeashProvider({ providers: { own: fromAiSdk(model) } })
    const options = { headers: { 'x-team': 'blue' }, providerOptions: { own: { dimensions: 2 } }, abortSignal: left.signal }
    await expect(leash.embeddingModel('own/any').doEmbed({ values: ['a', 'b'], ...options })).rejects.toThrow()
    expect(model.doEmbedCalls).toMatchObject(
      ['a', 'b'].map((value) => ({ values: [value], headers: options.headers, providerOptions: options.providerOptions })),
    )
    expect(model.doEmbedCalls.map(({ abortSignal }) => abortSignal?.aborted)).toEqual([true, true])
  })

  test('that tells what some of the texts took alone is charged as one that tells nothing', async () => {
    const charged = async (tells: (call: number) => boolean) => {
      let call = 0
      const doEmbed = async ({ values }: { values: string[] }) => {
        const usage = tells(call++) ? { usage: { tokens: 1 } } : {}
        return { embeddings: values.map(() => [1]), warnings: [], ...usage }
      }
      const model = new MockEmbeddingModelV4({ maxEmbeddingsPerCall: 1, doEmbed })
      const input = ['one two three four', 'five six seven eight']
      return (await over(model).embeddings.create({ model: 'own/any', input })).leash?.attempts.map(({ usage }) => usage)
    }
    const nothing = await charged(() => false)
    expect(await charged((call) => call === 0)).toEqual(nothing)
    expect(await charged((call) => call === 1)).toEqual(nothing)
    expect(await charged(() => true)).toMatchObject([{ input: 2 }])
  })

  test('that fails for reasons of its own shows no prompt', async () => {
    const model = new MockLanguageModelV4({
      doGenerate: async () => {
        throw Object.assign(new Error('Cannot take "My secret is 42."'), { name: 'AI_InvalidPromptError' })
      },
    })
    const failure = await over(model)
      .chat.completions.create(hello)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'upstream_error', message: expect.stringContaining('AI_InvalidPromptError') })
    expect(String(failure)).not.toContain('secret')
  })

  test.each([
    [{ nothing: 'to be read' }, 502, 'upstream_malformed'],
    [{ error: { message: 'Busy.', type: 'overloaded_error' } }, 503, 'overloaded'],
  ])('whose vendor answers %j with a status of success has failed, and is tried again', async (body, status, code) => {
    mock.script({ status: 200, body, times: 9 })
    const failure = await client.chat.completions.create({ ...hello, model: models.gpt }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(OpenAI.InternalServerError)
    expect(failure).toMatchObject({ status, code })
    expect(mock.requests.length).toBeGreaterThan(1)
  })

  test.each([
    [Object.assign(new Error('socket hang up'), { isRetryable: true }), OpenAI.APIConnectionError],
    ['a text', OpenAI.InternalServerError],
  ])('that throws %s has failed as the caller’s SDK knows it', async (thrown, Failure) => {
    const doGenerate = () => Promise.reject(thrown)
    const failure = await over(new MockLanguageModelV4({ doGenerate }))
      .chat.completions.create(hello)
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Failure)
    expect(String(failure)).not.toMatch(/hang up|a text/)
  })

  test('that its provider does not have is not found, and others may be asked in its place', async () => {
    const model = new MockLanguageModelV4({ provider: 'acme.chat', doGenerate: answer })
    const own = fromAiSdk(customProvider({ languageModels: { any: model } }), { name: 'acme' })
    const client = new LeashLLM({ apiKey: 'mock', baseURL: `${mock.url}/v1`, providers: { own }, maxRetries: 0 })
    const asked = { ...hello, model: 'own/none' }
    const failure = await client.chat.completions.create(asked).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(OpenAI.NotFoundError)
    expect(failure).toMatchObject({ code: 'not_found', message: expect.stringContaining('none') })
    const { choices } = await client.chat.completions.create(asked, { leash: { fallback: ['own/any'] } })
    expect(choices[0]?.message.content).toBe('Hello.')
  })

  test('that has no key says so as the leash does', async () => {
    const openai = createOpenAI({ baseURL: `${mock.url}/v1` })
    const failure = await over(openai('gpt-4o-mini'))
      .chat.completions.create(hello)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'missing_key', message: expect.stringContaining('OPENAI_API_KEY') })
    expect(mock.requests).toEqual([])
  })

  test('of another specification is refused with what to do', async () => {
    const older = { specificationVersion: 'v3' } as never
    const speaks = over(Object.assign(new MockLanguageModelV4({ doGenerate: answer }), older))
    const embeds = over(Object.assign(new MockEmbeddingModelV4(), older))
    for (const asked of [
      speaks.chat.completions.create(hello),
      embeds.embeddings.create({ model: 'own/any', input: 'x' }),
    ] as Promise<unknown>[])
      await expect(asked).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('`ai` 7') })
  })

  test('that generates text makes no embeddings, and the other way round', async () => {
    const openai = createOpenAI({ baseURL: `${mock.url}/v1`, apiKey: 'mock' })
    await expect(over(openai('gpt-4o-mini')).embeddings.create({ model: 'own/any', input: 'x' })).rejects.toThrow(/embed/)
    await expect(over(openai.embeddingModel('text-embedding-3-small')).chat.completions.create(hello)).rejects.toThrow(/chat/)
    expect(mock.requests).toEqual([])
  })
})

describe('the middleware', () => {
  const claude = () => createAnthropic({ baseURL: `${mock.url}/v1`, apiKey: 'mock' })('claude-sonnet-4-5')

  test('puts any model on the leash: its failures are tried again, and its report is told', async () => {
    const model = wrapLanguageModel({ model: claude(), middleware: leashMiddleware({ retry: { backoff: () => 0 } }) })
    mock.script({ status: 529 })
    const { text, finalStep } = await generateText({ model, prompt, maxRetries: 0 })
    expect(text).toBe(`Echo: ${prompt}`)
    expect(finalStep.providerMetadata).toMatchObject({
      anthropic: {},
      leash: { provider: 'anthropic', model: 'claude-sonnet-4-5', attempts: [{ status: 529 }, { outcome: 'ok' }] },
    })
    expect(mock.requests).toHaveLength(2)
  })

  test('streams, calls tools, and gives thinking back', async () => {
    const model = wrapLanguageModel({ model: claude(), middleware: leashMiddleware() })
    const { text, steps } = await streamed({
      model,
      prompt,
      reasoning: 'medium',
      maxOutputTokens: 20_000,
      tools: { get_weather },
      stopWhen: isStepCount(3),
    })
    expect(text).toContain('24 degrees')
    expect(steps[0]?.reasoningText).toContain('I was asked')
    expect(steps.map(({ providerMetadata }) => providerMetadata)).toMatchObject([
      { leash: { attempts: [{ outcome: 'ok' }], ended: true } },
      { leash: { attempts: [{ outcome: 'ok' }], ended: true } },
    ])
  })

  test('falls back to other vendors', async () => {
    mock.script({ when: ({ model }) => model === 'claude-sonnet-4-5', status: 503 })
    const middleware = leashMiddleware({
      providers: mockProviders(mock.url),
      fallback: ['google/gemini-2.5-flash'],
      retry: false,
    })
    const model = wrapLanguageModel({ model: claude(), middleware })
    const { text, finalStep } = await generateText({ model, prompt })
    expect(text).toBe(`Echo: ${prompt}`)
    expect(finalStep.providerMetadata?.leash).toMatchObject({ provider: 'google', moves: [{ because: 'overloaded' }] })
  })

  test.each([
    [529, 'overloaded'],
    [429, 'rate_limited'],
    [400, 'invalid_request'],
  ])('tells what a vendor says in the middle of a stream as what it is: %d', async (status, code) => {
    mock.script({ errorInStream: { status, message: 'Not now.', after: 4 } })
    const model = wrapLanguageModel({ model: claude(), middleware: leashMiddleware() })
    const errors: unknown[] = []
    await streamText({ model, prompt, onError: ({ error }) => void errors.push(error) }).consumeStream()
    expect(errors).toMatchObject([{ statusCode: status, message: `[${code}] Not now.`, data: { code } }])
  })

  test('leaves options, tools and metadata of the model’s own provider as they are', async () => {
    const model = wrapLanguageModel({ model: claude(), middleware: leashMiddleware() })
    const { warnings } = await generateText({
      model,
      prompt,
      maxOutputTokens: 20_000,
      providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 2000 } }, leash: { tags: { app: 'a' } } },
    })
    expect(warnings).toEqual([])
    expect(mock.requests[0]?.body).toMatchObject({ thinking: { type: 'enabled', budget_tokens: 2000 } })
    expect(mock.requests[0]?.text).not.toContain('leash')
  })

  test('leaves the headers of the vendor’s answer with it', async () => {
    const model = wrapLanguageModel({ model: claude(), middleware: leashMiddleware() })
    const told = { 'request-id': expect.stringMatching(/^req_/), 'x-leash-provider': 'anthropic' }
    expect((await generateText({ model, prompt })).response.headers).toMatchObject(told)
    const { response } = await streamText({ model, prompt }).finalStep
    expect(response.headers).toMatchObject({ ...told, 'content-type': expect.stringContaining('text/event-stream') })
  })

  test('hands tools of the model’s own provider on to it', async () => {
    const anthropic = createAnthropic({ baseURL: `${mock.url}/v1`, apiKey: 'mock' })
    const model = wrapLanguageModel({ model: claude(), middleware: leashMiddleware() })
    await generateText({
      model,
      prompt,
      tools: { search: anthropic.tools.webSearch_20250305({ maxUses: 2 }) },
      toolChoice: 'none',
    })
    expect(mock.requests[0]?.body).toMatchObject({ tools: [{ type: 'web_search_20250305', max_uses: 2 }] })
  })

  test('puts back what was redacted also where a model says apart what is to be read as an object', async () => {
    const model = new MockLanguageModelV4({
      doGenerate: async ({ prompt }) => {
        const mail = /<EMAIL_\d+>/.exec(JSON.stringify(prompt))?.[0]
        return { ...answer, structuredOutputText: JSON.stringify({ mail }) }
      },
    })
    const leashed = wrapLanguageModel({ model, middleware: leashMiddleware({ redact: true }) })
    const output = Output.object({ schema: z.object({ mail: z.string() }) })
    const told = await generateText({ model: leashed, prompt: 'Write to bob@example.org.', output })
    expect(told.output).toEqual({ mail: 'bob@example.org' })
    expect(JSON.stringify(model.doGenerateCalls)).not.toContain('bob@')
  })

  test('stands among other middleware', async () => {
    const brief: LanguageModelMiddleware = {
      specificationVersion: 'v4',
      transformParams: async ({ params }) => ({ ...params, maxOutputTokens: 3 }),
    }
    const model = wrapLanguageModel({ model: claude(), middleware: [brief, leashMiddleware()] })
    expect((await generateText({ model, prompt })).finishReason).toBe('length')
    expect(mock.requests[0]?.body).toMatchObject({ max_tokens: 3 })
  })
})
