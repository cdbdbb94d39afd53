/** The client's options, and copies of it with others. */
import OpenAI from 'openai'
import { describe, expect, test, vi } from 'vitest'
import { LeashLLM } from '../../src/client.js'
import type { CallOptions } from '../../src/core/call.js'
import { createLeash, type Leash } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { create, echo, leashed, messages } from './client.js'

const mock = useMock()
const sent = () => mock.requests.map(({ path, headers }) => `${path} ${headers.authorization ?? headers['x-api-key']}`)

test('headers of the client and of a call go to the client’s own address alone, but for OpenAI’s own', async () => {
  const client = leashed(mock, { defaultHeaders: { 'x-of-client': 'blue' } })
  const headers = { 'x-of-call': 'red', 'openai-beta': 'new-2026' }
  const models = ['gpt-4o-mini', 'claude-sonnet-4-5']
  for (const model of models) await client.chat.completions.create({ model, messages }, { headers })
  const names = ['x-of-client', 'x-of-call', 'openai-beta']
  expect(mock.requests.map(({ headers }) => names.map((name) => headers[name]))).toEqual([
    ['blue', 'red', 'new-2026'],
    [undefined, undefined, 'new-2026'],
  ])
})

describe('withOptions()', () => {
  test('gives a LeashLLM on the same leash', async () => {
    const client = leashed(mock)
    const copy = client.withOptions({ timeout: 1234 })
    expect(copy).toBeInstanceOf(LeashLLM)
    expect(copy.leash).toBe(client.leash)
    expect(copy.timeout).toBe(1234)
    const ids: string[] = []
    client.leash.on('result', ({ id }) => ids.push(id))
    expect((await create(copy, 'claude-sonnet-4-5')).choices[0]?.message.content).toBe(echo)
    expect(ids).toHaveLength(1)
  })

  test('does not put one leash into another, however often', async () => {
    let client = leashed(mock)
    for (const timeout of [1000, 2000, 3000]) client = client.withOptions({ timeout })
    mock.script({ status: 500, times: 99 })
    await expect(create(client, 'gpt-4o-mini')).rejects.toMatchObject({ leash: { attempts: { length: 3 } } })
    expect(mock.requests).toHaveLength(3)
  })

  test.each([
    ['given to a client', (leash: Leash) => leashed(mock, { fetch: leash.fetch })],
    ['given to a copy', (leash: Leash) => leashed(mock).withOptions({ fetch: leash.fetch }).withOptions({ timeout: 1000 })],
    ['put around a client', (leash: Leash) => leash.wrap(leashed(mock))],
    ['put around one on another', (leash: Leash) => leash.wrap(createLeash().wrap(leashed(mock)))],
  ])('leaves out nothing of another leash that is %s, and takes no leash twice', async (_, make) => {
    const leash = createLeash({ providers: mockProviders(mock.url), redact: true, retry: { backoff: () => 0 } })
    const messages = [{ role: 'user' as const, content: 'Write to ada@example.com.' }]
    const client = make(leash)
    for (const model of ['gpt-4o-mini', 'claude-sonnet-4-5']) await client.chat.completions.create({ model, messages })
    for (const each of [leash, client.leash]) expect(each.usage()).toMatchObject([{ calls: 2 }])
    for (const { body } of mock.requests) expect(JSON.stringify(body)).not.toContain('ada@')
    mock.script({ reset: true, times: 99 })
    await expect(create(client, 'gpt-4o-mini')).rejects.toThrow('Connection error')
    expect(mock.requests).toHaveLength(2 + 3)
  })

  test('of a leash and a client that it is put around, the leash tries again', async () => {
    const client = createLeash({ retry: { attempts: 2, backoff: () => 0 } }).wrap(leashed(mock, { maxRetries: 4 }))
    mock.script({ reset: true, times: 99 })
    await expect(create(client, 'gpt-4o-mini')).rejects.toThrow('Connection error')
    expect(mock.requests).toHaveLength(2)
  })

  test('takes a leash once that it is already on', async () => {
    const client = leashed(mock)
    for (const copy of [client.leash.wrap(client), client.withOptions({ fetch: client.leash.fetch })])
      await create(copy, 'gpt-4o-mini')
    expect(client.leash.usage()).toMatchObject([{ calls: 2, attempts: 2 }])
  })

  test('a fetch of a copy’s own carries its calls to every vendor, and those of no other', async () => {
    const seen: string[] = []
    const client = leashed(mock)
    const own = client.withOptions({
      fetch: (url, init) => {
        seen.push(String(url))
        return fetch(url, init)
      },
    })
    for (const copy of [client, own, own.withOptions({ timeout: 1000 })])
      for (const model of ['gpt-4o-mini', 'claude-sonnet-4-5']) await create(copy, model)
    expect(own.leash).toBe(client.leash)
    expect(seen).toEqual([1, 2].flatMap(() => [`${mock.url}/v1/chat/completions`, `${mock.url}/v1/messages`]))
  })

  test('takes options of OpenAI’s that differ', async () => {
    const client = leashed(mock).withOptions({ apiKey: 'other', defaultHeaders: { 'x-team': 'blue' }, maxRetries: 0 })
    mock.script({ status: 500, times: 99 })
    await expect(create(client, 'gpt-4o-mini')).rejects.toThrow()
    expect(sent()).toEqual(['/v1/chat/completions Bearer other'])
    expect(mock.requests[0]?.headers['x-team']).toBe('blue')
  })

  test('makes another leash when told something about it, with the rest as it was', async () => {
    const client = leashed(mock)
    const copy = client.withOptions({ routes: { fast: 'anthropic/claude-sonnet-4-5' } } as Partial<typeof client>)
    expect(copy.leash).not.toBe(client.leash)
    expect((await create(copy, 'fast')).leash?.provider).toBe('anthropic')
  })

  test('keeps a fetch of the caller’s own under the leash', async () => {
    const seen: string[] = []
    const client = leashed(mock, {
      fetch: (url, init) => {
        seen.push(String(url))
        return fetch(url, init)
      },
    })
    const copy = client.withOptions({ timeout: 1000 })
    await create(copy, 'gpt-4o-mini')
    await create(copy, 'claude-sonnet-4-5')
    expect(seen).toEqual([`${mock.url}/v1/chat/completions`, `${mock.url}/v1/messages`])
  })
})

