/** Redaction as one module among others. That what goes out comes back is in tests/middleware/redact/round-trip.test.ts. */
import { describe, expect, test } from 'vitest'
import { type CallOptions, createLeash, type Leash, type LeashOptions } from '../../src/leash.js'
import { defineModule, type Module, type ModuleKind, type RedactModuleOptions, redact } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { asks, doors, send } from '../middleware/asks.js'

const mock = useMock()
const [chat] = asks
const said = 'Write to john.doe@acme.com, or call +14155552671.'

function open(modules: readonly Module[], options: LeashOptions = {}) {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: false, modules, ...options })
  const events: string[] = []
  leash.on('policy', ({ guard, action, direction, found }) =>
    events.push(`${guard} ${action} ${direction} ${JSON.stringify(found)}`),
  )
  return { leash, events }
}
const ask = (leash: Leash, stream = false) =>
  send(leash, 'fetch', mock.url, chat?.request(said, stream) ?? { path: '', body: {} })
const tell = (leash: Leash, content: string, options: CallOptions) => {
  const body = JSON.stringify({ model: 'gpt-4.1', messages: [{ role: 'user', content }] })
  return leash.handle(new Request(`${mock.url}/v1/chat/completions`, { method: 'POST', body }), { leash: options })
}
const sent = () => JSON.stringify(mock.requests)
const first = async (leash: Leash) => (await leash.modules.health())[0]

describe.each(doors)('by %s', (door) => {
  describe.each(asks)('$protocol', ({ request }) => {
    test.each([
      ['whole', false, {}],
      ['streamed', true, {}],
      ['streamed one byte at a time', true, { chunkBytes: 1 }],
    ])('the vendor sees no value, and the caller all of them: %s', async (_, stream, fault) => {
      const { leash } = open([redact()])
      mock.script(fault)
      const text = await (await send(leash, door, mock.url, request(said, stream))).text()
      expect(sent()).not.toMatch(/acme|4155552671/)
      expect(text).toContain('john.doe@acme.com')
      expect(text).toContain('+14155552671')
      expect(text).not.toMatch(/EMAIL|PHONE|_1>/)
    })
  })
})

const watcher = (name: string, kind: ModuleKind, sees: 'original' | 'redacted', seen: string[]) =>
  defineModule({
    name,
    kind,
    sees,
    ...(kind !== 'sink' && { request: ({ texts }) => void seen.push(`${name} ${texts.at(-1)?.text}`) }),
    response: ({ texts }) => void seen.push(`${name} ${texts.at(-1)?.text}`),
  })

test.each([false, true])('modules stand outside of it or inside, whatever their priority (stream: %s)', async (stream) => {
  const seen: string[] = []
  const { leash } = open([
    watcher('inside', 'inspector', 'redacted', seen),
    redact({ entities: ['EMAIL_ADDRESS'] }),
    watcher('outside', 'inspector', 'original', seen),
    watcher('sink', 'sink', 'redacted', seen),
  ])
  await (await ask(leash, stream)).text()
  await leash.close()
  expect(seen).toHaveLength(5)
  for (const text of seen) expect(text).toMatch(text.startsWith('outside') ? /acme/ : /<EMAIL_1>/)
})

test('two of them take out and put back what each is for, also beside the option', async () => {
  const { leash } = open(
    [redact({ name: 'phones', entities: ['PHONE_NUMBER'] }), redact({ name: 'hosts', deny: ['Write'], entities: [] })],
    { redact: { entities: ['EMAIL_ADDRESS'] } },
  )
  for (const stream of [false, true]) expect(await (await ask(leash, stream)).text()).toContain('john.doe@acme.com')
  expect(sent()).toContain('<CUSTOM_1> to <EMAIL_1>, or call <PHONE_1>')
  expect((await leash.modules.list()).map(({ name, metrics }) => [name, metrics.errors])).toEqual([
    ['phones', 0],
    ['hosts', 0],
  ])
})

test('a condition says for which calls it is', async () => {
  const { leash } = open([redact({ when: { tags: { private: 'yes' } } })])
  await ask(leash)
  expect(sent()).toContain('acme')
  await tell(leash, said, { tags: { private: 'yes' } })
  expect(JSON.stringify(mock.requests[1])).not.toContain('acme')
})

