/** What the compiler knows of the client: no cast is needed, and a mistake is found. The types are checked by `tsc`. */
import { type Attempt, type CallOptions, LeashLLM, type LeashLLMOptions, type Report, reportOf, type Usage } from 'leashllm'
import type OpenAI from 'openai'
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod'
import type { Stream } from 'openai/streaming'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'

/** Never called: what it would answer is what is asked about. */
declare const client: LeashLLM
const { chat, embeddings, responses } = {} as LeashLLM
const messages = [{ role: 'user' as const, content: 'Hello' }]
const params = { model: 'm', messages }
const input = { model: 'm', input: 'Hello' }
const options = { leash: { tags: { feature: 'x' }, strict: true }, maxRetries: 1 }
const shape = z.object({ city: z.string() })

test('answers carry a typed report', () => {
  const ask = async () => ({
    chat: await chat.completions.create(params),
    responses: await responses.create(input),
    embeddings: await embeddings.create(input),
    parsed: await chat.completions.parse(params),
  })
  type Answers = Awaited<ReturnType<typeof ask>>
  expectTypeOf<Answers['chat']['leash']>().toEqualTypeOf<Report | undefined>()
  expectTypeOf<Answers['responses']['leash']>().toEqualTypeOf<Report | undefined>()
  expectTypeOf<Answers['embeddings']['leash']>().toEqualTypeOf<Report | undefined>()
  expectTypeOf<Answers['parsed']['leash']>().toEqualTypeOf<Report | undefined>()
  expectTypeOf<Report['attempts']>().items.toEqualTypeOf<Attempt>()
  expectTypeOf<Report['usage']>().toEqualTypeOf<Usage | undefined>()
  expectTypeOf<InstanceType<typeof OpenAI.APIError>['leash']>().toEqualTypeOf<Report | undefined>()
})

test('the answer of a call on a leash is that of OpenAI’s own', () => {
  const ask = () => chat.completions.create(params, options)
  expectTypeOf(ask).returns.resolves.toExtend<OpenAI.ChatCompletion>()
  const stream = () => chat.completions.create({ ...params, stream: true }, options)
  expectTypeOf(stream).returns.resolves.toExtend<Stream<OpenAI.ChatCompletionChunk>>()
  const either = (stream: boolean) => chat.completions.create({ ...params, stream }, options)
  expectTypeOf(either).returns.resolves.toExtend<OpenAI.ChatCompletion | Stream<OpenAI.ChatCompletionChunk>>()
  const whole = () => chat.completions.create(params, options).withResponse()
  expectTypeOf(whole).returns.resolves.toExtend<{ data: OpenAI.ChatCompletion; response: Response }>()
  const embed = () => embeddings.create(input, options)
  expectTypeOf(embed).returns.resolves.toExtend<OpenAI.CreateEmbeddingResponse>()
  const respond = () => responses.create(input, options)
  expectTypeOf(respond).returns.resolves.toExtend<OpenAI.Responses.Response>()
})

test('helpers take the options of a leash, and keep what they infer', () => {
  const parse = async () => {
    const response_format = zodResponseFormat(shape, 'place')
    return (await chat.completions.parse({ ...params, response_format }, options)).choices[0]?.message.parsed
  }
  expectTypeOf(parse).returns.resolves.toEqualTypeOf<{ city: string } | null | undefined>()
  const respond = async () =>
    (await responses.parse({ ...input, text: { format: zodTextFormat(shape, 'place') } }, options)).output_parsed
  expectTypeOf(respond).returns.resolves.toEqualTypeOf<{ city: string } | null>()
  const stream = () => chat.completions.stream(params, options).finalContent()
  expectTypeOf(stream).returns.resolves.toEqualTypeOf<string | null>()
  const answered = () => responses.stream(input, options).finalResponse()
  expectTypeOf(answered).returns.resolves.toExtend<OpenAI.Responses.Response>()
  const run = () => chat.completions.runTools({ ...params, tools: [] }, { ...options, maxChatCompletions: 2 }).finalContent()
  expectTypeOf(run).returns.resolves.toEqualTypeOf<string | null>()
})

