/** Through the whole leash, over sockets. */
import { APIConnectionTimeoutError } from 'openai'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { LeashLLM } from '../../src/index.js'
import {
  type CallOptions,
  createLeash,
  type Embedder,
  type Leash,
  type LeashEvents,
  type LeashOptions,
  type Report,
  type SemanticCacheOptions,
} from '../../src/leash.js'
import { MemoryIndex } from '../../src/middleware/semantic-cache/memory-index.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { type Ask, asks, doors, send } from './asks.js'

const mock = useMock()

/** Knows what a few words mean: each text points where the words that it holds do. */
const meanings: Embedder = {
  name: 'meanings',
  embed: (texts) =>
    texts.map((text) =>
      Float32Array.from([/big|large/, /small|tiny/, /dog|hound/, /cat/, /./s], (word, at) =>
        word.test(text) ? (at === 4 ? 0.1 : 1) : 0,
      ),
    ),
}

function open(
  semanticCache: Partial<SemanticCacheOptions> = {},
  options: LeashOptions = {},
): { leash: Leash; reports: Report[]; warnings: string[]; similar: LeashEvents['similar'][] } {
  const leash = createLeash({
    providers: mockProviders(mock.url),
    retry: false,
    semanticCache: { embed: meanings, sample: 0, ...semanticCache },
    ...options,
  })
  const [reports, warnings, similar]: [Report[], string[], LeashEvents['similar'][]] = [[], [], []]
  leash.on('result', (report) => reports.push(report))
  leash.on('warning', ({ message }) => warnings.push(message))
  leash.on('similar', (event) => similar.push(event))
  return { leash, reports, warnings, similar }
}

function openClient(): LeashLLM {
  return new LeashLLM({
    apiKey: 'mock',
    baseURL: `${mock.url}/v1`,
    providers: mockProviders(mock.url),
    semanticCache: { embed: meanings, sample: 0 },
  })
}

const [chat] = asks as [Ask, ...Ask[]]
const { path, body } = chat.request('a big dog', false)

async function ask(leash: Leash, content: string, over: object = {}): Promise<string | null> {
  const messages = [{ role: 'user', content }]
  const response = await send(leash, 'handle', mock.url, { path, body: { ...body, messages, ...over } })
  await response.arrayBuffer()
  return response.headers.get('x-leash-cache')
}

describe.each(doors)('by %s', (door) => {
  test.each(asks)('$protocol: nearly the same question gets the same answer, byte for byte', async ({ request }) => {
    for (const stream of [false, true]) {
      const { leash, reports } = open()
      const before = mock.requests.length
      const read = async (text: string) =>
        Buffer.from(await (await send(leash, door, mock.url, request(text, stream))).arrayBuffer())
      const first = await read('a big dog')
      expect((await read('some large hound')).equals(first)).toBe(true)
      expect((await read('a tiny cat')).equals(first)).toBe(false)
      expect(mock.requests.length - before).toBe(2)
      expect(reports.map(({ cache }) => cache)).toEqual(['miss', 'similar', 'miss'])
      expect(reports[1]).toMatchObject({ attempts: [], cost: { usd: 0, savedUsd: reports[0]?.cost?.usd } })
      expect(reports[1]?.similarity).toBeGreaterThan(0.95)
    }
  })
})

