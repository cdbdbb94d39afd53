/** Through the whole leash, over sockets. */
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { LeashLLM, reportOf } from '../../src/index.js'
import { createLeash, type Leash, type LeashOptions, type Middleware, type Report } from '../../src/leash.js'
import { annotate, defineModule } from '../../src/modules/index.js'
import { memory, redis } from '../../src/stores/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { hasRedis, useRedis } from '../helpers/redis.js'
import { type Ask, asks, doors, send } from './asks.js'

const mock = useMock()

function open(options: LeashOptions = {}): { leash: Leash; reports: Report[] } {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: false, cache: true, ...options })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  return { leash, reports }
}

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())
const text = 'one two three four five six seven eight'
const [chat] = asks as [Ask, ...Ask[]]

describe.each(doors)('by %s', (door) => {
  describe.each(asks)('$protocol', ({ request }) => {
    test('the same question gets the same answer, byte for byte, and nobody is asked', async () => {
      const { leash, reports } = open()
      const ask = () => send(leash, door, mock.url, request(text, false))
      const first = await ask()
      const body = await bytesOf(first)
      const second = await ask()
      expect((await bytesOf(second)).equals(body)).toBe(true)
      expect(mock.requests).toHaveLength(1)
      expect(second.status).toBe(200)
      expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'))
      expect([first, second].map(({ headers }) => headers.get('x-leash-cache'))).toEqual(['miss', 'hit'])
      expect([first, second].map(({ headers }) => headers.get('x-leash-attempts'))).toEqual(['1', '0'])
      const [miss, hit] = reports
      expect(miss).toMatchObject({ cache: 'miss', attempts: [{ outcome: 'ok' }] })
      expect(hit).toMatchObject({ ended: true, cache: 'hit', attempts: [], usage: miss?.usage, model: miss?.model })
      expect(hit?.cost).toEqual({ usd: 0, estimated: false, savedUsd: miss?.cost?.usd })
      expect(hit?.warnings).toEqual(miss?.warnings)
    })

    test.each([
      ['as it comes', {}],
      ['one byte at a time', { chunkBytes: 1 }],
    ])('a stream that came %s is given again, byte for byte', async (_, fault) => {
      const { leash, reports } = open()
      mock.script(fault)
      const ask = () => send(leash, door, mock.url, request('one two three', true))
      const [first, second] = [await bytesOf(await ask()), await bytesOf(await ask())]
      expect(second.equals(first)).toBe(true)
      expect(first.length).toBeGreaterThan(50)
      expect(mock.requests).toHaveLength(1)
      expect(reports).toMatchObject([{ cache: 'miss' }, { cache: 'hit', usage: reports[0]?.usage, attempts: [] }])
    })

    test('a stream and a whole answer do not stand in for each other', async () => {
      const { leash } = open()
      for (const stream of [true, false]) await bytesOf(await send(leash, door, mock.url, request(text, stream)))
      expect(mock.requests).toHaveLength(2)
    })

    test('neither an error, nor a stream that broke or was left, is kept', async () => {
      const { leash } = open()
      const ask = async (stream: boolean) => bytesOf(await send(leash, door, mock.url, request(text, stream)))
      const read = (stream: boolean) => ask(stream).catch(() => {})
      mock.script({ status: 500 }, { cutAfter: { events: 3 } })
      await read(false)
      await read(true)
      const left = await send(leash, door, mock.url, request(text, true))
      await left.body?.cancel()
      expect((await leash.cache.stats()).kept).toBe(0)
      await read(true)
      expect(mock.requests).toHaveLength(4)
    })
  })
})

/** One ask in OpenAI's protocol, through `handle`, where no key of the caller's keeps calls apart. */
async function ask(leash: Leash, over: object = {}, stream = false): Promise<Response> {
  const { path, body } = chat.request(text, stream)
  const response = await send(leash, 'handle', mock.url, { path, body: { ...body, ...over } })
  await response.clone().arrayBuffer()
  return response
}

