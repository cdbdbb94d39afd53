import { describe, expect, test } from 'vitest'
import { createLeash, type Leash, type LeashOptions, type Report } from '../../src/leash.js'
import { type ContentFilterOptions, contentFilter } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { asks, doors, send } from '../middleware/asks.js'

const mock = useMock()
const [chat] = asks

function open(filter: ContentFilterOptions, options: LeashOptions = {}) {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: false, modules: [contentFilter(filter)], ...options })
  const reports: Report[] = []
  const events: string[] = []
  leash.on('result', (report) => reports.push(report))
  leash.on('policy', ({ action, direction, found }) => events.push(`${action} ${direction} ${JSON.stringify(found)}`))
  return { leash, reports, events }
}
const ask = (leash: Leash, text: string, stream = false) =>
  send(leash, 'fetch', mock.url, chat?.request(text, stream) ?? { path: '', body: {} })

async function refuses(filter: ContentFilterOptions, text: string): Promise<boolean> {
  return (await ask(open(filter).leash, text)).status === 403
}

describe('keywords', () => {
  test.each([
    ['the Bluebird lands', true],
    ['the BLUEBIRD.', true],
    ['bluebirds', false],
    ['my-bluebird-plan', true],
    ['ｂｌｕｅｂｉｒｄ', true],
    ['blue\u200bbird', true],
    ['blue\u00adbird', true],
    ['blue\u200ebird', true],
    ['blue\ufe0fbi\u{e0061}rd', true],
    ['blue\u3164b\u034fird', true],
    ['blue bird', false],
    ['{"a":"b\\u006Cuebird"}', true],
    ['b\\u006Cuebird', false],
  ])('are whole words, however they are written: %s', async (text, expected) => {
    expect(await refuses({ keywords: ['bluebird'], direction: 'request' }, text)).toBe(expected)
  })

  test('with signs in them are found as they stand', async () => {
    expect(await refuses({ keywords: ['c++ (beta)'], direction: 'request' }, 'about C++ (beta) today')).toBe(true)
    expect(await refuses({ keywords: ['a.b'], direction: 'request' }, 'about axb today')).toBe(false)
  })

  test('of scripts without spaces are found within', async () => {
    expect(await refuses({ keywords: ['機密'], direction: 'request' }, 'これは機密です')).toBe(true)
  })
})

test('a pattern that matches nothing is not met by everything', async () => {
  expect(await refuses({ patterns: ['(bluebird)?'] }, 'hello')).toBe(false)
  expect(await refuses({ patterns: ['(bluebird)?'] }, 'a bluebird')).toBe(true)
})

test.each([
  ['to kill the process', true],
  ['kill  the,\nprocess', true],
  ['kill the other process', false],
])('phrases are words in their order: %s', async (text, expected) => {
  expect(await refuses({ phrases: ['kill the process'], direction: 'request' }, text)).toBe(expected)
})

