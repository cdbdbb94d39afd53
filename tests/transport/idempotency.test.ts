/** The key of a call, for servers that declare a header for one. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LeashLLM, type LeashLLMOptions } from '../../src/client.js'
import { createLeash, type Layer, openaiCompatible } from '../../src/leash.js'
import { defineModule, retry } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { identified } from '../../src/transport/idempotency.js'
import { aCall } from '../helpers/call.js'
import { until, useMock } from '../helpers/mock.js'

const mock = useMock()
const messages = [{ role: 'user' as const, content: 'Hello' }]
const keys = () => mock.requests.map(({ headers }) => headers['idempotency-key'])
const idempotencyHeader = 'Idempotency-Key'

function client(options: LeashLLMOptions = {}) {
  const { openai, anthropic } = mockProviders(mock.url)
  return new LeashLLM({
    providers: { openai: { ...openai, idempotencyHeader }, anthropic: { ...anthropic, idempotencyHeader } },
    retry: { backoff: () => 0 },
    ...options,
  })
}

const create = (over: object = {}, options: LeashLLMOptions = {}, model = 'gpt-4o-mini') =>
  client(options).chat.completions.create({ model, messages }, over)

describe.each(['gpt-4o-mini', 'claude-haiku-4-5'])('a call of %s', (model) => {
  test('has one key, the same in each of its attempts', async () => {
    mock.script({ status: 503, times: 2 })
    await create({}, {}, model)
    const [first] = keys()
    expect(first).toMatch(/^leash-[\w-]+$/)
    expect(keys()).toEqual([first, first, first])
  })

  test('has a key of its own', async () => {
    const same = client()
    for (const _ of [1, 2, 3]) await same.chat.completions.create({ model, messages })
    expect(new Set(keys()).size).toBe(3)
  })

  test('has the key that its caller gives it, by the leash’s option first', async () => {
    mock.script({ status: 503 })
    await create({ leash: { idempotencyKey: 'mine' }, idempotencyKey: 'not-this' }, {}, model)
    expect(keys()).toEqual(['mine', 'mine'])
  })

  test('has the key that its caller gives it by the SDK’s own option, or by the header', async () => {
    await create({ idempotencyKey: 'sdk' }, {}, model)
    await create({ headers: { 'Idempotency-Key': 'header' } }, {}, model)
    expect(keys()).toEqual(['sdk', 'header'])
  })
})

test.each(['gpt-4o-mini', 'claude-haiku-4-5'])(
  'of %s, a call that a module asks again is another request, with a key of its own',
  async (model) => {
    let times = 0
    const picky = defineModule({
      name: 'picky',
      kind: 'policy',
      response: () => (++times < 3 ? retry('Never enough.') : undefined),
    })
    mock.script({ status: 503 })
    await create({}, { modules: [picky] }, model)
    const [first, again, second, third] = keys()
    expect([again, second, third]).toEqual([first, `${first}-2`, `${first}-3`])
  },
)

test('no key is sent to who declares no header', async () => {
  const plain = new LeashLLM({ providers: mockProviders(mock.url) })
  await plain.chat.completions.create({ model: 'gpt-4o-mini', messages }, { leash: { idempotencyKey: 'mine' } })
  expect(keys()).toEqual([undefined])
})

test('a caller’s own header is passed on to the server that it was addressed to, as it is', async () => {
  const plain = new LeashLLM({ apiKey: 'own', baseURL: `${mock.url}/v1`, retry: { backoff: () => 0 } })
  mock.script({ status: 503 })
  await plain.chat.completions.create({ model: 'gpt-4o-mini', messages }, { headers: { 'idempotency-key': 'header' } })
  expect(keys()).toEqual(['header', 'header'])
})

test('a request that the caller’s SDK has addressed gets a key too, and keeps it when it is made anew', async () => {
  mock.script({ status: 503, times: 2 })
  await create({}, { apiKey: 'own', baseURL: `${mock.url}/v1` })
  expect(mock.requests[0]?.headers.authorization).toBe('Bearer own')
  expect(keys()[0]).toMatch(/^leash-/)
  expect(new Set(keys()).size).toBe(1)
})

test('another target is another request', async () => {
  mock.script({ status: 503 }, { status: 503 })
  await create({ leash: { idempotencyKey: 'mine' } }, { retry: { attempts: 2, backoff: () => 0 }, fallback: ['gpt-4.1'] })
  expect(keys()).toEqual(['mine', 'mine', 'mine-2'])
})

test('a copy for comparison is another request, and never has the key of the call that it is a copy of', async () => {
  await create({ leash: { idempotencyKey: 'mine' } }, { mirror: { to: 'openai/gpt-4.1' } })
  await create({ headers: { 'Idempotency-Key': 'header' } }, { mirror: { to: 'openai/gpt-4.1' } })
  await until(() => mock.requests.length === 4)
  const sent = mock.requests.map(({ body, headers }) => [(body as { model: string }).model, headers['idempotency-key']])
  expect(new Set(sent.flatMap(([model, key]) => (model === 'gpt-4o-mini' ? key : [])))).toEqual(new Set(['mine', 'header']))
  const copies = sent.flatMap(([model, key]) => (model === 'gpt-4.1' ? key : []))
  expect(copies).toMatchObject([expect.stringMatching(/^leash-/), expect.stringMatching(/^leash-/)])
  expect(new Set(copies).size).toBe(2)
})

test('an attempt beside a late one is another request, or it would get no answer of its own', async () => {
  mock.script({ hang: 'headers' })
  await create({ leash: { idempotencyKey: 'mine' } }, { hedge: { delayMs: 300 } })
  expect(keys()).toEqual(['mine', 'mine-2'])
  await until(() => mock.requests[0]?.outcome === 'aborted')
})

test('a body that a layer has edited is another request', async () => {
  const twice: Layer = {
    at: 'attempt',
    middleware: (next) => async (call) => {
      await next(call)
      return next({ ...call, body: { ...call.body, temperature: 0 } })
    },
  }
  await create({ leash: { idempotencyKey: 'mine' } }, { use: [twice] })
  expect(keys()).toEqual(['mine', 'mine-2'])
})

test('a key that no header can carry is refused before anything is sent', async () => {
  for (const idempotencyKey of ['', 'two words', 'ключ', 'x'.repeat(256), 'a\r\nb: c']) {
    const answer = create({ leash: { idempotencyKey } })
    await expect(answer).rejects.toMatchObject({ status: 400, code: 'invalid_request' })
  }
  expect(mock.requests).toHaveLength(0)
})

test('a caller over HTTP has no say in it: two strangers may choose the same key', async () => {
  const { openai } = mockProviders(mock.url)
  const leash = createLeash({ providers: { openai: { ...openai, idempotencyHeader } } })
  const request = () =>
    new Request('http://leash/v1/chat/completions', {
      method: 'POST',
      headers: { 'idempotency-key': '1' },
      body: JSON.stringify({ model: 'openai/gpt-4o-mini', messages }),
    })
  await Promise.all([leash.handle(request()), leash.handle(request())])
  expect(new Set(keys()).size).toBe(2)
  expect(keys()).not.toContain('1')
})

test('the header’s name is one', () => {
  const make = (idempotencyHeader: string) => openaiCompatible({ name: 'acme', baseURL: 'https://a.example', idempotencyHeader })
  expect(make('X-Request-Key').idempotencyHeader).toBe('x-request-key')
  expect(() => make('not a name')).toThrow('invalid_config')
})

test('requests that differ never share a key, and those that do not always do', () => {
  const bodies = [{}, {}]
  const request = fc.record({ model: fc.constantFrom('a', 'b'), body: fc.constantFrom(...bodies), hedged: fc.boolean() })
  fc.assert(
    fc.property(fc.array(request, { maxLength: 20 }), (requests) => {
      const call = aCall()
      const sent = requests.map(({ model, body, hedged }) => {
        const { headers } = identified({ ...call, target: { ...call.target, model }, body, ...(hedged && { hedged }) }, 'k')
        return { what: `${model} ${bodies.indexOf(body)} ${hedged}`, key: headers.k }
      })
      for (const one of sent) for (const other of sent) expect(one.key === other.key).toBe(one.what === other.what)
    }),
  )
})