describe("OpenAI's client", () => {
  const client = (options: ConstructorParameters<typeof LeashLLM>[0] = {}) =>
    new LeashLLM({ apiKey: 'mock', baseURL: `${mock.url}/v1`, cache: true, maxRetries: 0, ...options })
  const body = { model: 'gpt-4.1', messages: [{ role: 'user' as const, content: text }] }

  test('gives each caller an answer of its own', async () => {
    const openai = client()
    const one = await openai.chat.completions.create(body)
    const before = structuredClone(one)
    Object.assign(one.choices[0]?.message ?? {}, { content: 'changed' })
    const two = await openai.chat.completions.create(body)
    expect(two).toEqual(before)
    expect(two._request_id).toBe(one._request_id)
    expect([one.leash?.cache, two.leash?.cache]).toEqual(['miss', 'hit'])
  })

  test('litellm#19575: never shares an answer between two tenants, whatever their key', async () => {
    const openai = client()
    const other = openai.withOptions({ apiKey: 'other' })
    const states: unknown[] = []
    for (const [from, tenant] of [
      [openai, 'a'],
      [openai, 'b'],
      [openai, undefined],
      [other, undefined],
      [other, 'a'],
      [openai, 'a'],
    ] as const) {
      const { leash } = await from.chat.completions.create(body, { leash: { ...(tenant && { tenant }) } })
      states.push(leash?.cache)
    }
    // A tenant may have two keys. Without a tenant, each key is somebody of its own.
    expect(states).toEqual(['miss', 'miss', 'miss', 'miss', 'hit', 'hit'])
  })

  test('a call may keep out, ask anew, or want it fresher', async () => {
    const openai = client()
    const state = async (cache?: false | 'refresh' | { ttlMs: number }) =>
      (await openai.chat.completions.create(body, { leash: { ...(cache !== undefined && { cache }) } })).leash?.cache
    expect(await state(false)).toBeUndefined()
    expect(await state()).toBe('miss')
    expect(await state('refresh')).toBe('refresh')
    expect(await state()).toBe('hit')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5000 })
    try {
      expect(await state({ ttlMs: 10_000 })).toBe('hit')
      expect(await state({ ttlMs: 1000 })).toBe('miss')
    } finally {
      vi.useRealTimers()
    }
    expect(mock.requests).toHaveLength(4)
    await expect(state('no' as 'refresh')).rejects.toThrow('`false`')
  })

  test('a stream reads the same, and tells its report', async () => {
    const openai = client()
    const read = async () => {
      const stream = await openai.chat.completions.create({ ...body, stream: true })
      let all = ''
      for await (const chunk of stream) all += chunk.choices[0]?.delta.content ?? ''
      return { all, report: await reportOf(stream) }
    }
    const [one, two] = [await read(), await read()]
    expect(two.all).toBe(one.all)
    expect(two.report).toMatchObject({ cache: 'hit', ended: true, usage: one.report.usage, cost: { usd: 0 } })
  })

  test('keeps embeddings too', async () => {
    const openai = client()
    const embed = () => openai.embeddings.create({ model: 'text-embedding-3-small', input: text })
    expect(await embed()).toEqual(await embed())
    expect(mock.requests).toHaveLength(1)
  })

  test('keeps nothing unless it is asked for', async () => {
    const openai = client({ cache: false })
    for (const _ of [1, 2]) await openai.chat.completions.create(body)
    expect(mock.requests).toHaveLength(2)
    await expect(openai.leash.cache.stats()).rejects.toThrow('`cache: true`')
  })
})