describe('a question that is nearly the same is another', () => {
  const tool = (name: string) => ({ type: 'function', function: { name } })
  const said = (content: unknown, ...before: object[]) => ({ messages: [...before, { role: 'user', content }] })
  const system = (content: string) => ({ role: 'system', content })
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
  test.each<[string, object, object]>([
    ['for another model', {}, { model: 'gpt-4.1-mini' }],
    ['under other instructions (litellm#12234)', said('a big dog', system('Be kind.')), said('a big dog', system('Be rude.'))],
    ['with other tools', { tools: [tool('a')] }, { tools: [tool('b')] }],
    ['at another temperature', { temperature: 0 }, { temperature: 1 }],
    [
      'after another conversation',
      said('a big dog', { role: 'user', content: 'x' }, { role: 'assistant', content: 'y' }),
      said('a big dog', { role: 'user', content: 'x' }, { role: 'assistant', content: 'z' }),
    ],
    [
      'of somebody else',
      { messages: [{ role: 'user', name: 'ada', content: 'a big dog' }] },
      { messages: [{ role: 'user', name: 'bob', content: 'a big dog' }] },
    ],
    ['with another number', said('big dog 17'), said('big dog 18')],
    ['with a picture', said([{ type: 'text', text: 'a big dog' }, image]), said([{ type: 'text', text: 'a big dog' }, image])],
    ['when it does more than answer', { store: true }, { store: true }],
  ])('%s', async (_, a, b) => {
    const { leash } = open()
    await ask(leash, 'a big dog', a)
    expect(await ask(leash, 'a large dog', b)).not.toBe('similar')
    expect(mock.requests).toHaveLength(2)
  })

  test('litellm#29955: of another tenant', async () => {
    const client = openClient()
    const { leash } = client
    const from = async (tenant: string) => {
      const { messages } = body as { messages: [{ role: 'user'; content: string }] }
      const answer = await client.chat.completions.create({ model: 'gpt-4.1', messages }, { leash: { tenant } })
      return answer.leash?.cache
    }
    expect([await from('a'), await from('b'), await from('a')]).toEqual(['miss', 'miss', 'similar'])
    expect(await leash.cache.clear({ tenant: 'a' })).toBe(1)
    expect([await from('a'), await from('b')]).toEqual(['miss', 'similar'])
  })
})

test('the whole conversation may be what is compared', async () => {
  const { leash } = open({ compare: 'conversation' })
  const talk = (first: string, last: string) => ({
    messages: [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: first },
      { role: 'assistant', content: 'Yes.' },
      { role: 'user', content: last },
    ],
  })
  await ask(leash, '', talk('a big one', 'of a dog'))
  expect(await ask(leash, '', talk('a large one', 'of a hound'))).toBe('similar')
  expect(await ask(leash, '', talk('a tiny one', 'of a hound'))).toBe('miss')
})

test('how near is near enough is told by the threshold', async () => {
  for (const [threshold, state] of [
    [0.6, 'similar'],
    [0.8, 'miss'],
  ] as const) {
    const { leash } = open({ threshold })
    await ask(leash, 'big dog')
    // One of two words: a cosine of about 0.7.
    expect(await ask(leash, 'big')).toBe(state)
  }
})

test('an answer has its time, and a call may keep out or ask anew', async () => {
  const { leash } = open({ ttlMs: 1000 })
  await ask(leash, 'a big dog')
  expect(await ask(leash, 'a large dog')).toBe('similar')
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1001 })
  try {
    expect(await ask(leash, 'a large dog')).toBe('miss')
  } finally {
    vi.useRealTimers()
  }
})

test('a call may keep out, ask anew, or want it fresher than it was to be kept', async () => {
  const client = openClient()
  const from = async (content: string, cache?: CallOptions['cache']) => {
    const request = { model: 'gpt-4.1', messages: [{ role: 'user' as const, content }] }
    const { choices, leash } = await client.chat.completions.create(request, { leash: { cache } })
    return [leash?.cache, choices[0]?.message.content]
  }
  expect(await from('a big dog')).toEqual(['miss', 'Echo: a big dog'])
  expect(await from('a large dog', false)).toEqual([undefined, 'Echo: a large dog'])
  expect(await from('a large hound')).toEqual(['similar', 'Echo: a big dog'])
  expect(await from('a large hound', 'refresh')).toEqual(['refresh', 'Echo: a large hound'])
  expect(await from('a big dog')).toEqual(['similar', 'Echo: a large hound'])
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
  try {
    expect(await from('a big hound')).toEqual(['similar', 'Echo: a large hound'])
    expect(await from('a big hound', { ttlMs: 59_000 })).toEqual(['miss', 'Echo: a big hound'])
  } finally {
    vi.useRealTimers()
  }
})

test('members of the body that make no other answer keep no questions apart', async () => {
  for (const [ignore, state] of [
    [[], 'miss'],
    [['metadata.trace'], 'similar'],
  ] as const) {
    const { leash } = open({ ignore })
    await ask(leash, 'a big dog', { metadata: { trace: '1' } })
    expect(await ask(leash, 'a large dog', { metadata: { trace: '2' } })).toBe(state)
  }
})

