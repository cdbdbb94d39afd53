/** The AI SDK itself over our provider, over real sockets, to a mock of every vendor. */
import { APICallError } from '@ai-sdk/provider'
import {
  embed,
  embedMany,
  generateObject,
  generateText,
  isStepCount,
  type ModelMessage,
  Output,
  streamObject,
  streamText,
  tool,
} from 'ai'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { isLeashError } from '../../src/core/errors.js'
import { createLeashProvider, type LeashProvider } from '../../src/integrations/ai-sdk.js'
import { createLeash } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { everyModel, leashAt, models, pixel, prompt } from './ai-sdk-models.js'

globalThis.AI_SDK_LOG_WARNINGS = false

const mock = useMock()
let leash: LeashProvider
beforeAll(() => {
  leash = createLeashProvider(leashAt(mock.url))
})

const weather = (ran: (args: { city: string }) => string) =>
  tool({ description: 'The weather in a city.', inputSchema: z.object({ city: z.string() }), execute: async (args) => ran(args) })

/** What is told of a call beside its answer. */
const reportIn = (metadata: unknown) => (metadata as { leash: Record<string, unknown> }).leash

describe.each(everyModel)('over %s', (protocol, model) => {
  test('generateText gives the text, why it ended, its tokens and the report', async () => {
    const result = await generateText({ model: leash(model), prompt })
    expect(result.text).toBe(`Echo: ${prompt}`)
    expect(result.finishReason).toBe('stop')
    expect(result.usage).toMatchObject({ inputTokens: expect.any(Number), outputTokens: expect.any(Number) })
    expect(result.usage.inputTokens).toBeGreaterThan(0)
    expect(result.warnings).toEqual([])
    expect(result.response).toMatchObject({ modelId: expect.any(String), headers: { 'x-leash-attempts': '1' } })
    expect(result.response.id).not.toBe('')
    expect(reportIn(result.finalStep.providerMetadata)).toMatchObject({ ended: true, attempts: [{ protocol, outcome: 'ok' }] })
  })

  test('streamText gives the same piece by piece', async () => {
    const result = streamText({ model: leash(model), prompt })
    const pieces: string[] = []
    for await (const piece of result.textStream) pieces.push(piece)
    expect(pieces.length).toBeGreaterThan(2)
    expect(pieces.join('')).toBe(`Echo: ${prompt}`)
    expect(await result.finishReason).toBe('stop')
    expect((await result.usage).outputTokens).toBeGreaterThan(0)
    expect(reportIn((await result.finalStep).providerMetadata)).toMatchObject({
      ended: true,
      usage: { output: expect.any(Number) },
      attempts: [{ protocol, outcome: 'ok' }],
    })
    expect(mock.requests).toMatchObject([{ stream: true }])
  })

  test.each([false, true])('a tool loop goes through its steps (stream: %s)', async (stream) => {
    const calls: unknown[] = []
    const get_weather = weather((args) => {
      calls.push(args)
      return '24 degrees'
    })
    const asked = { model: leash(model), prompt, tools: { get_weather }, stopWhen: isStepCount(3) }
    const { text, steps } = stream ? await streamed(asked) : await generateText(asked)
    expect(text).toContain('24 degrees')
    expect(calls).toEqual([{ city: expect.any(String) }])
    expect(steps).toHaveLength(2)
    expect(steps[0]).toMatchObject({ finishReason: 'tool-calls', toolCalls: [{ toolName: 'get_weather' }] })
  })

  test('tools that are called together are answered together', async () => {
    const result = await generateText({
      model: leash(model),
      prompt: 'Ask both in parallel.',
      tools: { one: weather(() => 'sun'), two: weather(() => 'rain') },
      stopWhen: isStepCount(3),
    })
    expect(result.steps[0]?.toolCalls.map(({ toolName }) => toolName).sort()).toEqual(['one', 'two'])
    expect(result.text).toContain('sun')
    expect(result.text).toContain('rain')
  })

  test('generateObject and Output.object hold the answer to a schema', async () => {
    const schema = z.object({ city: z.string(), degrees: z.number() })
    const { object } = await generateObject({ model: leash(model), prompt, schema })
    expect(object).toEqual({ city: expect.any(String), degrees: expect.any(Number) })
    const { output } = await generateText({ model: leash(model), prompt, output: Output.object({ schema }) })
    expect(output).toEqual({ city: expect.any(String), degrees: expect.any(Number) })
    const streamed = streamObject({ model: leash(model), prompt, schema })
    for await (const _ of streamed.partialObjectStream);
    expect(await streamed.object).toEqual({ city: expect.any(String), degrees: expect.any(Number) })
  })

  test('images are seen', async () => {
    const content = [
      { type: 'text' as const, text: prompt },
      { type: 'file' as const, data: pixel, mediaType: 'image/png' },
    ]
    const { text } = await generateText({ model: leash(model), messages: [{ role: 'user', content }] })
    expect(text).toBe(`Echo: ${prompt} [1 image]`)
  })

  test('documents are read', async () => {
    const content = [
      { type: 'text' as const, text: prompt },
      { type: 'file' as const, data: new TextEncoder().encode('%PDF-1.4'), mediaType: 'application/pdf' },
    ]
    const { text, warnings } = await generateText({ model: leash(model), messages: [{ role: 'user', content }] })
    expect(warnings).toEqual([])
    expect(text).toBe(`Echo: ${prompt} [1 file]`)
  })

  test('settings reach the vendor, and the length of the answer is kept to', async () => {
    const { finishReason, usage } = await generateText({ model: leash(model), prompt: 'x '.repeat(200), maxOutputTokens: 20 })
    expect(finishReason).toBe('length')
    expect(usage.outputTokens).toBeLessThanOrEqual(20)
  })

  test('a refusal is an APICallError that nobody tries again', async () => {
    mock.script({ status: 400, body: { error: { message: 'No such thing.' } }, times: 9 })
    const failure = await generateText({ model: leash(model), prompt }).catch((error) => error)
    expect(APICallError.isInstance(failure)).toBe(true)
    expect(failure).toMatchObject({
      statusCode: 400,
      isRetryable: false,
      data: { code: 'invalid_request', attempts: [{ status: 400 }] },
    })
    expect(isLeashError(failure.cause)).toBe(true)
    expect(JSON.stringify(failure)).not.toContain('quick brown')
    expect(mock.requests).toHaveLength(1)
  })

  test.each([
    // AWS refuses keys with 403.
    protocol === 'bedrock-converse' ? ([403, 'permission_denied', 1] as const) : ([401, 'authentication_failed', 1] as const),
    [404, 'not_found', 1],
    [429, 'rate_limited', 3],
    [500, 'upstream_error', 3],
  ])('%i is told as %s after %i attempts', async (status, code, attempts) => {
    mock.script({ status, times: 99 })
    const failures = [
      await generateText({ model: leash(model), prompt }).catch((error) => error),
      await new Promise((resolve) => {
        void streamText({ model: leash(model), prompt, onError: ({ error }) => resolve(error) }).consumeStream()
      }),
    ]
    for (const failure of failures) {
      expect(APICallError.isInstance(failure)).toBe(true)
      expect(failure).toMatchObject({ statusCode: status, isRetryable: false, data: { code } })
      expect(failure).toHaveProperty('data.attempts.length', attempts)
      expect(failure).toMatchObject({ responseHeaders: { 'x-leash-error': code } })
    }
    expect(mock.requests).toHaveLength(2 * attempts)
  })

  test('what fails for a moment is tried again by the leash alone', async () => {
    mock.script({ status: 503 })
    const { text, finalStep } = await generateText({ model: leash(model), prompt })
    expect(text).toBe(`Echo: ${prompt}`)
    expect(reportIn(finalStep.providerMetadata).attempts).toHaveLength(2)
    mock.reset()
    mock.script({ status: 503, times: 99 })
    const failure = await generateText({ model: leash(model), prompt }).catch((error) => error)
    expect(failure).toMatchObject({ statusCode: 503, isRetryable: false })
    expect(mock.requests.length).toBeLessThanOrEqual(4)
  })

  test('a stream that is cut short is an error and no end', async () => {
    mock.script({ cutAfter: { events: 8 } })
    const errors: unknown[] = []
    const result = streamText({ model: leash(model), prompt: prompt.repeat(5), onError: ({ error }) => void errors.push(error) })
    const types: string[] = []
    for await (const part of result.stream) types.push(part.type)
    expect(errors).toHaveLength(1)
    expect(APICallError.isInstance(errors[0])).toBe(true)
    expect(errors[0]).toMatchObject({ isRetryable: false, data: { attempts: [{ outcome: 'error' }] } })
    expect(types).toContain('error')
    expect(await result.finishReason).toBe('error')
  })

  test.each(['before the answer', 'in the middle of it'])('an abort %s stops the vendor', async (moment) => {
    const stop = new AbortController()
    const early = moment === 'before the answer'
    mock.script(early ? { hang: 'headers' } : { hang: { afterEvents: 8 } })
    const result = streamText({ model: leash(model), prompt: prompt.repeat(5), abortSignal: stop.signal, onError: () => {} })
    const types: string[] = []
    const reading = (async () => {
      for await (const part of result.stream) {
        types.push(part.type)
        if (part.type === 'text-delta') stop.abort()
      }
    })()
    if (early) {
      await until(() => mock.requests.length === 1)
      stop.abort()
    }
    await reading
    expect(types.at(-1)).toBe('abort')
    expect(types).not.toContain('error')
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })
})