describe('what is the same', () => {
  test.each<[string, object, object]>([
    ['the order of members', { top_p: 1, metadata: { a: 'x', b: 'y' } }, { metadata: { b: 'y', a: 'x' }, top_p: 1 }],
    ['a stream that is not wanted', { stream: false }, { stream: undefined }],
  ])('%s makes no difference', async (_, a, b) => {
    const { leash } = open()
    await ask(leash, a)
    expect((await ask(leash, b)).headers.get('x-leash-cache')).toBe('hit')
  })

  const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } })
  const say = (content: string) => ({ messages: [{ role: 'user', content }] })
  test.each<[string, object, object]>([
    ['the order of tools', { tools: [tool('a'), tool('b')] }, { tools: [tool('b'), tool('a')] }],
    ['a space in a text', say('a b'), say('a  b')],
    ['a space at the end of a text', say('a'), say('a ')],
    ['the temperature', { temperature: 0 }, { temperature: 0.1 }],
    ['who is the user', { user: 'a' }, { user: 'b' }],
    ['the model', { model: 'gpt-4.1' }, { model: 'gpt-4.1-mini' }],
    ['the provider', { model: 'openai/gpt-4.1' }, { model: 'gpt-4.1' }],
  ])('%s makes a difference', async (_, a, b) => {
    const { leash } = open()
    await ask(leash, a)
    expect((await ask(leash, b)).headers.get('x-leash-cache')).toBe('miss')
  })

  test('numbers that JavaScript would round make one, for they leave as they were written', async () => {
    for (const options of [{ cache: true }, { cache: false, semanticCache: { embed: 'nearDuplicate', sample: 0 } }] as const) {
      const { leash, reports } = open(options)
      for (const id of ['1190000000000000001', '1190000000000000002', '1190000000000000002'])
        await bytesOf(
          await leash.fetch(`${mock.url}/v1/messages`, {
            method: 'POST',
            headers: { 'x-api-key': 'mock', 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
            body: `{"model":"claude-haiku-4-5","max_tokens":99,"messages":[{"role":"user","content":"Which is it?"},
            {"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"look","input":{"id":${id}}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"sent"}]},
            {"role":"assistant","content":"It is sent."},{"role":"user","content":"And when?"}]}`,
          }),
        )
      expect(reports.map(({ cache }) => cache)).toEqual(['miss', 'miss', options.cache ? 'hit' : 'similar'])
    }
  })

  test('members that are to be ignored make none', async () => {
    const { leash } = open({ cache: { ignore: ['user', 'metadata.trace', 'messages.*.name'] } })
    const messages = (name: string) => [{ role: 'user', content: text, name }]
    await ask(leash, { user: 'a', metadata: { trace: '1', kind: 'x' }, messages: messages('Ann') })
    const same = await ask(leash, { user: 'b', metadata: { trace: '2', kind: 'x' }, messages: messages('Bob') })
    expect(same.headers.get('x-leash-cache')).toBe('hit')
    const other = await ask(leash, { metadata: { trace: '2', kind: 'y' }, messages: messages('Bob') })
    expect(other.headers.get('x-leash-cache')).toBe('miss')
  })

  test('the models of a family answer for each other', async () => {
    const { leash } = open({ cache: { family: { 'gpt-4.1*': 'gpt-4.1' } } })
    const states = []
    for (const model of ['gpt-4.1', 'gpt-4.1-mini', 'openai/gpt-4.1', 'gpt-4o', 'gpt-4o-mini'])
      states.push((await ask(leash, { model })).headers.get('x-leash-cache'))
    expect(states).toEqual(['miss', 'hit', 'hit', 'miss', 'miss'])
  })
})

/** Bounds the answer to two tokens. */
const shortly: Readonly<Record<string, object>> = Object.fromEntries(
  asks.flatMap(({ request }) =>
    [false, true].map((stream) => {
      const { path } = request('', stream)
      if (path.includes('responses')) return [path, { max_output_tokens: 2 }]
      if (path.includes('Content')) return [path, { generationConfig: { maxOutputTokens: 2 } }]
      return [path, path.includes('converse') ? { inferenceConfig: { maxTokens: 2 } } : { max_tokens: 2 }]
    }),
  ),
)