describe('in JSON, as the arguments of tools are', () => {
  const filter: ContentFilterOptions = { keywords: ['bluebird', 'größe', '蓝鸟'], phrases: ['project red wing'] }
  const words = [
    ['begins a line', JSON.stringify({ note: 'Dear all,\nbluebird flies' })],
    ['follows a tab', JSON.stringify({ note: 'a\tbluebird' })],
    ['goes over two lines', JSON.stringify({ note: 'of project red\nwing' })],
    ['has letters beyond ASCII', '{"note":"die Gr\\u00f6\\u00dfe, \\u84dd\\u9e1f"}'],
    [
      'is all escapes',
      `{"note":"${[...'bluebird'].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"}`,
    ],
  ] as const
  const called = (calls: object[]) => ({ role: 'assistant', content: null, tool_calls: calls })
  const callOf = (json: string) => ({ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: json } })

  async function through(body: unknown, messages: object[], stream = false): Promise<string> {
    const answer = typeof body === 'string' ? body : JSON.stringify(body)
    const headers = { 'content-type': stream ? 'text/event-stream' : 'application/json' }
    const leash = createLeash({
      providers: mockProviders(mock.url),
      retry: false,
      modules: [contentFilter(filter)],
      fetch: async () => new Response(answer, { headers }),
    })
    const init = { method: 'POST', body: JSON.stringify({ model: 'gpt-4.1', stream, messages }) }
    return (await leash.handle(new Request('http://leash.test/v1/chat/completions', init))).text()
  }
  const asked = [{ role: 'user', content: 'hi' }]

  test.each(words)('a word is found that %s, in a request', async (_, json) => {
    const fine = { choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }] }
    expect(await through(fine, [...asked, called([callOf(json)])])).toContain('policy_blocked')
    expect(await through(fine, [...asked, { role: 'tool', tool_call_id: 'c', content: json }])).toContain('policy_blocked')
    expect(await through(fine, [...asked, { role: 'tool', tool_call_id: 'c', content: '{"note":"a\\nbluebirds"}' }])).toContain(
      'ok',
    )
  })

  test.each(words)('a word is found that %s, in an answer and in a stream, however it is cut', async (_, json) => {
    const whole = { choices: [{ index: 0, message: called([callOf(json)]), finish_reason: 'tool_calls' }] }
    expect(await through(whole, asked)).toContain('policy_blocked')
    for (const size of [1, 5, 1000]) {
      const deltas: object[] = [{ role: 'assistant', tool_calls: [callOf('')] }]
      for (let at = 0; at < json.length; at += size)
        deltas.push({ tool_calls: [{ index: 0, function: { arguments: json.slice(at, at + size) } }] })
      const chunks = deltas.map((delta) => ({ choices: [{ index: 0, delta, finish_reason: null }] }))
      const events = [...chunks, { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] }]
      const text = [...events.map((event) => JSON.stringify(event)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('')
      expect(await through(text, asked, true)).toContain('policy_blocked')
    }
  })
})

test('patterns run in time that grows with the text alone', async () => {
  const filter: ContentFilterOptions = { patterns: ['(a+)+$'], direction: 'request' }
  expect(await refuses(filter, `${'a'.repeat(50_000)}!`)).toBe(false)
  expect(await refuses({ patterns: ['(?i)proj-\\d{4}'], direction: 'request' }, 'see PROJ-1234')).toBe(true)
})

test('marks of a phrase are what may stand between its words, and are not tried in every way', async () => {
  const long: ContentFilterOptions = {
    phrases: [`${'. '.repeat(40)}x ${'- '.repeat(40)}y${' !'.repeat(40)}`],
    direction: 'request',
  }
  expect(await refuses(long, `${'.'.repeat(60)} x ${'-'.repeat(60)} z ${'!'.repeat(60)}`)).toBe(false)
  const phrase: ContentFilterOptions = { phrases: ['red -- fox', '. . dot'], direction: 'request' }
  for (const text of ['red -- fox', 'red, fox', 'red ---------- fox', '. . dot']) expect(await refuses(phrase, text)).toBe(true)
  for (const text of ['redfox', 'red -- foxes', 'dot']) expect(await refuses(phrase, text)).toBe(false)
})

test('thousands of keywords are looked for at once', async () => {
  const many: ContentFilterOptions = { keywords: Array.from({ length: 8000 }, (_, at) => `word${at}`), direction: 'request' }
  expect(await refuses(many, 'the word7999 is one of them')).toBe(true)
  expect(await refuses(many, 'word80000 and sword1 are none of them')).toBe(false)
})

test('a short word of one rule is found within a longer phrase of another', async () => {
  const rules = [
    { name: 'soft', phrases: ['kill the process'], action: 'annotate' as const },
    { name: 'hard', keywords: ['kill'] },
  ]
  expect(await refuses({ rules }, 'kill the process')).toBe(true)
})

describe('severity', () => {
  const rules = (['low', 'medium', 'high', 'critical'] as const).map((severity) => ({
    name: severity,
    keywords: [severity],
    severity,
  }))

  test('says what is done', async () => {
    const { leash, reports, events } = open({ rules: rules.map((rule) => ({ ...rule, direction: 'request' })) })
    expect((await ask(leash, 'low low')).status).toBe(200)
    expect((await ask(leash, 'medium')).status).toBe(200)
    expect((await ask(leash, 'high')).status).toBe(403)
    expect((await ask(leash, 'critical')).status).toBe(403)
    expect(events).toEqual([
      'annotate request {"low":2}',
      'flag request {"medium":1}',
      'annotate request {"high":1}',
      'block request {"high":1}',
      'annotate request {"critical":1}',
      'block request {"critical":1}',
    ])
    expect(reports[0]?.annotations).toEqual({ 'content-filter': { low: { severity: 'low', count: 2 } } })
  })

  test('gives way to an action', async () => {
    expect(await refuses({ keywords: ['x'], severity: 'critical', action: 'warn' }, 'x')).toBe(false)
    expect(await refuses({ keywords: ['x'], severity: 'low', action: 'block', direction: 'request' }, 'x')).toBe(true)
  })
})