test('a refusal, and an answer that is too long, are not kept', async () => {
  const refusing = {
    status: 200,
    body: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4.1',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: null, refusal: 'No.' } }],
    },
  }
  for (const [options, state] of [
    [{}, 'miss'],
    [{ refusals: true }, 'similar'],
    [{ refusals: true, maxAnswerBytes: 50 }, 'miss'],
  ] as const) {
    const { leash } = open(options)
    mock.script(refusing)
    await ask(leash, 'a big dog')
    expect(await ask(leash, 'a large dog')).toBe(state)
  }
})

test('no vector is made of a question without a word, or of one that is longer than models read', async () => {
  const embed = vi.fn(meanings.embed)
  const { leash } = open({ embed: { name: 'spied', embed } })
  for (const content of [' \n', 'x'.repeat(20_001)]) expect(await ask(leash, content)).toBeNull()
  expect(embed).not.toHaveBeenCalled()
  expect(await ask(leash, 'x'.repeat(20_000))).toBe('miss')
})

test.each(doors)('ids of 64 bits that JavaScript rounds keep questions apart: by %s', async (door) => {
  const { leash } = open()
  const asked = async (id: string) => {
    const text = JSON.stringify({ ...body, metadata: { id: 0 } }).replace('"id":0', `"id":${id}`)
    const init = { method: 'POST', headers: { authorization: 'Bearer mock' }, body: text }
    const url = `${mock.url}${path}`
    const response = await (door === 'fetch' ? leash.fetch(url, init) : leash.handle(new Request(url, init)))
    await response.arrayBuffer()
    return response.headers.get('x-leash-cache')
  }
  const states = [await asked('9007199254740993'), await asked('9007199254740992'), await asked('9007199254740993')]
  expect(states).toEqual(['miss', 'miss', 'similar'])
})

test('one index for several leashes compares no vectors of different embedders, and no question with a conversation', async () => {
  const index = new MemoryIndex(10, 10_000_000)
  const leashes = [{}, { embed: { ...meanings, name: 'others' } }, { compare: 'conversation' as const }]
  for (const options of leashes) expect(await ask(open({ index, ...options }).leash, 'a big dog')).toBe('miss')
  for (const options of leashes) expect(await ask(open({ index, ...options }).leash, 'a large dog')).toBe('similar')
})

test('the exact cache answers first, and nobody makes a vector for it', async () => {
  const embed = vi.fn(meanings.embed)
  const { leash } = open({ embed: { name: 'spied', embed } }, { cache: true })
  expect(await ask(leash, 'a big dog')).toBe('miss')
  expect(await ask(leash, 'a big dog')).toBe('hit')
  expect(embed).toHaveBeenCalledTimes(1)
  expect(await ask(leash, 'a large dog')).toBe('similar')
  const { savedUsd, semantic } = await leash.cache.stats()
  expect(savedUsd).toBeGreaterThan(0)
  expect(semantic?.savedUsd).toBe(savedUsd)
  expect(await leash.cache.stats()).toMatchObject({ hits: 1, misses: 2, kept: 1, semantic: { hits: 1, misses: 1, kept: 1 } })
})