const refused = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4.1',
  choices: [{ index: 0, message: { role: 'assistant', content: null, refusal: 'No.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
}

describe('what is kept', () => {
  test.each(asks)('$protocol: an answer that was cut at its limit is not', async ({ request }) => {
    for (const stream of [false, true]) {
      const { leash } = open()
      const { path, body } = request(text, stream)
      for (const _ of [1, 2]) await bytesOf(await send(leash, 'handle', mock.url, { path, body: { ...body, ...shortly[path] } }))
      expect(await leash.cache.stats()).toMatchObject({ misses: 2, kept: 0 })
    }
  })

  test.each([{ error: { message: 'Busy.' } }, {}, { object: 'list', data: [] }])(
    'no answer to a request for embeddings that has none, whatever its status: %j',
    async (body) => {
      const { leash } = open()
      mock.script({ status: 200, body })
      const asked = { path: '/v1/embeddings', body: { model: 'text-embedding-3-small', input: text } }
      await bytesOf(await send(leash, 'handle', mock.url, asked))
      expect(await leash.cache.stats()).toMatchObject({ misses: 1, kept: 0 })
      await bytesOf(await send(leash, 'handle', mock.url, asked))
      expect(await leash.cache.stats()).toMatchObject({ misses: 2, kept: 1 })
    },
  )

  test('a refusal is, but only when it is asked for', async () => {
    for (const refusals of [false, true]) {
      const { leash } = open({ cache: { refusals } })
      mock.script({ status: 200, body: refused })
      await ask(leash)
      expect((await leash.cache.stats()).kept).toBe(refusals ? 1 : 0)
    }
  })

  const says = (finish_reason: string, message: object = { role: 'assistant', content: 'Hi' }) => {
    const choices = [{ index: 0, finish_reason, message }]
    return { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4.1', choices }
  }
  const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }
  test.each<[string, object, readonly [number, number]]>([
    ['that is complete', says('stop'), [1, 1]],
    ['that calls a tool', says('tool_calls', { role: 'assistant', content: null, tool_calls: [call] }), [1, 1]],
    ['that was filtered', says('content_filter'), [0, 1]],
    ['that was cut at its limit', says('length'), [0, 0]],
    ['that ended for a reason that nobody knows', says('boredom'), [0, 0]],
    ['without a choice', { ...says('stop'), choices: [] }, [0, 0]],
    [
      'of which one choice was cut',
      { ...says('stop'), choices: [...says('stop').choices, { ...says('length').choices[0], index: 1 }] },
      [0, 0],
    ],
  ])('an answer %s: with and without refusals', async (_, body, kept) => {
    for (const refusals of [false, true]) {
      const { leash } = open({ cache: { refusals } })
      mock.script({ status: 200, body })
      await ask(leash)
      expect((await leash.cache.stats()).kept).toBe(kept[Number(refusals)])
    }
  })

  test('an answer that a stop sequence of its caller ended is', async () => {
    const { leash } = open()
    const content = [{ type: 'text', text: 'Hi' }]
    const usage = { input_tokens: 1, output_tokens: 1 }
    const body = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-haiku-4-5', content, usage }
    mock.script({ status: 200, body: { ...body, stop_reason: 'stop_sequence', stop_sequence: '!' } })
    const asked = asks.find(({ protocol }) => protocol === 'anthropic-messages')?.request(text, false)
    if (!asked) throw new Error('Nobody speaks so.')
    await bytesOf(await send(leash, 'handle', mock.url, asked))
    expect((await leash.cache.stats()).kept).toBe(1)
  })

  test('an answer of another model, to which the call fell back, is not', async () => {
    const { leash, reports } = open({ fallback: ['gpt-4.1-mini'] })
    mock.script({ status: 500 })
    await ask(leash)
    await ask(leash)
    expect(reports).toMatchObject([
      { cache: 'miss', moves: [{}] },
      { cache: 'miss', moves: [] },
    ])
  })

  test('a stream that broke and was gone on with is not kept', async () => {
    const { leash, reports } = open({ resume: true })
    mock.script({ cutAfter: { events: 5 } })
    const ask = () => send(leash, 'fetch', mock.url, chat.request(text, true))
    for (const _ of [1, 2]) expect((await bytesOf(await ask())).toString()).toContain('[DONE]')
    expect(reports).toMatchObject([
      { cache: 'miss', moves: [{ resumed: 'continued' }] },
      { cache: 'miss', moves: [] },
    ])
  })

  test('what a translation has lost is told again with the answer', async () => {
    const { leash, reports } = open()
    const body = { model: 'claude-haiku-4-5', seed: 1, messages: [{ role: 'user', content: text }] }
    for (const _ of [1, 2]) await bytesOf(await send(leash, 'fetch', mock.url, { path: '/v1/chat/completions', body }))
    const [miss, hit] = reports
    expect(miss?.warnings).toMatchObject([{ path: 'seed', action: 'dropped' }])
    expect(hit).toMatchObject({ cache: 'hit', warnings: miss?.warnings })
  })

  test('what a layer marked as sensitive is neither kept nor answered', async () => {
    const marks: Middleware = (next) => async (call) => {
      const result = await next(call)
      if (call.options.tags?.secret) call.report.sensitive = true
      return result
    }
    const client = new LeashLLM({
      apiKey: 'mock',
      baseURL: `${mock.url}/v1`,
      cache: true,
      use: [{ at: 'attempt', middleware: marks }],
    })
    const body = { model: 'gpt-4.1', messages: [{ role: 'user' as const, content: text }] }
    for (const _ of [1, 2]) await client.chat.completions.create(body, { leash: { tags: { secret: 'yes' } } })
    expect(await client.leash.cache.stats()).toMatchObject({ hits: 0, kept: 0 })
    const outside: Middleware = (next) => (call) => {
      call.report.sensitive = true
      return next(call)
    }
    await client.chat.completions.create(body)
    expect((await client.leash.cache.stats()).kept).toBe(1)
    client.leash.use(outside)
    expect((await client.chat.completions.create(body)).leash?.cache).toBeUndefined()
  })

  test('what a module marked as sensitive is neither kept nor answered', async () => {
    const marks = defineModule({
      name: 'marks',
      version: '1.0.0',
      kind: 'inspector',
      request: ({ texts }) => (texts.some(({ text }) => text.includes('salary')) ? annotate({ sensitive: true }) : undefined),
    })
    const client = new LeashLLM({ apiKey: 'mock', baseURL: `${mock.url}/v1`, cache: true, modules: [marks] })
    const ask = (content: string) => client.chat.completions.create({ model: 'gpt-4.1', messages: [{ role: 'user', content }] })
    for (const _ of [1, 2]) await ask('What is my salary?')
    expect(await client.leash.cache.stats()).toMatchObject({ hits: 0, kept: 0 })
    for (const _ of [1, 2]) await ask('What is the time?')
    expect(await client.leash.cache.stats()).toMatchObject({ hits: 1, kept: 1 })
  })

  test('a call that does more than answer is neither kept nor answered', async () => {
    const { leash } = open()
    for (const _ of [1, 2]) expect((await ask(leash, { store: true })).headers.get('x-leash-cache')).toBeNull()
  })

  test('an answer that is too long is not', async () => {
    const { leash } = open({ cache: { maxAnswerBytes: 200 } })
    for (const stream of [false, true]) await ask(leash, {}, stream)
    expect((await leash.cache.stats()).kept).toBe(0)
  })

  test('an answer is measured in bytes, of which a letter may have three', async () => {
    const body = {
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4.1',
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    }
    const answer = (content: string) => ({
      ...body,
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
    })
    const { leash } = open({ cache: { maxAnswerBytes: 500 } })
    mock.script({ status: 200, body: answer('語'.repeat(200)) }, { status: 200, body: answer('a'.repeat(200)) })
    await ask(leash)
    expect((await leash.cache.stats()).kept).toBe(0)
    await ask(leash)
    expect((await leash.cache.stats()).kept).toBe(1)
  })

  test('a model may have a time of its own, or none', async () => {
    const { leash } = open({ cache: { models: { 'gpt-4o*': false, 'gpt-4.1': 1000 } } })
    expect((await ask(leash, { model: 'gpt-4o-mini' })).headers.get('x-leash-cache')).toBeNull()
    await ask(leash)
    expect((await ask(leash)).headers.get('x-leash-cache')).toBe('hit')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1001 })
    try {
      expect((await ask(leash)).headers.get('x-leash-cache')).toBe('miss')
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('an answer that is no longer fresh', () => {
  test('is given once more while a new one is fetched, by one call however many ask', async () => {
    const { leash, reports } = open({ cache: { ttlMs: 1000, staleMs: 60_000 } })
    const old = await (await ask(leash)).text()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2000 })
    try {
      mock.script({ latencyMs: 300 })
      const stale = await Promise.all([ask(leash), ask(leash)])
      for (const response of stale) {
        expect(response.headers.get('x-leash-cache')).toBe('stale')
        expect(await response.text()).toBe(old)
      }
      await until(() => reports.some(({ refreshOf, ended }) => refreshOf !== undefined && ended))
      expect(mock.requests).toHaveLength(2)
      const fresh = await ask(leash)
      expect(fresh.headers.get('x-leash-cache')).toBe('hit')
      expect(await fresh.text()).not.toBe(old)
      const refresh = reports.find(({ refreshOf }) => refreshOf)
      expect(refresh).toMatchObject({ cache: 'refresh', attempts: [{ outcome: 'ok' }] })
      expect(reports.map(({ id }) => id)).toContain(refresh?.refreshOf)
    } finally {
      vi.useRealTimers()
    }
  })

  test('stays when a new one cannot be had, and goes when its time is over', async () => {
    const { leash, reports } = open({ cache: { ttlMs: 1000, staleMs: 3000 } })
    await ask(leash, {}, true)
    const now = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now: now + 2000 })
    try {
      mock.script({ status: 500 })
      expect((await ask(leash, {}, true)).headers.get('x-leash-cache')).toBe('stale')
      await until(() => reports.some(({ refreshOf, ended }) => refreshOf !== undefined && ended))
      expect((await ask(leash, {}, true)).headers.get('x-leash-cache')).toBe('stale')
      await until(() => reports.filter(({ refreshOf, ended }) => refreshOf !== undefined && ended).length === 2)
      vi.setSystemTime(now + 20_000)
      expect((await ask(leash, {}, true)).headers.get('x-leash-cache')).toBe('miss')
    } finally {
      vi.useRealTimers()
    }
  })
})

test('what took the place of an answer is told as what it is: when it came, what it cost, and how much of it there is', async () => {
  let cache: 'refresh' | undefined
  const asking: Middleware = (next) => (call) => next({ ...call, options: { ...call.options, cache } })
  const { leash, reports } = open({ cache: { ttlMs: 1000 }, use: [asking] })
  const saying = (content: string, prompt_tokens: number) => {
    const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }]
    const usage = { prompt_tokens, completion_tokens: 1, total_tokens: prompt_tokens + 1 }
    return { status: 200, body: { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4.1', choices, usage } }
  }
  const said = async (how?: 'refresh') => {
    cache = how
    const response = await send(leash, 'fetch', mock.url, chat.request(text, false))
    const { choices } = (await response.json()) as { choices: { message: { content: string } }[] }
    return [response.headers.get('x-leash-cache'), choices[0]?.message.content]
  }
  mock.script(saying('one', 1), saying('two', 100_000))
  const began = Date.now()
  vi.useFakeTimers({ toFake: ['Date'], now: began })
  try {
    expect([await said(), await said()]).toEqual([
      ['miss', 'one'],
      ['hit', 'one'],
    ])
    vi.setSystemTime(began + 900)
    expect(await said('refresh')).toEqual(['refresh', 'two'])
    vi.setSystemTime(began + 1800)
    expect(await said()).toEqual(['hit', 'two'])
  } finally {
    vi.useRealTimers()
  }
  const [first, , second, last] = reports
  expect(last?.usage).toEqual(second?.usage)
  expect(last?.cost?.savedUsd).toBe(second?.cost?.usd)
  expect(last?.cost?.savedUsd).toBeGreaterThan(first?.cost?.usd ?? 1)
})

test('is asked of the store for as long as it may be given, stale or not', async () => {
  const store = memory()
  const set = vi.spyOn(store, 'set')
  const { leash } = open({ store, cache: { ttlMs: 1000, staleMs: 60_000 } })
  await ask(leash)
  expect(set.mock.calls.map(([, , ttlMs]) => ttlMs)).toEqual([61_000])
})

test('is no longer fetched behind callers who have closed the leash', async () => {
  const { leash, reports } = open({ cache: { ttlMs: 1000, staleMs: 60_000 } })
  await ask(leash)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2000 })
  onTestFinished(() => void vi.useRealTimers())
  mock.script({ latencyMs: 15_000 })
  expect((await ask(leash)).headers.get('x-leash-cache')).toBe('stale')
  await until(() => mock.requests.length === 2)
  await leash.close()
  await until(() => reports.some(({ refreshOf, ended }) => refreshOf !== undefined && ended))
  expect(reports.find(({ refreshOf }) => refreshOf)?.attempts).toMatchObject([{ outcome: 'cancelled' }])
})

