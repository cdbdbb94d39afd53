import Anthropic from '@anthropic-ai/sdk'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Call, Report, Result, StreamResult } from '../../src/core/call.js'
import { Emitter } from '../../src/core/emitter.js'
import { LeashError } from '../../src/core/errors.js'
import type { Next } from '../../src/core/middleware.js'
import { LeashLLM } from '../../src/index.js'
import { createLeash, type MirrorPair } from '../../src/leash.js'
import { Mirror, type MirrorOptions } from '../../src/middleware/mirror.js'
import { mockProviders } from '../../src/testing/index.js'
import { aCall, anAnswer } from '../helpers/call.js'
import { until, useMock } from '../helpers/mock.js'
import { randomOf } from './route/random.js'

const there = { provider: { ...aCall().target.provider, name: 'there' }, model: 'copy' }

function mirroring(options: Partial<MirrorOptions> = {}) {
  const emitter = new Emitter()
  const reports: Report[] = []
  emitter.on('result', (report) => reports.push(report))
  const mirror = new Mirror({ to: 'there/copy', ...options }, { emitter, find: () => there, random: randomOf(1) })
  const seen: Call[] = []
  const next: Next = async (call) => {
    seen.push(call)
    return anAnswer
  }
  return { emitter, mirror, reports, seen, next }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0))

describe('a mirrored call', () => {
  test('is sent first, and answered by its own target alone', async () => {
    const { mirror, seen, next, reports } = mirroring()
    const call = aCall({ text: '{}', options: { tags: { team: 'red' } } })
    expect(await mirror.middleware(next)(call)).toBe(anAnswer)
    await settled()
    expect(seen[0]).toBe(call)
    expect(seen[1]).toMatchObject({ target: there, model: call.model, source: call.source, attempt: 1 })
    expect(reports).toMatchObject([{ mirrorOf: call.id, ended: true }])
    expect(seen[1]?.id).not.toBe(call.id)
  })

  test('fails as it would have, and its copy goes its own way', async () => {
    const { mirror, seen } = mirroring()
    const error = new LeashError('overloaded', 'Busy.')
    const run = mirror.middleware(async (call) => {
      seen.push(call)
      if (call.target !== there) throw error
      return anAnswer
    })
    await expect(run(aCall())).rejects.toBe(error)
    await settled()
    expect(seen).toHaveLength(2)
  })

  test('is not harmed by a copy that fails, even when a layer throws or the model is unknown', async () => {
    const { mirror, next, reports, emitter } = mirroring()
    const run = mirror.middleware(async (call) => {
      if (call.target === there) throw new TypeError('A bug.')
      return next(call)
    })
    expect(await run(aCall())).toBe(anAnswer)
    const find = () => {
      throw new LeashError('unknown_model', 'Nobody knows it.')
    }
    const lost = new Mirror({ to: 'x' }, { emitter, find })
    expect(await lost.middleware(next)(aCall())).toBe(anAnswer)
    await settled()
    expect(reports.map(({ ended, attempts }) => [ended, attempts.length])).toEqual([
      [true, 0],
      [true, 0],
    ])
  })

  test('has no copy that is retried, falls back or outlives its deadline', async () => {
    const { mirror, seen, next } = mirroring()
    const deadline = Date.now() + 50
    await mirror.middleware(next)(aCall({ deadline, options: { maxRetries: 5, fallback: ['a/b'] } }))
    await settled()
    expect(seen[1]).toMatchObject({ deadline, options: { maxRetries: 0, fallback: false } })
  })

  test('may be a share of all, drawn by chance, or those that a rule takes', async () => {
    const { mirror, seen, next } = mirroring({ share: 0.25, maxInFlight: 1000 })
    for (let at = 0; at < 400; at++) await mirror.middleware(next)(aCall())
    await settled()
    expect(Math.abs((seen.length - 400) / 400 - 0.25)).toBeLessThan(0.11)
    const some = mirroring({ when: ({ stream }) => stream })
    await some.mirror.middleware(some.next)(aCall({ stream: false }))
    await some.mirror.middleware(some.next)(aCall({ stream: true }))
    await settled()
    expect(some.seen.map(({ stream }) => stream)).toEqual([false, true, true])
  })

  test('is no call for embeddings', async () => {
    const { mirror, seen, next } = mirroring()
    await mirror.middleware(next)(aCall({ protocol: 'openai-embeddings' }))
    await settled()
    expect(seen).toHaveLength(1)
  })

  test('has no copy while too many are under way', async () => {
    const { mirror, seen } = mirroring({ maxInFlight: 2 })
    const held = Promise.withResolvers<Result>()
    const run = mirror.middleware(async (call) => {
      seen.push(call)
      return call.target === there ? held.promise : anAnswer
    })
    for (let at = 0; at < 5; at++) {
      await run(aCall())
      await settled()
    }
    expect(seen.filter(({ target }) => target === there)).toHaveLength(2)
    held.resolve(anAnswer)
    await settled()
    await run(aCall())
    await settled()
    expect(seen.filter(({ target }) => target === there)).toHaveLength(3)
  })

  test('has no copy while too many are under way, also when many come at once', async () => {
    const { mirror, seen } = mirroring({ maxInFlight: 2 })
    const run = mirror.middleware(async (call) => {
      seen.push(call)
      return anAnswer
    })
    await Promise.all(Array.from({ length: 9 }, () => run(aCall())))
    await settled()
    expect(seen.filter(({ target }) => target === there)).toHaveLength(2)
  })

  test('loses its copy when the leash is closed', async () => {
    const { mirror, next } = mirroring()
    const signals: (AbortSignal | undefined)[] = []
    const run = mirror.middleware(async (call) => {
      if (call.target !== there) return next(call)
      signals.push(call.signal)
      return new Promise<Result>(() => {})
    })
    const own = new AbortController()
    await run(aCall({ signal: own.signal }))
    await settled()
    own.abort()
    expect(signals.map((signal) => signal?.aborted)).toEqual([false])
    mirror.close()
    expect(signals.map((signal) => signal?.aborted)).toEqual([true])
    await run(aCall())
    await settled()
    expect(signals).toHaveLength(1)
  })

  test('hands on the stream itself when nobody listens', async () => {
    const { mirror, next } = mirroring()
    const body = { async *[Symbol.asyncIterator]() {} }
    const stream: StreamResult = { stream: true, status: 200, headers: new Headers(), body }
    const run = mirror.middleware((call) => (call.target === there ? next(call) : Promise.resolve(stream)))
    expect(await run(aCall({ stream: true }))).toBe(stream)
    await settled()
  })
})