describe('a model that embeds', () => {
  test('is asked through the leash, for whoever calls, and stands in the ledger', async () => {
    const { leash, reports } = open({ embed: 'openai/text-embedding-3-small', threshold: 0.99 })
    await ask(leash, 'a big dog')
    expect(await ask(leash, 'a big dog')).toBe('similar')
    expect(mock.requests.map(({ path }) => path)).toEqual(['/v1/embeddings', '/v1/chat/completions', '/v1/embeddings'])
    expect(reports.map(({ model }) => model)).toContain('text-embedding-3-small')
    expect(leash.usage({ by: 'model' }).map(({ of, calls, cached }) => [of.model, calls, cached])).toEqual(
      expect.arrayContaining([
        ['gpt-4.1', 2, 1],
        ['text-embedding-3-small', 2, 0],
      ]),
    )
  })

  test('is charged to whoever calls, by the tags of the call too', async () => {
    const { leash } = open(
      { embed: 'openai/text-embedding-3-small', threshold: 0.99 },
      { use: [(next) => (call) => next({ ...call, options: { ...call.options, tenant: 'acme', tags: { team: 'search' } } })] },
    )
    await ask(leash, 'a big dog')
    const rows = leash.usage({ by: ['model', 'tenant', 'tag:team'] })
    expect(rows.find(({ of }) => of.model === 'text-embedding-3-small')?.of).toEqual({
      model: 'text-embedding-3-small',
      tenant: 'acme',
      'tag:team': 'search',
    })
    await leash.close()
  })

  test('that fails harms no call', async () => {
    const { leash, warnings } = open({ embed: 'openai/text-embedding-3-small' })
    mock.script({ status: 500 })
    expect(await ask(leash, 'a big dog')).toBeNull()
    expect(mock.requests).toHaveLength(2)
    expect(warnings).toMatchObject([expect.stringContaining('semantic cache was gone around')])
  })

  test.each([
    ['none', []],
    [
      'more than there were texts',
      [
        [1, 0],
        [0, 1],
      ],
    ],
    ['one that points nowhere', [[0, 0]]],
  ])('that gives %s keeps nothing', async (_, vectors) => {
    const { leash } = open({ embed: 'openai/text-embedding-3-small' })
    const data = vectors.map((embedding, index) => ({ object: 'embedding', index, embedding }))
    mock.script({ status: 200, body: { object: 'list', model: 'm', data, usage: { prompt_tokens: 1, total_tokens: 1 } } })
    expect(await ask(leash, 'a big dog')).toBeNull()
    expect((await leash.cache.stats()).semantic).toMatchObject({ misses: 0, kept: 0, entries: 0 })
  })
})

test('an index of the program is used, and one that fails harms no call', async () => {
  const { leash, warnings } = open({
    index: {
      nearest: () => Promise.reject(new Error('no such table')),
      add: () => Promise.reject(new Error('no such table')),
      clear: () => 0,
    },
  })
  expect(await ask(leash, 'a big dog')).toBe('miss')
  expect(await ask(leash, 'a big dog')).toBe('miss')
  expect(warnings).toHaveLength(4)
})