async function streamed(asked: Parameters<typeof streamText>[0]) {
  const result = streamText(asked)
  return { text: await result.text, steps: await result.steps }
}

const thinkers = everyModel.filter(([protocol]) => protocol !== 'openai-chat')

describe.each(thinkers)('thinking over %s', (_, model) => {
  test.each([false, true])('is shown, and goes back to its vendor byte for byte (stream: %s)', async (stream) => {
    const get_weather = weather(() => '24 degrees')
    const asked = {
      model: leash(model),
      prompt,
      reasoning: 'medium' as const,
      maxOutputTokens: 20_000,
      tools: { get_weather },
      stopWhen: isStepCount(3),
    }
    // The mock refuses a history whose signatures are not as it made them.
    const { text, steps } = stream ? await streamed(asked) : await generateText(asked)
    expect(text).toContain('24 degrees')
    expect(steps[0]?.reasoningText).toContain('I was asked')
    expect(steps).toHaveLength(2)
  })
})

test.each([
  [models['openai-chat'], 'file-openai'],
  [models['openai-responses'], 'file-openai'],
  [models['anthropic-messages'], 'file_anthropic'],
  [models.gemini, '/files/google'],
])('a file that was uploaded to several vendors is named to %s as it knows it', async (model, name) => {
  const data = { xai: 'file-xai', openai: 'file-openai', anthropic: 'file_anthropic', google: 'files/google' }
  const content = [{ type: 'file' as const, mediaType: 'application/pdf', data }]
  await generateText({ model: leash(model), messages: [{ role: 'user', content }] })
  const [{ text = '' } = {}] = mock.requests
  expect(text).toContain(name)
  expect(Object.values(data).filter((id) => text.includes(id))).toHaveLength(1)
})

