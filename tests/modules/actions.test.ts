/** Every kind and action, in every protocol, by both doors, whole and streamed. */
import { describe, expect, test } from 'vitest'
import { createLeash, type Leash, type LeashOptions, type Report } from '../../src/leash.js'
import { actionsOf } from '../../src/modules/actions.js'
import { annotate, block, defineModule, edit, type Module, retry, route, transform } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { asks, doors, send } from '../middleware/asks.js'

const mock = useMock()

function open(modules: readonly Module[], options: LeashOptions = {}): { leash: Leash; reports: Report[] } {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: false, modules, ...options })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  return { leash, reports }
}

const decode = async (response: Response) => Buffer.from(await response.arrayBuffer()).toString('utf8')
const text = 'one two three four five six seven eight'

describe.each(doors)('by %s', (door) => {
  describe.each(asks)('$protocol', ({ request }) => {
    test.each([false, true])('a policy refuses before anything is sent, in its own words (stream: %s)', async (stream) => {
      const policy = defineModule({
        name: 'no-eights',
        kind: 'policy',
        request: ({ texts }) => (texts.some(({ text }) => text.includes('eight')) ? block('Eight is not for here.') : undefined),
      })
      const { leash, reports } = open([policy])
      const response = await send(leash, door, mock.url, request(text, stream))
      expect(response.status).toBe(403)
      expect(response.headers.get('x-leash-error')).toBe('policy_blocked')
      expect(await decode(response)).toContain('Eight is not for here.')
      expect(mock.requests).toHaveLength(0)
      expect(reports).toMatchObject([{ ended: true, attempts: [] }])
    })

    test('a transformer changes what is sent and what comes back', async () => {
      const shout = defineModule({
        name: 'shout',
        kind: 'transformer',
        request: () => transform((text) => text.replace('three', 'THREE')),
        response: () => transform((text) => text.replace('eight', 'EIGHT')),
      })
      const { leash } = open([shout])
      const answer = await decode(await send(leash, door, mock.url, request(text, false)))
      expect(JSON.stringify(mock.requests[0]?.body)).toContain('THREE')
      expect(answer).toContain('THREE')
      expect(answer).toContain('EIGHT')
      expect(answer).not.toContain('eight')
    })

    test.each([
      ['as it comes', {}],
      ['one byte at a time', { chunkBytes: 1 }],
    ])('a transformer changes a stream %s, also what is cut', async (_, fault) => {
      mock.script(fault)
      const swap = defineModule({
        name: 'swap',
        kind: 'transformer',
        holdBack: 16,
        chunk: ({ text }) => edit(text, /two three/g, 'zwei drei'),
      })
      const { leash } = open([swap])
      const response = await send(leash, door, mock.url, request(text, true))
      expect(response.status).toBe(200)
      const said = await decode(response)
      expect(said).toContain('zwei drei')
      expect(said).not.toContain('three')
    })

    test('a policy ends a stream in words of the caller’s protocol, and cancels the upstream', async () => {
      mock.script({ hang: { afterEvents: 12 } })
      const policy = defineModule({
        name: 'no-threes',
        kind: 'policy',
        holdBack: 8,
        chunk: ({ before, text }) => (`${before}${text}`.includes('three') ? block('That is enough.') : undefined),
      })
      const { leash, reports } = open([policy])
      // However much of it comes at once, it is not the end.
      const response = await send(leash, door, mock.url, request(`${text} ${text}`, true))
      const said = await decode(response)
      expect(said).toContain('That is enough.')
      expect(said).toContain('policy_blocked')
      expect(said).not.toContain('three')
      await until(() => mock.requests[0]?.outcome === 'aborted')
      expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'cancelled' }] }])
    })

    test('a policy without `chunk` sees a stream as a whole, before the caller sees any of it', async () => {
      const seen: string[] = []
      const policy = defineModule({
        name: 'no-eights',
        kind: 'policy',
        response: ({ texts }) => {
          seen.push(...texts.map(({ text }) => text))
          return texts.some(({ text }) => text.includes('eight')) ? block('Not eight.') : undefined
        },
      })
      const { leash } = open([policy])
      const response = await send(leash, door, mock.url, request(text, true))
      expect(response.status).toBe(403)
      expect(seen.filter((each) => each.includes('seven eight'))).toHaveLength(1)
    })

    test('a transformer without `chunk` changes a stream as a whole', async () => {
      const shout = defineModule({
        name: 'shout',
        kind: 'transformer',
        response: () => transform((text) => text.replace('six seven', '6 7')),
      })
      const { leash } = open([shout])
      const said = await decode(await send(leash, door, mock.url, request(text, true)))
      expect(said).toContain('6 7')
      expect(said).not.toContain('seven')
    })

    test.each([false, true])('sinks are told of the whole answer, when it is over (stream: %s)', async (stream) => {
      const told: { said: string; asked: string; ended: boolean }[] = []
      const sink = defineModule({
        name: 'memory',
        kind: 'sink',
        response: ({ texts }, { call, report }) => {
          told.push({
            said: texts.map(({ text }) => text).join(' '),
            asked: call.texts.map(({ text }) => text).join(' '),
            ended: report.ended,
          })
        },
      })
      const { leash } = open([sink])
      await decode(await send(leash, door, mock.url, request(text, stream)))
      await leash.close()
      expect(told).toMatchObject([{ asked: text, ended: true }])
      expect(told[0]?.said).toContain('seven eight')
    })
  })
})