test('is kept once of calls that shared it', async () => {
  const { leash } = open({ coalesce: true })
  mock.script({ latencyMs: 200 })
  await Promise.all([ask(leash), ask(leash), ask(leash)])
  expect(mock.requests).toHaveLength(1)
  expect(await leash.cache.stats()).toMatchObject({ misses: 3, kept: 1 })
})

test('is cleared with what is being written', async () => {
  const own = memory()
  const { promise: slow, resolve: written } = Promise.withResolvers<void>()
  const set = async (...kept: Parameters<typeof own.set>) => {
    await slow
    own.set(...kept)
  }
  const { leash } = open({ store: { ...own, set } })
  await ask(leash)
  const cleared = leash.cache.clear()
  written()
  expect(await cleared).toBe(1)
})

test('each answer that is given again has a line in the ledger, which costs nothing and tells what was saved', async () => {
  const { leash, reports } = open()
  for (const _ of [1, 2, 3]) await ask(leash)
  const [row] = leash.usage({ by: 'model' })
  expect(row).toMatchObject({ calls: 3, attempts: 1, cached: 2, usage: reports[0]?.usage })
  expect(Number(row?.saved)).toBeCloseTo(2 * (reports[0]?.cost?.usd ?? 0), 12)
  expect(Number(row?.cost)).toBeCloseTo(reports[0]?.cost?.usd ?? 0, 12)
  expect(await leash.cache.stats()).toMatchObject({
    hits: 2,
    misses: 1,
    kept: 1,
    stale: 0,
    entries: 1,
    savedUsd: Number(row?.saved),
  })
})