test('a conversation that one vendor thought over goes on with another', async () => {
  const get_weather = weather(() => '24 degrees')
  const asked = { reasoning: 'medium' as const, maxOutputTokens: 20_000, tools: { get_weather } }
  let messages: ModelMessage[] = [{ role: 'user', content: prompt }]
  const order = ['anthropic-messages', 'gemini', 'openai-responses', 'bedrock-converse', 'openai-chat'] as const
  for (const protocol of order) {
    const result = await generateText({ ...asked, model: leash(models[protocol]), messages, stopWhen: isStepCount(3) })
    expect(result.text, protocol).toContain('24 degrees')
    messages = [...messages, ...result.response.messages, { role: 'user', content: `And now? ${prompt}` }]
  }
})

describe('embeddings', () => {
  test.each(['openai/text-embedding-3-small', 'google/gemini-embedding-001', 'bedrock/amazon.titan-embed-text-v2:0'])(
    'of %s come one by one and many at once, in their order',
    async (model) => {
      const one = await embed({ model: leash.embeddingModel(model), value: 'sunny day' })
      expect(one.embedding.length).toBeGreaterThan(1)
      const values = ['sunny day', 'rainy day', 'snow']
      const many = await embedMany({ model: leash.embeddingModel(model), values })
      expect(many.embeddings).toHaveLength(3)
      expect(many.embeddings[0]).toEqual(one.embedding)
      expect(many.embeddings[1]).not.toEqual(one.embedding)
      expect(reportIn(many.providerMetadata)).toMatchObject({ ended: true })
    },
  )

  test('that a vendor refuses fail as everything else does', async () => {
    mock.script({ status: 400 })
    const failure = await embed({ model: leash.embeddingModel('openai/text-embedding-3-small'), value: 'x' }).catch(
      (error) => error,
    )
    expect(failure).toMatchObject({ statusCode: 400, isRetryable: false, data: { code: 'invalid_request' } })
  })
})