describe('options', () => {
  test('a proxy by fetchOptions carries calls to every vendor', async () => {
    const seen: [string, unknown][] = []
    const proxied = { keepalive: false, dispatcher: 'a proxy' }
    const client = leashed(mock, {
      fetchOptions: proxied as object,
      fetch: (url, { dispatcher, ...init }: RequestInit & { dispatcher?: unknown } = {}) => {
        seen.push([String(url), dispatcher])
        return fetch(url, init)
      },
    })
    for (const model of ['gpt-4o-mini', 'claude-sonnet-4-5'])
      expect((await create(client, model)).choices[0]?.message.content).toBe(echo)
    expect(seen).toEqual(['chat/completions', 'messages'].map((path) => [`${mock.url}/v1/${path}`, 'a proxy']))
  })

  test('a fetch patched later is the one that is used', async () => {
    const client = leashed(mock)
    const patched = vi.spyOn(globalThis, 'fetch')
    await create(client, 'gpt-4o-mini')
    expect(patched).toHaveBeenCalledTimes(1)
    patched.mockRestore()
  })

  test('unknown options of the leash are refused by name', () => {
    const timeouts = { idleMS: 3 } as object
    expect(() => leashed(mock, { timeouts })).toThrow(/unknown option `timeouts.idleMS` \(known: .*idleMs/)
  })

  test.each(['budget', 'rateLimits', 'retrry', 'redac', 'ratelimit', 'mxCostUsd'])(
    'so are those that are a letter off one, which OpenAI’s client would pass over in silence: %s',
    (name) => {
      const misspelt: object = { [name]: {} }
      expect(() => leashed(mock, misspelt)).toThrow(`unknown option \`${name}\` (known: `)
    },
  )

  test('what the leash does not know is for OpenAI’s client, of tomorrow too', () => {
    const tomorrow: object = { timeout: 1000, logLevel: 'off', maxRetries: 1, dataResidency: undefined, somethingNew: true }
    expect(leashed(mock, tomorrow).timeout).toBe(1000)
  })

  test('routes are the caller’s names for models', async () => {
    const client = leashed(mock, { routes: { fast: 'anthropic/claude-haiku-4-5' } })
    expect((await create(client, 'fast')).leash).toMatchObject({ provider: 'anthropic', model: 'claude-haiku-4-5' })
  })

  test('subclasses with private fields and overrides hold', async () => {
    class Mine extends LeashLLM {
      readonly #secret = 'kept'
      prepared = 0
      get secret() {
        return this.#secret
      }
      protected override async prepareOptions(options: Parameters<LeashLLM['prepareOptions']>[0]) {
        this.prepared++
        await super.prepareOptions(options)
      }
    }
    const client = new Mine({ apiKey: 'caller', baseURL: `${mock.url}/v1` })
    await create(client, 'gpt-4o-mini')
    expect([client.secret, client.prepared, client instanceof OpenAI]).toEqual(['kept', 1, true])
    expect(mock.requests[0]?.headers['user-agent']).toMatch(/^Mine\/JS /)
  })

  test.each([
    [{ budgetUSD: 0.05 }, /unknown option `leash.budgetUSD`/],
    [{ maxRetries: Number.NaN }, /`leash.maxRetries`: must be a whole number/],
  ])('of one call that would lift a limit in silence are refused before anything is sent: %o', async (options, message) => {
    const asked = leashed(mock).chat.completions.create({ model: 'gpt-4o-mini', messages }, { leash: options as CallOptions })
    await expect(asked).rejects.toThrow(message)
    await expect(asked).rejects.toMatchObject({ status: 400, code: 'invalid_config' })
    expect(mock.requests).toEqual([])
  })
})