const [chat] = asks
const ask = (leash: Leash, stream = false) =>
  send(leash, 'fetch', mock.url, chat?.request(text, stream) ?? { path: '', body: {} })

test('inspectors run beside each other, and what they note stands in the report for policies to read', async () => {
  let under = 0
  let most = 0
  const inspector = (name: string) =>
    defineModule({
      name,
      kind: 'inspector',
      async request({ texts }) {
        most = Math.max(most, ++under)
        await new Promise((resolve) => setTimeout(resolve, 5))
        under--
        return annotate({ length: texts[0]?.text.length ?? 0 })
      },
    })
  const read: unknown[] = []
  const policy = defineModule({
    name: 'reader',
    kind: 'policy',
    request: (_, { report }) => {
      read.push(report.annotations)
    },
  })
  const { leash, reports } = open([policy, inspector('a'), inspector('b')])
  await ask(leash)
  expect(most).toBe(2)
  const noted = { a: { length: text.length }, b: { length: text.length } }
  expect(read).toEqual([noted])
  expect(reports[0]?.annotations).toEqual(noted)
})

test('policies run in order, and none after the one that refuses', async () => {
  const order: string[] = []
  const policy = (name: string, priority: number, refuses = false) =>
    defineModule({
      name,
      kind: 'policy',
      priority,
      request: () => {
        order.push(name)
        return refuses ? block('no') : undefined
      },
    })
  const { leash } = open([policy('last', 30), policy('first', 10), policy('refuses', 20, true)])
  expect((await ask(leash)).status).toBe(403)
  expect(order).toEqual(['first', 'refuses'])
})

test('an edit changes each match, whatever the flags of its pattern', () => {
  const edits = [
    { start: 0, end: 2, text: 'b' },
    { start: 3, end: 5, text: 'b' },
  ]
  expect(edit('aa AA', /a+/i, 'b')).toEqual({ action: 'transform', edits })
  expect(edit('aa AA', /a+/gi, 'b')).toEqual({ action: 'transform', edits })
})

test('an edit takes a text as it stands, puts what is made of each match, and nothing where nothing is', () => {
  expect(edit('a+b aab', 'a+b', (found) => `<${found}>`)).toEqual({
    action: 'transform',
    edits: [{ start: 0, end: 3, text: '<a+b>' }],
  })
  expect(edit('ab', /x*/, 'y')).toEqual({ action: 'transform', edits: [] })
})

test.each([
  [undefined],
  ['all'],
  [[null]],
  [[{ start: 0.5, end: 1, text: '' }]],
  [[{ start: 0, end: '1', text: '' }]],
  [[{ start: 0, end: 1 }]],
  [[{ start: -1, end: 1, text: '' }]],
  [[{ start: 1, end: 1, text: '' }]],
  [
    [
      { start: 0, end: 3, text: '' },
      { start: 2, end: 4, text: '' },
    ],
  ],
])('edits that cannot be are none: %j', (edits) => {
  expect(() => actionsOf({ action: 'transform', edits }, 'transformer', 'chunk')).toThrow('lacks what it needs')
})

test('an answer that a policy does not like is asked for again, twice at most', async () => {
  let times = 0
  const picky = (enough: number) =>
    defineModule({
      name: 'picky',
      kind: 'policy',
      response: () => (++times < enough ? retry('The answer was never good enough.') : undefined),
    })
  expect((await ask(open([picky(3)]).leash)).status).toBe(200)
  expect(mock.requests).toHaveLength(3)
  times = 0
  const response = await ask(open([picky(99)], { cache: true, coalesce: true }).leash)
  expect(response.status).toBe(403)
  expect(await decode(response)).toContain('never good enough')
  expect(mock.requests).toHaveLength(6)
})