test('is cleared for one tenant or for all', async () => {
  const openai = new LeashLLM({ apiKey: 'mock', baseURL: `${mock.url}/v1`, cache: true })
  const body = { model: 'gpt-4.1', messages: [{ role: 'user' as const, content: text }] }
  for (const tenant of ['a', 'ab', 'b']) await openai.chat.completions.create(body, { leash: { tenant } })
  const { cache } = openai.leash
  expect(await cache.clear({ tenant: 'a' })).toBe(1)
  expect((await openai.chat.completions.create(body, { leash: { tenant: 'ab' } })).leash?.cache).toBe('hit')
  expect(await cache.clear()).toBe(2)
  expect((await openai.chat.completions.create(body, { leash: { tenant: 'b' } })).leash?.cache).toBe('miss')
})

test('is warmed by calls, streams among them, a few at a time', async () => {
  const { leash } = open()
  mock.script({ latencyMs: 5 }, { status: 400 })
  const calls = [false, true].flatMap((stream) =>
    [1, 2, 3].map((n) => () => send(leash, 'handle', mock.url, chat.request(`${n}`, stream))),
  )
  const failing = () => Promise.reject(new Error('No.'))
  expect(await leash.cache.warm([...calls, failing], { concurrency: 2 })).toMatchObject({ made: 7, errors: [{ message: 'No.' }] })
  expect((await leash.cache.stats()).kept).toBe(5)
})