describe('what the caller says to the leash', () => {
  test('goes to the stack by providerOptions, and not to the vendor', async () => {
    const { finalStep } = await generateText({
      model: leash(models['openai-chat']),
      prompt,
      providerOptions: { leash: { tags: { team: 'search' }, tenant: 'acme', maxRetries: 0 } },
    })
    expect(reportIn(finalStep.providerMetadata)).toMatchObject({ tags: { team: 'search' } })
    expect(mock.requests.at(-1)?.text).not.toMatch(/search|acme|leash/)
  })

  test.each([models['openai-chat'], models['openai-responses']])(
    'holds an answer of %s to its schema, where that is asked for',
    async (model) => {
      const output = Output.object({ schema: z.object({ name: z.string() }) })
      await generateText({ model: leash(model), prompt, output })
      await generateText({ model: leash(model), prompt, output, providerOptions: { leash: { strictSchema: true } } })
      expect(mock.requests.map(({ text }) => text.includes('"strict":true'))).toEqual([false, true])
    },
  )

  test('falls back to another vendor, and says so', async () => {
    mock.script({ when: ({ model }) => model === 'claude-sonnet-4-5', status: 503 })
    const { text, finalStep } = await generateText({
      model: leash(models['anthropic-messages']),
      prompt,
      providerOptions: { leash: { fallback: [models.gemini], maxRetries: 0 } },
    })
    expect(text).toBe(`Echo: ${prompt}`)
    expect(reportIn(finalStep.providerMetadata)).toMatchObject({ provider: 'google', moves: [{ because: 'overloaded' }] })
  })

  test('what a target cannot take is a warning, and with `strict` an error', async () => {
    const asked = { model: leash(models['anthropic-messages']), prompt, seed: 7, frequencyPenalty: 0.5 }
    const { warnings } = await generateText(asked)
    for (const feature of ['seed', 'frequencyPenalty'])
      expect(warnings).toContainEqual({ type: 'unsupported', feature, details: expect.any(String) })
    const failure = await generateText({ ...asked, providerOptions: { leash: { strict: true } } }).catch((error) => error)
    expect(failure).toMatchObject({ data: { code: 'translation_loss' } })
  })

  test.each([
    ['anthropic-messages', '"cache_control":{"type":"ephemeral","ttl":"1h"}'],
    ['bedrock-converse', '"cachePoint"'],
  ] as const)('marks for the prompt cache reach %s', async (protocol, mark) => {
    const providerOptions = { anthropic: { cacheControl: { type: 'ephemeral', ttl: '1h' } } }
    const content = [{ type: 'text' as const, text: prompt, providerOptions }]
    const asked = { model: leash(models[protocol]), messages: [{ role: 'user' as const, content }] }
    const first = await generateText(asked)
    const second = await generateText(asked)
    expect(mock.requests[0]?.text).toContain(mark)
    expect(first.usage.inputTokenDetails.cacheWriteTokens).toBeGreaterThan(0)
    expect(second.usage.inputTokenDetails.cacheReadTokens).toBeGreaterThan(0)
  })

  test('a tool of one provider is left out with a warning', async () => {
    const search = {
      type: 'provider',
      id: 'openai.web_search',
      args: {},
      inputSchema: z.object({}),
      isProviderExecuted: true,
    } as const
    const { warnings } = await generateText({
      model: leash(models.gemini),
      prompt,
      tools: { search: search as never, get_weather: weather(() => 'sun') },
    })
    expect(warnings).toContainEqual(expect.objectContaining({ type: 'unsupported', feature: 'tools[0]' }))
  })

  test('what one provider alone understands of a message, a part or a tool is left out with a warning', async () => {
    const asked = {
      model: leash(models.gemini),
      messages: [
        {
          role: 'user' as const,
          content: [
            { type: 'text' as const, text: prompt },
            {
              type: 'file' as const,
              data: pixel,
              mediaType: 'image/png',
              providerOptions: { anthropic: { citations: { enabled: true }, cacheControl: { type: 'ephemeral' } } },
            },
          ],
          providerOptions: { groq: { hint: 'x' } },
        },
      ],
      tools: { get_weather: { ...weather(() => 'sun'), providerOptions: { anthropic: { deferLoading: true } } } },
    }
    const { warnings } = await generateText(asked)
    expect(warnings?.map((warning) => 'feature' in warning && warning.feature)).toEqual(
      expect.arrayContaining([
        'prompt[0].providerOptions.groq.hint',
        'prompt[0].content[1].providerOptions.anthropic.citations',
        'tools[0].providerOptions.anthropic.deferLoading',
      ]),
    )
    expect(JSON.stringify(warnings)).not.toContain('cacheControl')
    const failure = await generateText({ ...asked, providerOptions: { leash: { strict: true } } }).catch((error) => error)
    expect(failure).toMatchObject({ data: { code: 'translation_loss' } })
  })

  test('headers are added to the request, but for those that say who the caller is', async () => {
    await generateText({
      model: leash(models['openai-chat']),
      prompt,
      headers: { 'X-Trace': 'abc', Authorization: 'Bearer secret' },
    })
    expect(mock.requests[0]?.headers['x-trace']).toBe('abc')
    expect(mock.requests[0]?.text).not.toContain('secret')
    expect(mock.requests[0]?.headers.authorization).not.toContain('secret')
  })

  test('a name that nobody knows fails before anything is sent', async () => {
    const { anthropic } = mockProviders(mock.url)
    const own = createLeashProvider({ providers: { anthropic } })
    const failure = await generateText({ model: own('frobnicate'), prompt }).catch((error) => error)
    expect(failure).toMatchObject({ statusCode: 400, data: { code: 'unknown_model', attempts: [] } })
    expect(mock.requests).toEqual([])
  })
})

