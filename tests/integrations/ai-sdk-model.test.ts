/** Our models as the AI SDK's specification has them, without the AI SDK around. */
import { APICallError, type LanguageModelV4CallOptions, type LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { beforeAll, describe, expect, test } from 'vitest'
import { createLeashProvider, type LeashProvider } from '../../src/integrations/ai-sdk.js'
import type { Middleware } from '../../src/leash.js'
import { until, useMock } from '../helpers/mock.js'
import { everyModel, leashAt, models, prompt } from './ai-sdk-models.js'

const mock = useMock()
let leash: LeashProvider
beforeAll(() => {
  leash = createLeashProvider(leashAt(mock.url))
})

const asked = (text = prompt): LanguageModelV4CallOptions => ({
  prompt: [{ role: 'user', content: [{ type: 'text', text }] }],
})
const inputSchema = { type: 'object' as const, properties: { city: { type: 'string' as const } }, required: ['city'] }
const tools = ['one', 'two'].map((name) => ({ type: 'function' as const, name, inputSchema }))

async function partsOf(stream: ReadableStream<LanguageModelV4StreamPart>): Promise<LanguageModelV4StreamPart[]> {
  const parts: LanguageModelV4StreamPart[] = []
  for await (const part of stream) parts.push(part)
  return parts
}

describe.each(everyModel)('a model over %s', (_, name) => {
  test('opens, grows and closes the parts of a stream in order', async () => {
    const { stream } = await leash(name).doStream({
      ...asked('Both, in parallel.'),
      tools,
      reasoning: 'medium',
      maxOutputTokens: 20_000,
    })
    const parts = await partsOf(stream)
    expect(parts[0]).toEqual({ type: 'stream-start', warnings: expect.any(Array) })
    expect(parts[1]).toMatchObject({ type: 'response-metadata', id: expect.any(String) })
    expect(parts.at(-1)).toMatchObject({ type: 'finish', finishReason: { unified: 'tool-calls' } })
    const open = new Set<string>()
    const over = new Set<string>()
    for (const part of parts) {
      const [, kind, moment] = /^(text|reasoning|tool-input)-(start|delta|end)$/.exec(part.type) ?? []
      if (kind === undefined || !('id' in part)) continue
      const id = `${kind} ${part.id}`
      if (moment === 'start') {
        expect(open.has(id) || over.has(id)).toBe(false)
        open.add(id)
      } else expect(open).toContain(id)
      if (moment === 'end') {
        open.delete(id)
        over.add(id)
      }
    }
    expect(open.size).toBe(0)
    const calls = parts.flatMap((part) => (part.type === 'tool-call' ? [part] : []))
    expect(calls.map(({ toolName }) => toolName)).toEqual(['one', 'two'])
    for (const { input } of calls) expect(JSON.parse(input)).toEqual({ city: expect.any(String) })
  })

  test('tells the same whole and in pieces', async () => {
    const whole = await leash(name).doGenerate(asked())
    const { stream } = await leash(name).doStream(asked())
    const parts = await partsOf(stream)
    const text = parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('')
    expect(whole.content).toMatchObject([{ type: 'text', text }])
    const finish = parts.at(-1)
    expect(finish).toMatchObject({ finishReason: whole.finishReason, usage: whole.usage })
  })

  test('refuses before a stream by throwing, and within one by a part', async () => {
    mock.script({ status: 400 })
    const thrown = await leash(name)
      .doStream(asked())
      .catch((error: unknown) => error)
    expect(APICallError.isInstance(thrown)).toBe(true)
    mock.script({ errorInStream: { status: 500, after: 8 } })
    const { stream } = await leash(name).doStream(asked(prompt.repeat(5)))
    const parts = await partsOf(stream)
    const failed = parts.findIndex(({ type }) => type === 'error')
    expect(parts[failed]).toMatchObject({ error: { statusCode: expect.any(Number), isRetryable: false } })
    expect(parts.slice(failed + 1)).toMatchObject([
      { type: 'finish', finishReason: { unified: 'error' }, providerMetadata: { leash: { attempts: [{ outcome: 'error' }] } } },
    ])
  })

  test('is not read on when nobody reads its stream', async () => {
    mock.script({ chunkDelayMs: 20 })
    const { stream } = await leash(name).doStream(asked(prompt.repeat(50)))
    const reader = stream.getReader()
    await reader.read()
    await reader.cancel()
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })
})

describe('a call that is stopped', () => {
  const ways = [
    ['doGenerate', (options: LanguageModelV4CallOptions) => leash(models.gemini).doGenerate(options)],
    ['doStream', (options: LanguageModelV4CallOptions) => leash(models.gemini).doStream(options)],
  ] as const

  test.each(ways)('throws what the platform throws: %s', async (_, call) => {
    mock.script({ hang: 'headers' })
    const stop = new AbortController()
    const failure = call({ ...asked(), abortSignal: stop.signal }).catch((error: unknown) => error)
    await until(() => mock.requests.length === 1)
    stop.abort()
    expect(await failure).toMatchObject({ name: 'AbortError' })
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })

  test.each(ways)('is not sent when it was stopped before: %s', async (_, call) => {
    const failure = await call({ ...asked(), abortSignal: AbortSignal.abort() }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'AbortError' })
    expect(mock.requests).toEqual([])
  })
})

test('a stream that a layer breaks ends with the failure, and with a finish that says so and what happened', async () => {
  const breaking: Middleware = (next) => async (call) => {
    const result = await next(call)
    if (!result.stream) return result
    const { body } = result
    async function* broken() {
      for await (const bytes of body) {
        yield bytes
        if (Buffer.from(bytes).includes('"text-delta"')) throw new TypeError('A bug in a layer.')
      }
    }
    return { ...result, body: broken() }
  }
  const own = createLeashProvider({ ...leashAt(mock.url), use: [breaking] })
  const parts = await partsOf((await own('chat/gpt-4o-mini').doStream(asked())).stream)
  expect(parts.slice(-2)).toMatchObject([
    { type: 'error', error: { name: 'AI_APICallError', isRetryable: false, data: { code: 'network_error' } } },
    { type: 'finish', finishReason: { unified: 'error', raw: 'network_error' }, providerMetadata: { leash: { attempts: [{}] } } },
  ])
  expect(parts.filter(({ type }) => type === 'text-delta')).not.toEqual([])
})

test('raw chunks are not to be had, and the caller is told so', async () => {
  const { stream } = await leash(models.gemini).doStream({ ...asked(), includeRawChunks: true })
  const parts = await partsOf(stream)
  expect(parts[0]).toMatchObject({ warnings: [{ type: 'unsupported', feature: 'includeRawChunks' }] })
})

test('the report is JSON, and the moment of an answer a date where its vendor tells it', async () => {
  const { response, providerMetadata } = await leash(models['openai-chat']).doGenerate(asked())
  expect(JSON.parse(JSON.stringify(providerMetadata))).toEqual(providerMetadata)
  expect(response?.timestamp).toBeInstanceOf(Date)
})

test('an embedding model tells how much it takes at once', async () => {
  const model = leash.embeddingModel('openai/text-embedding-3-small')
  expect([await model.maxEmbeddingsPerCall, await model.supportsParallelCalls]).toEqual([2048, true])
  const { embeddings, usage } = await model.doEmbed({ values: ['sun', 'rain'] })
  expect(embeddings).toHaveLength(2)
  expect(usage?.tokens).toBeGreaterThan(0)
})