describe.each<[string, Partial<SemanticCacheOptions>]>([
  ['an index', { index: { nearest: () => new Promise(() => {}), add: () => {}, clear: () => 0 } }],
  ['an embedder', { embed: { name: 'silent', embed: () => new Promise(() => {}) } }],
])('%s that never answers', (_, options) => {
  test('is left by whoever aborts', async () => {
    const { leash } = open(options)
    const leaving = new AbortController()
    const asked = send(leash, 'fetch', mock.url, { path, body }, leaving.signal)
    leaving.abort()
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('has as long as the call has, whatever the clock on the wall says then', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const client = new LeashLLM({
      apiKey: 'mock',
      baseURL: `${mock.url}/v1`,
      semanticCache: { embed: meanings, ...options },
    })
    const asked = client.chat.completions.create(
      { model: 'gpt-4.1', messages: [{ role: 'user', content: 'a big dog' }] },
      { leash: { deadlineMs: 20 } },
    )
    await expect(asked).rejects.toBeInstanceOf(APIConnectionTimeoutError)
  })
})

describe('nobody waits for an index that keeps an answer', () => {
  function openSlow() {
    const added = Promise.withResolvers<void>()
    const events: string[] = []
    const { leash } = open({
      index: {
        nearest: () => undefined,
        add: () => added.promise.then(() => void events.push('added')),
        clear: (prefix) => events.push(`cleared ${prefix}`),
      },
    })
    return { leash, added, events }
  }

  test('but whoever closes the leash', async () => {
    const { leash, added, events } = openSlow()
    expect(await ask(leash, 'a big dog')).toBe('miss')
    const closed = leash.close().then(() => events.push('closed'))
    await new Promise(setImmediate)
    added.resolve()
    await closed
    expect(events).toEqual(['added', 'closed'])
  })

  test('but whoever clears it, so that nothing old comes after', async () => {
    const { leash, added, events } = openSlow()
    expect(await ask(leash, 'a big dog')).toBe('miss')
    const cleared = leash.cache.clear({ tenant: 'acme' })
    await new Promise(setImmediate)
    added.resolve()
    await cleared
    expect(events).toEqual(['added', 'cleared cache:1:.acme:'])
    await leash.cache.clear()
    expect(events.at(-1)).toBe('cleared cache:1:')
  })
})

describe('answers that were given again', () => {
  test('are compared with those to the question itself, and who disagrees is told', async () => {
    // The mock answers with the question: two that differ get answers that do.
    const { leash, similar, reports } = open({ sample: 1, threshold: 0.6 })
    await ask(leash, 'big dog')
    expect(await ask(leash, 'big')).toBe('similar')
    await until(() => similar.length === 1)
    expect(similar[0]).toMatchObject({ agrees: false, callId: reports[1]?.id })
    expect(similar[0]?.likeness).toBeLessThan(0.8)
    expect(reports.find(({ refreshOf }) => refreshOf)).toMatchObject({ refreshOf: reports[1]?.id, cache: 'refresh' })
    expect((await leash.cache.stats()).semantic).toMatchObject({ hits: 1, checked: 1, disagreed: 1, kept: 2 })
    await ask(leash, 'big')
    await until(() => similar.length === 2)
    expect(similar[1]).toMatchObject({ agrees: true, likeness: 1 })
  })

  test('disagree where they call other tools, whatever they say', async () => {
    const { leash, similar } = open({ sample: 1 })
    const calling = (city: string) => ({
      status: 200,
      body: {
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model: 'gpt-4.1',
        choices: [
          {
            index: 0,
            finish_reason: 'tool_calls',
            message: {
              role: 'assistant',
              content: null,
              tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: `{"city":"${city}"}` } }],
            },
          },
        ],
      },
    })
    mock.script(calling('Oslo'), calling('Rome'), calling('Rome'))
    await ask(leash, 'a big dog')
    for (const told of [
      { agrees: false, likeness: 0 },
      { agrees: true, likeness: 1 },
    ]) {
      const before = similar.length
      expect(await ask(leash, 'a big dog')).toBe('similar')
      await until(() => similar.length > before)
      expect(similar.at(-1)).toMatchObject(told)
    }
    expect((await leash.cache.stats()).semantic).toMatchObject({ checked: 2, disagreed: 1, entries: 1 })
  })

  test('are compared with none that broke or is not kept, and nothing is asked for them once the leash is closed', async () => {
    const { leash, similar, reports } = open({ sample: 1 })
    const message = { role: 'assistant', content: 'A big' }
    const choices = [{ index: 0, finish_reason: 'length', message }]
    const cut = { status: 200, body: { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4.1', choices } }
    mock.script({}, { reset: true }, cut, { hang: 'headers' })
    await ask(leash, 'a big dog')
    for (const refreshed of [1, 2, 3]) {
      expect(await ask(leash, 'a large dog')).toBe('similar')
      await until(() => mock.requests.length === 1 + refreshed)
      if (refreshed < 3) await until(() => reports.filter(({ refreshOf, ended }) => refreshOf && ended).length === refreshed)
    }
    await leash.close()
    await until(() => mock.requests[3]?.outcome === 'aborted')
    expect(similar).toEqual([])
    expect((await leash.cache.stats()).semantic).toMatchObject({ hits: 3, checked: 0, kept: 1 })
  })

  test('are sampled by their share', async () => {
    const { leash } = open({ sample: 0 })
    await ask(leash, 'a big dog')
    for (const _ of [1, 2, 3]) await ask(leash, 'a large dog')
    expect(mock.requests).toHaveLength(1)
    expect((await leash.cache.stats()).semantic).toMatchObject({ hits: 3, checked: 0 })
  })
})

test('it is off unless asked for, and refuses options that it does not know', async () => {
  const leash = createLeash({ providers: mockProviders(mock.url) })
  for (const _ of [1, 2]) expect(await ask(leash, 'a big dog')).toBeNull()
  expect(mock.requests).toHaveLength(2)
  expect(() => createLeash({ semanticCache: { embed: '', treshold: 1 } as SemanticCacheOptions })).toThrow(/embed.*treshold/s)
})
