import { describe, expect, test } from 'vitest'
import { LeashError } from '../../src/core/errors.js'
import type { HttpRequest, Provider, WireRequest } from '../../src/core/provider.js'
import { anthropic } from '../../src/providers/anthropic.js'
import { azure } from '../../src/providers/azure.js'
import { openai } from '../../src/providers/openai.js'
import { checkProvider } from '../../src/testing/index.js'

const secret = 'secret-0123456789'
const model = 'some-model'

/** A provider that does all that is asked of it, its model in the address. */
function good(
  over: Partial<Provider> = {},
  sent: (request: WireRequest, http: HttpRequest) => Partial<HttpRequest> = () => ({}),
): Provider {
  return {
    name: 'my-vendor',
    protocols: ['openai-chat'],
    traits: () => ({ systemRole: 'system' }),
    missing: () => undefined,
    prepare(request) {
      if (request.model === '') throw new LeashError('invalid_request', 'Name a model.')
      if (request.protocol !== 'openai-chat') throw new LeashError('unsupported', 'Choose another provider.')
      const http: HttpRequest = {
        url: `https://api.example.com/models/${encodeURIComponent(request.model)}/chat`,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...request.headers, authorization: `Bearer ${secret}` },
        body: request.text ?? JSON.stringify(request.body),
      }
      return { ...http, ...sent(request, http) }
    },
    ...over,
  }
}
const unconfigured = () => good({ missing: () => 'Set MY_VENDOR_API_KEY or pass `apiKey`.' })
const problems = async (provider: Provider, over = {}) => {
  const results = await checkProvider(provider, { model, secret, unconfigured, ...over })
  return results.filter(({ ok }) => !ok).map(({ name, problem }) => `${name}: ${problem}`)
}

describe('a provider that keeps its contract', () => {
  test('passes every check, none skipped', async () => {
    const results = await checkProvider(good(), { model, secret, unconfigured })
    expect(results.length).toBeGreaterThan(14)
    expect(results.every((result) => result.ok && result.skipped === undefined && result.problem === undefined)).toBe(true)
  })

  test('has the checks skipped that nothing was given for', async () => {
    const skipped = (await checkProvider(good(), { model })).filter((result) => result.skipped !== undefined)
    expect(skipped.map(({ ok, skipped }) => [ok, skipped])).toContainEqual([true, 'Pass `secret` to check it.'])
    expect(skipped).toHaveLength(4)
  })

  test.each([
    ['openai', openai({ apiKey: secret }), () => openai({ env: {} })],
    ['anthropic', anthropic({ apiKey: secret }), () => anthropic({ env: {} })],
    [
      'azure',
      azure({ apiKey: secret, endpoint: 'https://x.openai.azure.com' }),
      () => azure({ env: {}, endpoint: 'https://x.openai.azure.com' }),
    ],
  ])('such as our own %s', async (_, provider, without) => {
    expect(await problems(provider, { unconfigured: without })).toEqual([])
  })
})

/** Each check, and a provider that does not pass it. */
const bad: readonly (readonly [check: string, provider: Provider, over?: object])[] = [
  ['has a name that can stand in a route', good({ name: 'my vendor' })],
  ['speaks at least one protocol', good({ protocols: [] })],
  ['speaks at least one protocol', good({ protocolsFor: () => [] })],
  ['has the same traits each time', good({ traits: () => ({ refuses: [String(Math.random())] }) })],
  ['misses nothing once it has its key', good({ missing: () => 'Something.' })],
  [
    'says which variable or option would give it its key',
    good(),
    { unconfigured: () => good({ missing: () => 'a key is missing' }) },
  ],
  ['says which variable or option would give it its key', good(), { unconfigured: () => good() }],
  ['gives an absolute address', good({}, () => ({ url: '/v1/chat' }))],
  ['gives an absolute address', good({}, () => ({ url: 'https://example.com/a b' }))],
  ['gives an absolute address', good({}, () => ({ method: 'GET' }))],
  ['keeps its key out of the address and the body', good({}, (_, { url }) => ({ url: `${url}?key=${secret}` }))],
  ['keeps its key out of the address and the body', good({}, () => ({ body: JSON.stringify({ key: secret }) }))],
  ['sends its key in a header', good({}, (request) => ({ headers: { ...request.headers } }))],
  ['gives headers that can be sent', good({}, (_, { headers }) => ({ headers: { ...headers, 'x-a': 'one\r\ntwo' } }))],
  ["passes on the caller's own headers", good({}, () => ({ headers: { authorization: secret } }))],
  ['sends the bytes it was given when it changes nothing', good({}, ({ body }) => ({ body: JSON.stringify(body) }))],
  [
    'leaves the request as it was',
    good({}, (request) => {
      Object.assign(request.body, { stream: true })
      return {}
    }),
  ],
  ['answers the same request in the same way', good({}, (_, { url }) => ({ url: `${url}/${Math.random()}` }))],
  ['lets no model write its own address', good({}, ({ model: name }) => ({ url: `https://api.example.com/${name}/chat` }))],
  [
    'refuses an empty model where it stands in the address',
    good({ prepare: (request) => good().prepare({ ...request, model: request.model || 'x' }) }),
  ],
  ['refuses an empty model where it stands in the address', throwing(new TypeError('no model'))],
  [
    'refuses a protocol that it does not speak',
    good({ prepare: (request) => good().prepare({ ...request, protocol: 'openai-chat' }) }),
  ],
  ['names no secret in an error', throwing(new LeashError('invalid_request', `No model for ${secret}.`))],
]

/** Throws this where it has to throw something. */
function throwing(error: Error): Provider {
  return good({
    prepare(request) {
      if (request.model === '' || request.protocol !== 'openai-chat') throw error
      return good().prepare(request)
    },
  })
}

describe('a provider that breaks its contract', () => {
  test.each(bad.map(([check, provider, over]) => ({ check, provider, over })))('$check', async ({ check, provider, over }) => {
    expect(await problems(provider, over)).toContainEqual(expect.stringContaining(`${check}: `))
  })

  test('is told of in every check', async () => {
    const all = (await checkProvider(good(), { model, secret, unconfigured })).map(({ name }) => name)
    expect(new Set(bad.map(([check]) => check))).toEqual(new Set(all))
  })

  test('is told which protocol it was', async () => {
    const [problem] = await problems(good({}, ({ stream }) => (stream ? { url: '/v1' } : {})))
    expect(problem).toContain('(openai-chat, streamed)')
  })
})