describe('the provider', () => {
  test('is made of a leash that there is, whose events and layers its calls share', async () => {
    const own = createLeash(leashAt(mock.url))
    const seen: unknown[] = []
    own.on('result', ({ model }) => seen.push(model))
    const provider = createLeashProvider(own)
    expect(provider.leash).toBe(own)
    await generateText({ model: provider.languageModel(models.gemini), prompt })
    expect(seen).toEqual(['gemini-2.5-flash'])
    await own.close()
    await expect(generateText({ model: provider(models.gemini), prompt })).rejects.toMatchObject({
      data: { code: 'invalid_config' },
    })
  })

  test('refuses a leash that it cannot look into', () => {
    expect(() => createLeashProvider({ ...createLeash() })).toThrow(/another copy/)
  })

  test('hands on the addresses that it is told of, as they are', async () => {
    const provider = createLeashProvider(leashAt(mock.url), { supportedUrls: { 'image/*': [/^https:/] } })
    const content = [{ type: 'file' as const, data: new URL('https://acme.example/a.png'), mediaType: 'image/png' }]
    await generateText({ model: provider(models['openai-chat']), messages: [{ role: 'user', content }] })
    expect(mock.requests[0]?.text).toContain('"https://acme.example/a.png"')
  })

  test('has no models that draw', () => {
    expect(() => leash.imageModel('dall-e-3')).toThrow(/vendor's own provider/)
  })

  test('checks its options at once', () => {
    expect(() => createLeashProvider({ retri: {} } as never)).toThrow(/retri/)
  })
})