test('reportOf takes streams and runners', () => {
  const ask = async () => [
    await reportOf(await chat.completions.create({ ...params, stream: true })),
    await reportOf(chat.completions.stream(params)),
    await reportOf(await responses.create({ ...input, stream: true })),
    await reportOf(responses.stream(input)),
  ]
  expectTypeOf(ask).returns.resolves.toEqualTypeOf<Report[]>()
  // @ts-expect-error An answer is no stream.
  const wrong = async () => reportOf(await chat.completions.create(params))
  expectTypeOf(wrong).returns.resolves.toEqualTypeOf<Report>()
})

test('a client on a leash goes wherever OpenAI’s client goes', () => {
  expectTypeOf<LeashLLM>().toExtend<OpenAI>()
  expectTypeOf<typeof client>().toHaveProperty('leash')
  const copy = () => client.withOptions({ timeout: 1 })
  expectTypeOf(copy).returns.toEqualTypeOf<LeashLLM>()
})

test('its options are OpenAI’s and the leash’s', () => {
  expectTypeOf<ConstructorParameters<typeof OpenAI>[0]>().toExtend<LeashLLMOptions | undefined>()
  const made = () =>
    new LeashLLM({
      apiKey: async () => 'key',
      maxRetries: 2,
      providers: {
        anthropic: { apiKey: 'key', headers: { 'x-team': 'blue' } },
        vertex: { project: 'p', location: 'global' },
        groq: { apiKey: () => 'key' },
        house: { baseURL: 'http://localhost:8000/v1', keyless: true },
      },
      routes: { fast: 'groq/llama' },
      retry: { attempts: 3, backoff: (attempt) => attempt * 10, when: ({ code }) => code === 'rate_limited' },
      timeouts: { attemptMs: 1, firstTokenMs: 2, idleMs: 3, deadlineMs: 4 },
      use: [(next) => (call) => next(call), { at: 'attempt', middleware: (next) => next }],
    })
  expectTypeOf(made).returns.toEqualTypeOf<LeashLLM>()
})

test('mistakes are found', () => {
  const wrong = () => [
    // @ts-expect-error Milliseconds are a number.
    chat.completions.create(params, { leash: { deadlineMs: 'soon' } }),
    // @ts-expect-error No such option.
    chat.completions.create(params, { leash: { deadline: 5 } }),
    // @ts-expect-error No such option.
    responses.create(input, { leash: { tag: 'x' } }),
    // @ts-expect-error No such option.
    embeddings.create(input, { lease: {} }),
    // @ts-expect-error Tags are strings.
    new LeashLLM({ routes: { fast: 7 } }),
    // @ts-expect-error No such option.
    new LeashLLM({ timeout_ms: 7 }),
    // @ts-expect-error The whole call has a deadline, its attempts have not.
    new LeashLLM({ retry: { deadlineMs: 7 } }),
    // @ts-expect-error Layers are functions.
    new LeashLLM({ use: ['log'] }),
    // @ts-expect-error There are two places.
    new LeashLLM({ use: [{ at: 'start', middleware: () => {} }] }),
    // @ts-expect-error It is for `handle`, which a client has not.
    new LeashLLM({ maxBodyBytes: 7 }),
  ]
  expectTypeOf(wrong).toBeFunction()
})

test('options of a call are read-only, and so is a report’s list of attempts', () => {
  expectTypeOf<CallOptions['tags']>().toEqualTypeOf<Readonly<Record<string, string>> | undefined>()
  const wrong = (report: Report) => {
    // @ts-expect-error It is the leash's.
    report.attempts = []
  }
  expectTypeOf(wrong).toBeFunction()
})

test('what a program has not set may be said as undefined, also to a compiler that tells it from absent', () => {
  const tenant = undefined as string | undefined
  const ms = undefined as number | undefined
  const asked = () => chat.completions.create(params, { leash: { tenant, tags: undefined, timeouts: { idleMs: ms } } })
  expectTypeOf(asked).returns.resolves.toExtend<OpenAI.ChatCompletion>()
  expectTypeOf({ leash: undefined }).toExtend<Parameters<typeof responses.create>[1]>()
  const made = { fallback: undefined, maxCostUsd: ms, timeouts: { attemptMs: ms }, relay: undefined, routes: undefined }
  expectTypeOf(made).toExtend<LeashLLMOptions>()
})
