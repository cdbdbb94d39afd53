/** What the compiler knows of a leash, its layers and its events. The types are checked by `tsc`. */
import {
  type Call,
  type CoalesceOptions,
  type ConcurrencyOptions,
  createLeash,
  type ErrorCode,
  type FallbackOptions,
  type HedgeOptions,
  isLeashError,
  type JsonObject,
  type Leash,
  LeashError,
  type LeashErrorOptions,
  type LeashEvents,
  type LeashOptions,
  type Middleware,
  type OpenAICompatibleOptions,
  type OpenAIOptions,
  openai,
  openaiCompatible,
  type PaceOptions,
  type PricesOptions,
  type Provider,
  type ProvidersOptions,
  type RateLimit,
  type RelayOptions,
  type Report,
  type Result,
  type ResumeOptions,
  type Target,
  type UpstreamFailure,
  withBody,
} from 'leashllm/leash'
import { expectTypeOf, test } from 'vitest'

test('a leash has the types of what it takes the place of', () => {
  expectTypeOf<Leash['fetch']>().toEqualTypeOf<typeof fetch>()
  expectTypeOf<Leash['handle']>().toExtend<(request: Request) => Promise<Response>>()
  // Hosts have a second argument of their own.
  expectTypeOf<Leash['handle']>().toExtend<(request: Request, server: { readonly hostname: string }) => Promise<Response>>()
  const host = (leash: Leash, request: Request) => [
    leash.handle(request, { leash: { tenant: 'acme', tags: { app: 'x' } }, maxBodyBytes: 1000 }),
    leash.handle(request, { leash: async () => ({ user: 'ada' }) }),
    // @ts-expect-error No such option.
    leash.handle(request, { tenant: 'acme' }),
  ]
  expectTypeOf(host).toBeFunction()
  const wrapped = (leash: Leash, client: Date) => leash.wrap(client)
  expectTypeOf(wrapped).returns.toEqualTypeOf<Date>()
})

test('events are typed by their names', () => {
  const listen = (leash: Leash) => [
    leash.on('attempt', ({ outcome, callId }) =>
      expectTypeOf({ outcome, callId }).toExtend<{ outcome: string; callId: string }>(),
    ),
    leash.on('result', (report) => expectTypeOf(report).toEqualTypeOf<Report>()),
    leash.on('resume', ({ resumed }) => expectTypeOf(resumed).toEqualTypeOf<'continued' | 'restarted'>()),
    leash.on('retry', ({ delayMs }) => expectTypeOf(delayMs).toEqualTypeOf<number>()),
    // @ts-expect-error No such event.
    leash.on('finish', () => {}),
  ]
  expectTypeOf(listen).toBeFunction()
  expectTypeOf<keyof LeashEvents>().toExtend<string>()
})

test('a layer is typed without a word of its own', () => {
  const layer: Middleware = (next) => async (call) => {
    expectTypeOf(call).toEqualTypeOf<Call>()
    const result = await next(withBody(call, { ...call.body, seed: 1 }))
    expectTypeOf(result).toEqualTypeOf<Result>()
    if (result.stream) expectTypeOf(result.body).toEqualTypeOf<AsyncIterable<Uint8Array>>()
    else expectTypeOf(result.body).toBeUnknown()
    // @ts-expect-error A call is passed on as a copy, never changed.
    call.model = 'other'
    return result
  }
  expectTypeOf(createLeash).toBeCallableWith({ use: [layer, { at: 'call', middleware: layer }] })
})

test('what options are made of can be named', () => {
  interface Named {
    readonly coalesce: CoalesceOptions | boolean
    readonly concurrency: ConcurrencyOptions
    readonly fallback: FallbackOptions | readonly string[]
    readonly hedge: HedgeOptions | boolean
    readonly pace: PaceOptions | boolean
    readonly prices: PricesOptions
    readonly providers: ProvidersOptions
    readonly rateLimit: readonly RateLimit[]
    readonly relay: Partial<RelayOptions> | false
  }
  expectTypeOf<{ readonly [Name in keyof Named]: Exclude<LeashOptions[Name], undefined> }>().toEqualTypeOf<Named>()
  const made = (options: OpenAIOptions, own: OpenAICompatibleOptions) => [openai(options), openaiCompatible(own)]
  expectTypeOf(made).returns.toEqualTypeOf<Provider[]>()
  expectTypeOf<Call['body']>().toExtend<JsonObject>()
  expectTypeOf<Call['target']>().toEqualTypeOf<Target>()
  expectTypeOf<LeashError['upstream']>().toEqualTypeOf<UpstreamFailure | undefined>()
  const failed = (options: LeashErrorOptions) => new LeashError('upstream_error', 'It failed.', options)
  expectTypeOf(failed).returns.toEqualTypeOf<LeashError>()
})

test('errors are known by closed codes', () => {
  const told = (error: unknown) => (isLeashError(error) ? error : undefined)
  expectTypeOf(told).returns.toEqualTypeOf<LeashError | undefined>()
  expectTypeOf<'rate_limited'>().toExtend<ErrorCode>()
  expectTypeOf<LeashError['code']>().toEqualTypeOf<ErrorCode>()
  // @ts-expect-error The list is closed.
  const code: ErrorCode = 'oops'
  expectTypeOf(code).toBeString()
})

test('a leash may go on with streams, as it is told', () => {
  expectTypeOf(createLeash).toBeCallableWith({ resume: true })
  expectTypeOf(createLeash).toBeCallableWith({ resume: { restart: true, times: 1, maxBufferBytes: 1 } satisfies ResumeOptions })
  // @ts-expect-error No such option.
  const wrong: ResumeOptions = { often: 3 }
  expectTypeOf(wrong).toBeObject()
})

test('providers are options, or whole providers', () => {
  expectTypeOf(createLeash).toBeCallableWith({ providers: { openai: { organization: 'o' }, mine: openai({ apiKey: 'x' }) } })
  expectTypeOf(createLeash).toBeCallableWith({ maxBodyBytes: 1, fetch: (url, init) => fetch(url, init) })
  expectTypeOf(openai).returns.toEqualTypeOf<Provider>()
  const wrong = () => [
    // @ts-expect-error No such option of OpenAI's.
    createLeash({ providers: { openai: { organisation: 'o' } } }),
    // @ts-expect-error A key is a string or a function that gives one.
    createLeash({ providers: { anthropic: { apiKey: 7 } } }),
    // @ts-expect-error No such kind of provider.
    createLeash({ providers: { mine: { type: 'nobody' } } }),
    // @ts-expect-error No such option.
    createLeash({ strictly: true }),
  ]
  expectTypeOf(wrong).toBeFunction()
})