test('the caller is told its words, and never the text', async () => {
  const told = await (await ask(open({ keywords: ['bluebird'], message: 'No names of products.' }).leash, 'bluebird')).text()
  expect(told).toContain('No names of products.')
  const usual = await (await ask(open({ rules: [{ name: 'products', keywords: ['bluebird'] }] }).leash, 'bluebird')).text()
  expect(usual).toContain('products')
  expect(usual).not.toContain('bluebird')
})

describe.each(doors)('by %s', (door) => {
  describe.each(asks)('$protocol', ({ request }) => {
    test.each([
      ['as it comes', {}],
      ['one byte at a time', { chunkBytes: 1 }],
    ])(
      'a stream %s ends in an error of its protocol before the word is read, and the upstream is cancelled',
      async (_, fault) => {
        mock.script({ ...fault, hang: { afterEvents: 14 } })
        const { leash, reports } = open({ phrases: ['three four'], direction: 'response' })
        // However much of it comes at once, it is not the end.
        const text = 'one two three four five six seven eight '.repeat(2)
        const response = await send(leash, door, mock.url, request(text, true))
        expect(response.status).toBe(200)
        const said = Buffer.from(await response.arrayBuffer()).toString('utf8')
        expect(said).toContain('policy_blocked')
        expect(said).not.toContain('three')
        await until(() => mock.requests[0]?.outcome === 'aborted')
        expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'cancelled' }] }])
      },
    )

    test('what is only noted changes no byte of a stream, and is counted once', async () => {
      const text = 'one two three four three five'
      const bytes = async (modules: LeashOptions['modules']) => {
        const leash = createLeash({ providers: mockProviders(mock.url), retry: false, ...(modules && { modules }) })
        const reports: Report[] = []
        leash.on('result', (report) => reports.push(report))
        const response = await send(leash, door, mock.url, request(text, true))
        return { bytes: Buffer.from(await response.arrayBuffer()), reports }
      }
      const plain = await bytes(undefined)
      mock.reset()
      const noted = await bytes([contentFilter({ keywords: ['three'], action: 'annotate', direction: 'response' })])
      // Ids and times of a translation are made anew for each call.
      expect(noted.bytes.length).toBe(plain.bytes.length)
      expect(noted.reports[0]?.annotations).toEqual({ 'content-filter': { content: { severity: 'high', count: 2 } } })
    })
  })
})

describe('rules for requests alone', () => {
  const rule = { name: 'long', patterns: ['x+'], maxLength: 4096, direction: 'request' as const }

  test('hold no stream back', async () => {
    mock.script({ hang: { afterEvents: 6 } })
    const { leash } = open({ rules: [rule] })
    const response = await ask(leash, 'one two three four', true)
    let said = ''
    for await (const bytes of response.body ?? []) {
      said += Buffer.from(bytes).toString('utf8')
      if (said.includes('two')) break
    }
    expect(said).toContain('two')
  })

  test('reach no answer, beside those that do', () => {
    expect(contentFilter({ rules: [rule] })).not.toHaveProperty('response')
    expect(contentFilter({ rules: [rule, { keywords: ['y'] }] }).holdBack).toBe(contentFilter({ keywords: ['y'] }).holdBack)
  })
})

test.each([
  ['a pattern is found that is longer than many events', `begin ${'word '.repeat(70)}end`],
  ['a word is found among many characters that nobody draws', [...'bigbird'].join('\u200b'.repeat(99))],
])('%s', async (_, said) => {
  const filter = contentFilter({
    rules: [
      { name: 'long', patterns: ['begin[ -z]{0,400}end'], maxLength: said.length < 500 ? 500 : 1 },
      { name: 'word', keywords: ['bigbird'] },
    ],
  })
  const words = `${'x '.repeat(130)}${said} x`
  const chunks = [...words].map((content) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }))
  const events = [...chunks, { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }]
  const text = [...events.map((event) => JSON.stringify(event)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('')
  const leash = createLeash({
    providers: mockProviders(mock.url),
    retry: false,
    modules: [filter],
    fetch: async () => new Response(text, { headers: { 'content-type': 'text/event-stream' } }),
  })
  const told = await (await ask(leash, 'hi', true)).text()
  expect(told).toContain('policy_blocked')
  expect(told).not.toContain('"g"')
})