test.each([false, true])('its runs, time and refusals are counted (stream: %s)', async (stream) => {
  const began = performance.now()
  const { leash, events } = open([redact()])
  await (await ask(leash, stream)).text()
  const all = performance.now() - began
  expect(await first(leash)).toMatchObject({
    kind: 'transformer',
    state: 'ready',
    health: { ok: true },
    metrics: { errors: 0, blocks: 0 },
  })
  // Each piece of a stream is one.
  expect((await first(leash))?.metrics.executions).toBeGreaterThanOrEqual(stream ? 3 : 2)
  expect((await first(leash))?.metrics.duration.total).toBeGreaterThan(0)
  expect((await first(leash))?.metrics.duration.total).toBeLessThan(all)
  expect(events).toEqual(['redact redact request {"EMAIL_ADDRESS":1,"PHONE_NUMBER":1}'])
  await leash.modules.replace('redact', redact({ mode: 'block' }))
  const refused = await ask(leash, stream)
  expect(refused.status).toBe(403)
  expect((await first(leash))?.metrics).toMatchObject({ executions: 1, errors: 0, blocks: 1 })
})

test('an answer that may not be told is refused, whole and streamed', async () => {
  for (const stream of [false, true]) {
    const { leash } = open([redact({ entities: { EMAIL_ADDRESS: { request: false, response: 'block' } } })])
    const response = await ask(leash, stream)
    const text = await response.text().catch((error: unknown) => String(error))
    expect(text).not.toContain('acme')
    expect((await first(leash))?.metrics).toMatchObject({ errors: 0, blocks: 1 })
  }
})

describe('when looking fails', () => {
  const troubles: readonly (readonly [string, RedactModuleOptions])[] = [
    [
      'by throwing',
      {
        ner: () => {
          throw new TypeError('my secret prompt')
        },
      },
    ],
    ['by hanging', { ner: () => new Promise(() => {}), timeout: 20 }],
    ['by nonsense', { ner: () => [{ type: 'PERSON', start: 5, end: 5000, confidence: 1 }] }],
    ['before it starts', { patterns: [{ name: 'broken', pattern: '(' }] }],
  ]

  test.each(troubles)('%s, the call is refused and nothing sent', async (_, options) => {
    const { leash, events } = open([redact(options)])
    const response = await ask(leash)
    expect(response.status).toBe(403)
    expect(await response.text()).not.toContain('secret')
    expect(mock.requests).toEqual([])
    expect(events).toEqual(['redact fail request {}'])
    const status = await first(leash)
    expect(status?.lastError?.message).toBeDefined()
    expect(JSON.stringify(status)).not.toContain('secret')
  })

  test.each(troubles)('%s, and that is no matter, the call is sent as it is', async (_, options) => {
    const { leash } = open([redact({ ...options, onError: 'open' })])
    expect((await ask(leash)).status).toBe(200)
    expect(sent()).toContain('acme')
  })
})

test('another takes its place while a stream is under way, and each gives back what it took', async () => {
  mock.script({ chunkDelayMs: 5 })
  const { leash } = open([redact({ entities: ['EMAIL_ADDRESS'] })])
  const response = await ask(leash, true)
  await leash.modules.replace('redact', redact({ entities: ['PHONE_NUMBER'] }))
  expect(await response.text()).toContain('acme.com')
  await (await ask(leash)).text()
  expect(mock.requests.map(({ body }) => JSON.stringify(body).match(/<[A-Z]+_1>/g))).toEqual([['<EMAIL_1>'], ['<PHONE_1>']])
})

test('it remembers a conversation', async () => {
  const { leash } = open([redact()])
  await tell(leash, 'I am ada@example.org.', { conversation: 'one' })
  await tell(leash, 'She is eve@example.org, I am ada@example.org.', { conversation: 'one' })
  expect(JSON.stringify(mock.requests[1])).toContain('She is <EMAIL_2>, I am <EMAIL_1>.')
})

test.each([
  [{ entites: ['PERSON'] }, /entites/],
  [{ entities: ['EMAIL'] }, /EMAIL/],
  [{ mode: 'hash' }, /hashKey/],
  [{ name: 'a b' }, /name/],
])('options that cannot be are told at once: %o', (options, message) => {
  expect(() => redact(options as RedactModuleOptions)).toThrow(message)
})
