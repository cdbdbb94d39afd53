/** What instrumentation of all kinds writes into its spans, and the lines that become of it. */
import { beforeAll, describe, expect, it } from 'vitest'
import { openPrices } from '../../../src/catalog/prices/open.js'
import type { PriceBook } from '../../../src/core/price.js'
import { isCall, lineOf, unfolded } from '../../../src/relay/otlp/line.js'
import type { Span } from '../../../src/relay/otlp/span.js'

let book: PriceBook
beforeAll(async () => {
  const prices = {
    'openai/gpt-x': { input: 1, cacheRead: 0.1, output: 10, reasoning: 10 },
    'anthropic/claude-x': { input: 3, cacheRead: 0.3, cacheWrite: 4, output: 15 },
    'azure/gpt-x-2026': { input: 2, output: 20 },
  }
  book = await openPrices(prices).book.get()
})

function span(attributes: Record<string, string | number | boolean>, more: Partial<Span> = {}): Span {
  return {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    parentId: '',
    startMs: 1_764_000_000_000,
    endMs: 1_764_000_001_500,
    failed: false,
    attributes: new Map(Object.entries(attributes)),
    resource: new Map(),
    ...more,
  }
}

const line = (attributes: Record<string, string | number | boolean>, more?: Partial<Span>) => lineOf(span(attributes, more), book)