describe('both answers, over sockets', () => {
  const mock = useMock()
  const messages = [{ role: 'user', content: 'one two three' }] as const

  afterEach(() => vi.restoreAllMocks())

  function client(options: Partial<MirrorOptions> = {}) {
    const pairs: MirrorPair[] = []
    const client = new LeashLLM({
      apiKey: 'test',
      baseURL: `${mock.url}/v1`,
      providers: mockProviders(mock.url),
      maxRetries: 0,
      mirror: { to: 'anthropic/claude-haiku-4-5', onResult: (pair) => pairs.push(pair), ...options },
    })
    return { client, pairs }
  }

  test('are told in the same words, whatever the protocols', async () => {
    const { client: openai, pairs } = client()
    const answer = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [...messages] })
    await until(() => pairs.length === 1)
    const [pair] = pairs
    expect(pair?.call.report).toBe(answer.leash)
    expect(pair?.call.answer).toEqual({ text: answer.choices[0]?.message.content, toolCalls: [], finishReason: 'stop' })
    expect(pair?.mirror).toMatchObject({
      report: { mirrorOf: answer.leash?.id, provider: 'anthropic', model: 'claude-haiku-4-5', ended: true },
      answer: { finishReason: 'stop' },
    })
    expect(pair?.mirror.answer?.text).not.toBe('')
    expect(mock.requests.map(({ model }) => model).sort()).toEqual(['claude-haiku-4-5', 'gpt-4o-mini'])
  })

  test('are told for streams once both have ended', async () => {
    const { client: openai, pairs } = client()
    const stream = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [...messages], stream: true })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    await until(() => pairs.length === 1)
    expect(pairs[0]?.call.answer?.text).toBe(text)
    expect(pairs[0]?.mirror.answer?.text).not.toBe('')
  })

  test('are told with the tools that they call', async () => {
    const { client: openai, pairs } = client()
    const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
    const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters } }]
    await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [...messages], tools, tool_choice: 'required' })
    await until(() => pairs.length === 1)
    const called = [{ name: 'get_weather', arguments: expect.stringContaining('"city"') }]
    for (const side of [pairs[0]?.call, pairs[0]?.mirror])
      expect(side?.answer).toMatchObject({ toolCalls: called, finishReason: 'tool-calls' })
  })

  test('are told as they came, whatever the caller makes of its own', async () => {
    const { client: openai, pairs } = client()
    const answer = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [...messages] })
    Object.assign(answer.choices[0]?.message ?? {}, { content: 'changed' })
    await until(() => pairs.length === 1)
    expect(pairs[0]?.call.answer?.text).toBe('Echo: one two three')
  })

  test('are told with what is said, a refusal too, and without what was thought', async () => {
    const thought = { type: 'thinking', thinking: 'They mean no harm.', signature: 'c2ln' }
    const content = [thought, { type: 'text', text: 'Fine.' }]
    const claude = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-haiku-4-5',
      content,
      stop_reason: 'end_turn',
    }
    const message = { role: 'assistant', content: null, refusal: 'No.' }
    const choices = [{ index: 0, finish_reason: 'stop', message }]
    const gpt = { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4o-mini', choices }
    mock.script(
      { status: 200, body: gpt, when: ({ model }) => model === 'gpt-4o-mini' },
      {
        status: 200,
        body: { ...claude, usage: { input_tokens: 1, output_tokens: 1 } },
        when: ({ model }) => model !== 'gpt-4o-mini',
      },
    )
    const { client: openai, pairs } = client()
    await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [...messages] })
    await until(() => pairs.length === 1)
    expect([pairs[0]?.call.answer?.text, pairs[0]?.mirror.answer?.text]).toEqual(['No.', 'Fine.'])
  })

  test('are told with their failures: of the call, of the copy, in the middle of a stream', async () => {
    const isCopy = (request: { model: string | undefined }) => request.model === 'claude-haiku-4-5'
    const { client: openai, pairs } = client()
    mock.script({ status: 529, when: isCopy })
    await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [...messages] })
    await until(() => pairs.length === 1)
    expect(pairs[0]).toMatchObject({ call: { answer: {} }, mirror: { error: { code: 'overloaded' } } })
    mock.reset()
    mock.script({ status: 500, when: (request) => !isCopy(request) })
    await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [...messages] }).catch(() => {})
    await until(() => pairs.length === 2)
    expect(pairs[1]).toMatchObject({ call: { error: { code: 'upstream_error' } }, mirror: { answer: {} } })
    mock.reset()
    mock.script({ cutAfter: { events: 3 }, when: isCopy })
    const stream = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [...messages], stream: true })
    for await (const _ of stream);
    await until(() => pairs.length === 3)
    expect(pairs[2]?.mirror.error?.code).toMatch(/^(stream_truncated|network_error)$/)
    expect(pairs[2]?.mirror).not.toHaveProperty('answer')
    mock.reset()
    mock.script({ cutAfter: { events: 3 }, when: (request) => !isCopy(request) })
    const broken = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [...messages], stream: true })
    await expect(async () => {
      for await (const _ of broken);
    }).rejects.toThrow()
    await until(() => pairs.length === 4)
    expect(pairs[3]?.call.error?.code).toMatch(/^(stream_truncated|network_error)$/)
    expect(pairs[3]?.call).not.toHaveProperty('answer')
    expect(pairs[3]?.mirror.answer?.text).toBe('Echo: one two three')
  })

  test('are told without the answer that its caller left', async () => {
    const { client: openai, pairs } = client()
    const stream = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [...messages], stream: true })
    for await (const _ of stream) break
    await until(() => pairs.length === 1)
    expect(pairs[0]?.call).not.toHaveProperty('answer')
    expect(pairs[0]?.mirror.answer?.text).not.toBe('')
  })

  test('never delay the caller: a copy that hangs is abandoned with the leash', async () => {
    mock.script({ hang: 'headers', when: ({ model }) => model === 'claude-haiku-4-5' })
    const { client: openai, pairs } = client()
    const answer = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [...messages] })
    expect(answer.choices).toHaveLength(1)
    await until(() => mock.requests.length === 2)
    expect(pairs).toEqual([])
    await openai.leash.close()
    await until(() => pairs.length === 1)
    expect(pairs[0]?.mirror).toMatchObject({ error: { code: 'aborted' }, report: { attempts: [{ outcome: 'cancelled' }] } })
  })

  test('are told behind a handler, and to callers of another protocol', async () => {
    const pairs: MirrorPair[] = []
    const leash = createLeash({
      providers: mockProviders(mock.url),
      mirror: { to: 'openai/gpt-4o-mini', onResult: (pair) => pairs.push(pair) },
    })
    const anthropic = new Anthropic({ apiKey: 'test', fetch: (url, init) => leash.handle(new Request(url, init)) })
    const message = await anthropic.messages.create({ model: 'claude-haiku-4-5', max_tokens: 100, messages: [...messages] })
    await until(() => pairs.length === 1)
    const [block] = message.content
    expect(pairs[0]?.call.answer?.text).toBe(block?.type === 'text' ? block.text : undefined)
    expect(pairs[0]?.mirror.report).toMatchObject({ provider: 'openai' })
  })
})