test.each([
  ['tags', 'text', 'bigbird', [...'bigbird'].join('\u{e0061}'.repeat(12))],
  ['bold letters', 'text', 'counterintelligence', bold('counterintelligence')],
  ['letters taken apart', 'text', '한국은행금융통화위원회', '한국은행금융통화위원회'.normalize('NFD')],
  ['escapes', 'arguments', 'bigbird', [...'bigbird'].join('\\u200b'.repeat(20))],
  ['escapes of tags', 'arguments', 'bigbird', [...'bigbird'].join('\\udb40\\udc61'.repeat(12))],
] as const)('nothing of a word goes on before it ends, however long it is written: with %s', async (_, kind, keyword, said) => {
  const letters = [...`{"a":"${'x '.repeat(80)}${said} x"}`]
  const pieces = letters.flatMap((_, at) => (at % 5 === 0 ? [letters.slice(at, at + 5).join('')] : []))
  const delta = (piece: string) =>
    kind === 'text' ? { content: piece } : { tool_calls: [{ index: 0, function: { arguments: piece } }] }
  const chunks = pieces.map((piece) => ({ choices: [{ index: 0, delta: delta(piece), finish_reason: null }] }))
  const events = [...chunks, { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }]
  const lines = [...events.map((event) => JSON.stringify(event)), '[DONE]'].map((data) => Buffer.from(`data: ${data}\n\n`))
  const body = () => new ReadableStream({ pull: (to) => (lines.length > 0 ? to.enqueue(lines.shift()) : to.close()) })
  const fetch = async () => new Response(body(), { headers: { 'content-type': 'text/event-stream' } })
  const told = await (await ask(open({ keywords: [keyword], direction: 'response' }, { fetch }).leash, 'hi', true)).text()
  expect(told).toContain('policy_blocked')
  const passed = [...told.matchAll(/"(?:content|arguments)":"((?:[^"\\]|\\.)*)"/g)].map(([, piece]) => piece).join('')
  expect(passed).toMatch(/^\{\\"a\\":\\"[x ]+$/)
})

/** As some write who have no other way to stress. */
function bold(text: string): string {
  return text.replace(/[a-z]/g, (letter) => String.fromCodePoint(0x1d41a + letter.charCodeAt(0) - 97))
}

test('whether a word ends at the end of a stream is seen at its end', async () => {
  const { leash } = open({ keywords: ['eight'], direction: 'response' })
  expect(await (await ask(leash, 'seven eight', true)).text()).toContain('policy_blocked')
  expect(await (await ask(leash, 'seven eighteen', true)).text()).not.toContain('policy_blocked')
})

test.each([
  [{}, /needs `keywords`/],
  [{ rules: [] }, /needs `keywords`/],
  [{ keywords: [] }, /looks for nothing/],
  [{ keywords: [' '] }, /not empty/],
  [{ keywords: ['a'], severity: 'huge' }, /`severity`/],
  [{ keywords: ['a'], action: 'explode' }, /`action`/],
  [{ keywords: ['a'], pattern: ['b'] }, /has no `pattern`/],
  [{ rules: [{ keywords: ['a'], pattern: ['b'] }] }, /"content" has no `pattern`/],
  [{ rules: [{ keywords: ['a'], timeout: 5 }] }, /"content" has no `timeout`/],
  [{ rules: [{ keywords: ['a'] }], severity: 'low' }, /beside `rules` has no `severity`/],
  [{ keywords: ['a'], direction: 'up' }, /`direction`/],
  [{ patterns: ['a'], maxLength: 0 }, /`maxLength`/],
  [{ rules: [{ keywords: ['a'] }, { keywords: ['b'] }] }, /Two rules are named "content"/],
])('rules that cannot be are refused: %o', (options, message) => {
  expect(() => contentFilter(options as never)).toThrow(message)
})

test('a pattern that is none refuses calls, and says why', async () => {
  const { leash } = open({ patterns: ['(?=look)'] })
  expect((await ask(leash, 'hi')).status).toBe(403)
  expect(leash.health().modules?.[0]).toMatchObject({ state: 'failed', lastError: { message: expect.stringContaining('RE2') } })
})