describe('a call is known', () => {
  it.each([
    [{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' }],
    [{ 'gen_ai.operation.name': 'generate_content', 'gen_ai.request.model': 'm' }],
    [{ 'gen_ai.operation.name': 'embeddings', 'gen_ai.response.model': 'm' }],
    [{ 'llm.request.type': 'completion', 'gen_ai.request.model': 'm' }],
    [{ 'openinference.span.kind': 'LLM', 'llm.model_name': 'm' }],
    [{ 'openinference.span.kind': 'EMBEDDING', 'embedding.model_name': 'm' }],
    [{ 'gen_ai.system': 'openai', 'gen_ai.request.model': 'm', 'gen_ai.usage.prompt_tokens': 3 }],
  ])('by %j', (attributes) => expect(isCall(span(attributes))).toBe(true))

  it.each([
    [{ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.request.model': 'm', 'gen_ai.usage.input_tokens': 100 }],
    [{ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.request.model': 'm' }],
    [{ 'openinference.span.kind': 'CHAIN', 'llm.model_name': 'm', 'llm.token_count.prompt': 7 }],
    [{ 'openinference.span.kind': 'AGENT', 'llm.model_name': 'm', 'llm.token_count.prompt': 7 }],
    [{ 'traceloop.span.kind': 'workflow', 'gen_ai.request.model': 'm', 'gen_ai.usage.input_tokens': 7 }],
    [{ 'gen_ai.operation.name': 'chat' }],
    [{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', 'leash.attempt': 1 }],
    [{ 'gen_ai.request.model': 'm' }],
    [{}],
  ])('and no step around one: %j', (attributes) => expect(isCall(span(attributes))).toBe(false))
})

it('is a call that took no time where a clock was turned back meanwhile', () => {
  const call = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' }
  expect(line(call, { startMs: 1_764_000_000_000, endMs: 1_763_999_999_000 }).durationMs).toBe(0)
})

describe('tokens', () => {
  const chat = { 'gen_ai.operation.name': 'chat' }

  it('of an input that was cached as a whole count once, and those of thought are no more than the output', () => {
    const { usage, cost } = line({
      ...{ ...chat, 'gen_ai.request.model': 'gpt-x', 'gen_ai.provider.name': 'openai' },
      ...{ 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.cache_read.input_tokens': 100 },
      ...{ 'gen_ai.usage.output_tokens': 20, 'gen_ai.usage.reasoning.output_tokens': 30 },
    })
    expect(usage).toMatchObject({ input: 0, cacheRead: 100, output: 0, reasoning: 20 })
    expect(cost).toBe(100 * 100 + 20 * 10_000)
  })

  it("by OpenTelemetry's names, cached ones and reasoning within their sums", () => {
    const told = line({
      ...chat,
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-x',
      'gen_ai.usage.input_tokens': 1000,
      'gen_ai.usage.output_tokens': 100,
      'gen_ai.usage.cache_read.input_tokens': 600,
      'gen_ai.usage.reasoning.output_tokens': 40,
    })
    expect(told).toMatchObject({
      id: `${'a'.repeat(32)}/${'b'.repeat(16)}`,
      attempt: 1,
      at: 1_764_000_000_000,
      durationMs: 1500,
      provider: 'openai',
      model: 'gpt-x',
      outcome: 'ok',
      usage: { input: 400, cacheRead: 600, output: 60, reasoning: 40 },
      basis: 'complete',
      // 400 × $1 + 600 × $0.1 + 100 × $10, for a million each.
      cost: 1_460_000,
    })
  })

  it.each([
    ['the older names', { 'gen_ai.system': 'openai', 'gen_ai.usage.prompt_tokens': 10, 'gen_ai.usage.completion_tokens': 5 }],
    ["OpenLLMetry's", { 'gen_ai.system': 'OpenAI', 'llm.usage.prompt_tokens': 10, 'llm.usage.completion_tokens': 5 }],
    ["OpenInference's", { 'llm.provider': 'openai', 'llm.token_count.prompt': 10, 'llm.token_count.completion': 5 }],
    ['numbers as text', { 'gen_ai.system': 'openai', 'gen_ai.usage.input_tokens': '10', 'gen_ai.usage.output_tokens': '5' }],
  ])('by %s', (_, attributes) => {
    expect(line({ ...chat, 'gen_ai.request.model': 'gpt-x', ...attributes })).toMatchObject({
      provider: 'openai',
      usage: { input: 10, output: 5 },
      cost: 60_000,
    })
  })

  it.each([
    ['cache_creation.input_tokens', 'cache_read.input_tokens'],
    ['cache_creation_input_tokens', 'cache_read_input_tokens'],
    ['cache_write.input_tokens', 'cache_read.input_tokens'],
  ])('of a cache by gen_ai.usage.%s, within the input or beside it', (write, read) => {
    const told = (input: number) =>
      line({
        ...chat,
        'gen_ai.system': 'anthropic',
        'gen_ai.request.model': 'claude-x',
        'gen_ai.usage.input_tokens': input,
        'gen_ai.usage.output_tokens': 0,
        [`gen_ai.usage.${write}`]: 100,
        [`gen_ai.usage.${read}`]: 1000,
      }).usage
    expect(told(1107)).toMatchObject({ input: 7, cacheRead: 1000, cacheWrite: 100 })
    expect(told(7)).toMatchObject({ input: 7, cacheRead: 1000, cacheWrite: 100 })
  })

  it('that nobody told are an estimate of nothing, whose price is unknown', () => {
    expect(line({ ...chat, 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-x' })).toMatchObject({
      basis: 'estimated',
      cost: null,
    })
  })
})

describe('a price', () => {
  const used = { 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 5 }

  it.each(['leash.cost.usd', 'gen_ai.usage.cost', 'llm.cost.total'])('that the span has itself counts: %s', (name) => {
    expect(line({ ...used, 'gen_ai.request.model': 'gpt-x', [name]: 0.0000005 })).toMatchObject({
      cost: 500,
      priceVersion: 'span',
    })
  })

  it("is the answering model's where that of the request is the name of a deployment", () => {
    const attributes = { 'gen_ai.system': 'az.ai.openai', 'gen_ai.request.model': 'ours', 'gen_ai.response.model': 'gpt-x-2026' }
    expect(line({ ...used, ...attributes })).toMatchObject({ provider: 'azure', model: 'ours', cost: 120_000 })
  })

  it('is unknown for a model that nobody knows, and never nothing', () => {
    expect(line({ ...used, 'gen_ai.system': 'mine', 'gen_ai.request.model': 'own' })).toMatchObject({
      provider: 'mine',
      cost: null,
    })
  })
})

describe('who answered', () => {
  const of = (system: string, host = '') =>
    line({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', 'gen_ai.system': system, 'server.address': host })
      .provider

  it.each([
    ['gcp.gemini', 'google'],
    ['gcp.vertex_ai', 'vertex'],
    ['vertexai', 'vertex'],
    ['aws.bedrock', 'bedrock'],
    ['AWS', 'bedrock'],
    ['azure.ai.openai', 'azure'],
    ['mistral_ai', 'mistral'],
    ['x_ai', 'xai'],
    ['Anthropic', 'anthropic'],
    ['of_tomorrow', 'of_tomorrow'],
  ])('%s is %s', (system, provider) => expect(of(system)).toBe(provider))

  it.each([
    ['api.groq.com', 'groq'],
    ['api.deepseek.com', 'deepseek'],
    ['mine.openai.azure.com', 'azure'],
    ['bedrock-runtime.eu-central-1.amazonaws.com', 'bedrock'],
    ['europe-west1-aiplatform.googleapis.com', 'vertex'],
    ['localhost', 'openai'],
    ['api.groq.com.evil.example', 'openai'],
  ])('at %s is %s, though the SDK is that of OpenAI', (host, provider) => expect(of('openai', host)).toBe(provider))
})

describe('a failure', () => {
  const chat = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-x' }

  it.each([
    ['429', 'rate_limited'],
    ['timeout', 'timeout'],
    ['APITimeoutError', 'timeout'],
    ['circuit_open', 'circuit_open'],
    ['openai.BadRequestError', 'upstream_error'],
    ['', 'upstream_error'],
  ])('%j is %s, and costs nothing where no tokens are told', (type, error) => {
    expect(line({ ...chat, ...(type !== '' && { 'error.type': type }) }, { failed: true })).toMatchObject({
      outcome: 'error',
      error,
      basis: 'complete',
      cost: 0,
    })
  })
})

it("reads Langfuse's numbers, which stand in one attribute, and finds who makes the model", () => {
  const given = span({
    'langfuse.observation.type': 'generation',
    'langfuse.observation.model.name': 'gpt-x',
    'langfuse.observation.usage_details':
      '{"input":100,"output":20,"total":120,"input_cached_tokens":60,"output_reasoning_tokens":5}',
    'langfuse.observation.cost_details': '{"total":0.25}',
  })
  expect(isCall(unfolded(given))).toBe(true)
  expect(lineOf(unfolded(given), book)).toMatchObject({
    provider: 'openai',
    usage: { input: 40, cacheRead: 60, output: 15, reasoning: 5 },
    cost: 250_000_000,
  })
  for (const nonsense of ['', 'null', '[1]', '{"input":"many"}'])
    expect(unfolded(span({ 'langfuse.observation.usage_details': nonsense })).attributes.has('gen_ai.usage.input_tokens')).toBe(
      false,
    )
})

it('takes what names the program and the user with it, and nothing that was said', () => {
  const found = line(
    { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', 'user.id': 'ada', 'leash.tag.team': 'red' },
    { resource: new Map([['service.name', 'checkout']]) },
  )
  expect(found).toMatchObject({ user: 'ada', tags: { service: 'checkout', team: 'red' } })
})

it('names one of our own calls as the call itself does', () => {
  expect(line({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', 'leash.call.id': 'c1' })).toMatchObject({
    id: 'c1/1',
    callId: 'c1',
  })
})
