/** A plain request is not built anew, and nobody is to notice: each is held beside the one that OpenAI's own client sends. */
import OpenAI from 'openai'
import { describe, expect, test, vi } from 'vitest'
import { LeashLLM } from '../../src/client.js'
import { useMock } from '../helpers/mock.js'
import { leashed } from './client.js'

const mock = useMock()
const model = 'gpt-4o-mini'
/** The leash would ask for a stream's usage by itself. */
const withUsage = { stream: true as const, stream_options: { include_usage: true } }
const say = (content: string) => ({ model, messages: [{ role: 'user' as const, content }] })

/** As many calls as it takes until a request is known, and some more. */
const calls = [1, 2, 3, 4, 5]

/** What came to the vendor. A client names itself by its class; timeouts are the leash's own. */
function sent(from: number) {
  return mock.requests.slice(from).map(({ method, path, headers, body }) => {
    const { host, 'user-agent': agent, 'x-stainless-timeout': timeout, ...others } = headers
    return { method, path, headers: others, body }
  })
}

type Ask = (client: OpenAI, call: number) => Promise<unknown>

const asks: Record<string, Ask> = {
  'a question': (client, call) => client.chat.completions.create(say(`question ${call}`)),
  'a stream': async (client, call) => {
    for await (const _ of await client.chat.completions.create({ ...say(`question ${call}`), ...withUsage }));
  },
  'answers and streams in turns': async (client, call) => {
    if (call % 2) await client.chat.completions.create({ ...say('whole'), stream: false })
    else for await (const _ of await client.chat.completions.create({ ...say('piece by piece'), ...withUsage }));
  },
  embeddings: (client, call) => client.embeddings.create({ model: 'text-embedding-3-small', input: `text ${call}` }),
  'headers of their own, now and then': (client, call) =>
    client.chat.completions.create(say('header'), call % 2 ? { headers: { 'x-call': String(call) } } : {}),
  'a query of its own, now and then': (client, call) =>
    client.chat.completions.create(say('query'), call > 3 ? { query: { tag: String(call) } } : {}),
  'retries and timeouts of their own': (client, call) =>
    client.chat.completions.create(say('options'), { maxRetries: call, timeout: 1000 * call, idempotencyKey: `key-${call}` }),
  'a body that makes its own JSON': (client, call) => {
    const body = { ...say('hidden'), toJSON: () => say(`made ${call}`) }
    return client.chat.completions.create(body)
  },
  'values that make their own JSON': (client, call) =>
    client.chat.completions.create({ ...say('dates'), metadata: { at: new Date(call) as unknown as string } }),
  'members without a value': (client) =>
    client.chat.completions.create({ ...say('none'), temperature: undefined as unknown as null }),
  'another key': (client, call) => {
    client.apiKey = `key ${Math.trunc(call / 2)}`
    return client.chat.completions.create(say('keys'))
  },
  'another organization and project': (client, call) => {
    client.organization = call > 2 ? 'org-two' : 'org-one'
    client.project = call > 3 ? 'project' : null
    return client.chat.completions.create(say('organization'))
  },
  'another address, where nobody answers': (client, call) => {
    client.baseURL = `${mock.url}/${call > 3 ? 'v2' : 'v1'}`
    return client.chat.completions.create(say('address'), { maxRetries: 0 }).catch(() => {})
  },
  'a copy with headers': (client, call) =>
    client.withOptions({ defaultHeaders: { 'x-copy': String(call) } }).chat.completions.create(say('copy')),
}

describe.each(Object.entries(asks))('%s', (_, ask) => {
  test('comes to the vendor as from OpenAI’s own client, time after time', async () => {
    const own = new OpenAI({ apiKey: 'caller', baseURL: `${mock.url}/v1` })
    for (const call of calls) await ask(own, call)
    const theirs = sent(0)
    const client = new LeashLLM({ apiKey: 'caller', baseURL: `${mock.url}/v1` })
    for (const call of calls) await ask(client, call)
    expect(theirs).toHaveLength(calls.length)
    expect(sent(calls.length)).toEqual(theirs)
  })
})

test('plain requests are built by the SDK until two were alike; the first call of a process loads what knows them', async () => {
  const built = vi.spyOn(OpenAI.prototype, 'buildRequest')
  const client = leashed(mock)
  for (const call of calls) await client.chat.completions.create(say(`question ${call}`))
  expect(built.mock.calls.length).toBeLessThanOrEqual(3)
  built.mockRestore()
})

test('headers that change while a client lives are sent as they are then', async () => {
  const defaultHeaders: Record<string, string> = {}
  const client = leashed(mock, { defaultHeaders })
  for (const call of calls) {
    defaultHeaders['x-late'] = String(call > 3)
    await client.chat.completions.create(say('hello'))
  }
  expect(mock.requests.map(({ headers }) => headers['x-late'])).toEqual(['false', 'false', 'false', 'true', 'true'])
})

test('a transport that adds to the headers of one request adds to no other', async () => {
  const transport: typeof fetch = (url, init) => {
    const headers = init?.headers
    if (headers instanceof Headers) headers.append('x-seen', 'once')
    return fetch(url, init)
  }
  const client = leashed(mock, { fetch: transport })
  for (const _ of calls) await client.chat.completions.create(say('hello'))
  expect(mock.requests.map(({ headers }) => headers['x-seen'])).toEqual(calls.map(() => 'once'))
})

test('a key set as a header by a subclass is asked for each time', async () => {
  const asked = vi.fn()
  class Own extends LeashLLM {
    protected override async bearerAuth(...args: Parameters<LeashLLM['bearerAuth']>) {
      asked()
      return super.bearerAuth(...args)
    }
  }
  const client = new Own({ apiKey: 'caller', baseURL: `${mock.url}/v1` })
  for (const _ of calls) await client.chat.completions.create(say('hello'))
  expect(asked).toHaveBeenCalledTimes(calls.length)
})

test('a signal given with one call ends no other', async () => {
  const client = leashed(mock)
  for (const _ of calls) {
    const abort = new AbortController()
    await client.chat.completions.create(say('hello'), { signal: abort.signal })
    abort.abort()
  }
  await client.chat.completions.create(say('hello'))
  expect(mock.requests).toHaveLength(calls.length + 1)
})