test('an answer that a policy does not like is not given again from a cache, nor kept where none is to be', async () => {
  let times = 0
  const once = defineModule({
    name: 'once',
    kind: 'policy',
    response: () => (++times === 2 ? retry('Not this one.') : undefined),
  })
  const { leash, reports } = open([once], { cache: true })
  for (let call = 0; call < 3; call++) expect((await ask(leash)).status).toBe(200)
  expect(mock.requests).toHaveLength(2)
  expect(reports.map(({ cache }) => cache)).toEqual(['miss', 'refresh', 'hit'])
  expect((await leash.cache.stats()).kept).toBe(2)
  times = 1
  const { path, body } = chat?.request(text, false) ?? { path: '', body: {} }
  const request = new Request(`http://leash.test${path}`, { method: 'POST', body: JSON.stringify(body) })
  expect((await leash.handle(request, { leash: { cache: false } })).status).toBe(200)
  expect(mock.requests).toHaveLength(4)
  expect((await leash.cache.stats()).kept).toBe(2)
})

test('a stream that a policy does not like is refused, for it would have to be heard twice', async () => {
  const never = defineModule({ name: 'never', kind: 'policy', response: () => retry('') })
  const response = await ask(open([never]).leash, true)
  expect(response.status).toBe(403)
  expect(await decode(response)).toContain('not as it must be')
  expect(mock.requests).toHaveLength(1)
})

describe('a stream of more than 4 MiB', () => {
  const chunk = (delta: object, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4.1', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
  const many = 70
  const long = chunk({ content: 'x'.repeat(65_536) }).repeat(many) + chunk({}, 'stop')
  const asLong = { status: 200, headers: { 'content-type': 'text/event-stream' }, body: `${long}data: [DONE]\n\n` }

  test('is refused where a policy would have to look at it as a whole', async () => {
    mock.script(asLong)
    const { leash } = open([defineModule({ name: 'all', kind: 'policy', response: () => undefined })])
    const response = await ask(leash, true)
    expect(response.status).toBe(403)
    expect(await decode(response)).toContain('longer than what can be looked at')
    await until(() => mock.requests[0]?.outcome !== undefined)
  })

  test('comes whole to its caller, and tells an inspector that it saw the beginning alone', async () => {
    mock.script(asLong)
    const seen: unknown[] = []
    const eye = defineModule({
      name: 'eye',
      kind: 'inspector',
      response: ({ isCut, texts }) => {
        seen.push(isCut, texts.map(({ text }) => text).join('').length)
      },
    })
    const { leash } = open([eye])
    expect(await decode(await ask(leash, true))).toBe(asLong.body)
    expect(seen).toEqual([true, expect.any(Number)])
    expect(Number(seen[1])).toBeGreaterThan(60 * 65_536)
    expect(Number(seen[1])).toBeLessThan(many * 65_536)
  })
})

test('an answer is not asked for again when the call has no attempt left', async () => {
  const never = defineModule({ name: 'never', kind: 'policy', response: () => retry('Never good enough.') })
  const response = await ask(open([never], { maxAttempts: 2 }).leash)
  expect(response.status).toBe(403)
  expect(mock.requests).toHaveLength(2)
})

test.each([false, true])(
  'another body goes where the first would have gone, and is answered as that was (stream: %s)',
  async (stream) => {
    const other = { model: 'gpt-5', stream: !stream, messages: [{ role: 'user', content: 'other words' }] }
    const { leash } = open([defineModule({ name: 'other', kind: 'transformer', request: () => transform(other) })])
    const response = await ask(leash, stream)
    expect(response.headers.get('content-type')).toContain(stream ? 'text/event-stream' : 'application/json')
    await response.text()
    expect(mock.requests[0]?.body).toMatchObject({ ...other, model: 'gpt-4.1', stream })
  },
)

test('a policy sends a call to another model', async () => {
  const cheap = defineModule({ name: 'cheap', kind: 'policy', request: () => route('anthropic/claude-haiku-4-5') })
  const { leash, reports } = open([cheap])
  expect((await ask(leash)).status).toBe(200)
  expect(reports[0]).toMatchObject({ provider: 'anthropic', model: 'claude-haiku-4-5' })
})