test('a stream can come as slowly as it came, and stops when its reader does', async () => {
  const openai = new LeashLLM({ apiKey: 'mock', baseURL: `${mock.url}/v1`, cache: { replay: 'paced' } })
  const body = { model: 'gpt-4.1', messages: [{ role: 'user' as const, content: text }], stream: true as const }
  const read = async (most = Infinity) => {
    const leaving = new AbortController()
    const began = performance.now()
    const stream = await openai.chat.completions.create(body, { signal: leaving.signal })
    let chunks = 0
    for await (const _ of stream) if (++chunks === most) leaving.abort()
    return { chunks, ms: performance.now() - began }
  }
  mock.script({ chunkDelayMs: 20 })
  const { chunks } = await read()
  const again = await read()
  expect(again.chunks).toBe(chunks)
  expect(again.ms).toBeGreaterThan(10 * (chunks - 1))
  // The client of OpenAI ends a stream that its caller aborts.
  expect((await read(1)).chunks).toBeLessThan(chunks)
  expect(mock.requests).toHaveLength(1)
})

describe.skipIf(!hasRedis)('over Redis', () => {
  const server = useRedis()

  test.each(asks)('$protocol: another process gives the same bytes', async ({ protocol, request }) => {
    const stores = [1, 2].map(() => redis({ url: server.url, prefix: protocol, timeoutMs: 10_000 }))
    const [one, two] = stores.map((store) => open({ store }))
    if (!one || !two) throw new Error('Two leashes.')
    for (const stream of [false, true]) {
      const first = await bytesOf(await send(one.leash, 'handle', mock.url, request(text, stream)))
      await one.leash.close()
      const again = await send(two.leash, 'handle', mock.url, request(text, stream))
      expect((await bytesOf(again)).equals(first)).toBe(true)
      expect(again.headers.get('x-leash-cache')).toBe('hit')
      Object.assign(one, open({ store: stores[0] as NonNullable<(typeof stores)[0]> }))
    }
    expect(mock.requests).toHaveLength(2)
    expect(await two.leash.cache.clear()).toBe(2)
    await Promise.all(stores.map((store) => store.close()))
  })

  test('a server that cannot be reached keeps nothing, and harms no call', async () => {
    const store = redis({ url: 'redis://127.0.0.1:1', timeoutMs: 200 })
    const { leash } = open({ store })
    for (const _ of [1, 2]) expect((await ask(leash)).headers.get('x-leash-cache')).toBe('miss')
    await leash.close()
    await store.close()
  })
})

test('a caller who leaves is not kept by a store that is slow', async () => {
  const store = { ...memory(), get: () => new Promise<undefined>(() => {}) }
  const { leash } = open({ store })
  const abort = new AbortController()
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: text }] })
  const asked = leash.fetch(`${mock.url}/v1/chat/completions`, { method: 'POST', body, signal: abort.signal })
  setTimeout(() => abort.abort(), 20)
  await expect(asked).rejects.toThrow(/abort/)
  expect(mock.requests).toEqual([])
})
