/** Through the whole leash, over sockets. */
import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { LeashLLM, reportOf } from '../../src/index.js'
import { createLeash, type Leash, type LeashOptions, type LedgerLine, type Report } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { asks, doors, send } from './asks.js'

const mock = useMock()

function open(options: LeashOptions = {}): { leash: Leash; reports: Report[] } {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: false, coalesce: true, ...options })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  return { leash, reports }
}

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())
const text = 'one two three four five six seven eight'

describe.each(doors)('by %s', (door) => {
  describe.each(asks)('$protocol', ({ request }) => {
    test('identical calls share one upstream, and each report says so', async () => {
      const { leash, reports } = open()
      mock.script({ latencyMs: 150 })
      const responses = await Promise.all([1, 2, 3].map(() => send(leash, door, mock.url, request(text, false))))
      const bodies = await Promise.all(responses.map((response) => response.json()))
      expect(mock.requests).toHaveLength(1)
      expect(JSON.stringify(bodies[0])).toContain('eight')
      for (const body of bodies) expect(body).toEqual(bodies[0])
      expect(new Set(responses.map(({ headers }) => headers.get('x-leash-id'))).size).toBe(3)
      expect(responses.map(({ headers }) => headers.get('x-leash-attempts'))).toEqual(['1', '0', '0'])
      const [first, ...others] = reports.toSorted((a, b) => b.attempts.length - a.attempts.length)
      expect(first).toMatchObject({ ended: true, attempts: [{ outcome: 'ok' }] })
      expect(first?.coalesced).toBeUndefined()
      for (const other of others) {
        expect(other).toMatchObject({ ended: true, coalesced: true, attempts: [], usage: first?.usage, model: first?.model })
      }
    })

    test.each([
      ['as it comes', {}],
      ['one byte at a time', { chunkBytes: 1 }],
    ])('a stream is shared %s, byte for byte, also by who comes late', async (_, fault) => {
      mock.script(fault)
      const alone = await bytesOf(await send(open({ coalesce: false }).leash, door, mock.url, request('one two three', true)))
      mock.reset()
      const { leash, reports } = open()
      mock.script({ chunkDelayMs: 25, ...fault })
      const ask = () => send(leash, door, mock.url, request('one two three', true))
      const early = await Promise.all([ask(), ask()])
      const late = await ask()
      const read = await Promise.all([...early, late].map(bytesOf))
      expect(mock.requests).toHaveLength(1)
      expect(read[0]?.length).toBe(alone.length)
      for (const bytes of read) expect(bytes.equals(read[0] ?? alone)).toBe(true)
      expect(reports.map(({ attempts, coalesced }) => [attempts.length, coalesced]).sort()).toEqual([
        [0, true],
        [0, true],
        [1, undefined],
      ])
    })

    test('a caller who stops takes nobody with it; the last one closes the connection', async () => {
      const { leash, reports } = open()
      mock.script({ hang: { afterEvents: 4 } })
      const callers = [new AbortController(), new AbortController()]
      const responses = await Promise.all(callers.map(({ signal }) => send(leash, door, mock.url, request(text, true), signal)))
      const readings = responses.map((response) => bytesOf(response).catch(() => 'stopped'))
      callers[0]?.abort()
      expect(await readings[0]).toBe('stopped')
      expect(mock.requests[0]?.outcome).toBe('pending')
      callers[1]?.abort()
      expect(await readings[1]).toBe('stopped')
      await until(() => mock.requests[0]?.outcome === 'aborted')
      // A platform's `Request` keeps a listener of its own.
      if (door === 'fetch') for (const { signal } of callers) expect(getEventListeners(signal, 'abort')).toHaveLength(0)
      expect(reports.every(({ ended }) => ended)).toBe(true)
      expect(reports.flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome))).toEqual(['cancelled'])
    })
  })
})

test('the callers of a failure get the same answer, and the attempts stand in one report', async () => {
  const { leash, reports } = open({ retry: { backoff: () => 0 } })
  mock.script({ status: 529, latencyMs: 150 }, { status: 400 })
  const [ask] = asks
  const responses = await Promise.all([1, 2].map(() => ask && send(leash, 'fetch', mock.url, ask.request(text, false))))
  expect(responses.map((response) => response?.status)).toEqual([400, 400])
  expect(mock.requests).toHaveLength(2)
  expect(reports.map(({ attempts }) => attempts.length).sort()).toEqual([0, 2])
})

test('the first caller may leave; the attempt goes on for the others, and stays in its report', async () => {
  const { leash, reports } = open()
  mock.script({ latencyMs: 300 })
  const [ask] = asks
  if (!ask) throw new Error('No protocol.')
  const first = new AbortController()
  const stopped = send(leash, 'fetch', mock.url, ask.request(text, false), first.signal).catch(() => 'stopped')
  const second = send(leash, 'fetch', mock.url, ask.request(text, false))
  await until(() => mock.requests.length === 1)
  first.abort()
  expect(await stopped).toBe('stopped')
  expect(reports).toMatchObject([{ attempts: [{ outcome: 'pending' }] }])
  expect((await second).status).toBe(200)
  expect(reports).toMatchObject([{ attempts: [{ outcome: 'ok' }] }, { coalesced: true, attempts: [] }])
})

test('a stream that breaks does so for all of its callers, and saves nobody anything', async () => {
  const lines: LedgerLine[] = []
  const { leash } = open({ ledger: { sink: (more) => void lines.push(...more) } })
  mock.script({ cutAfter: { events: 4 }, chunkDelayMs: 2 })
  const [ask] = asks
  const read = await Promise.allSettled(
    [1, 2].map(async () => bytesOf(await send(leash, 'fetch', mock.url, ask?.request(text, true) ?? { path: '', body: {} }))),
  )
  expect(read.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(mock.requests).toHaveLength(1)
  await leash.close()
  expect(lines).toMatchObject([{ outcome: 'error', attempt: 1 }])
})

describe("OpenAI's client", () => {
  const client = (options: ConstructorParameters<typeof LeashLLM>[0] = {}) =>
    new LeashLLM({ apiKey: 'mock', baseURL: `${mock.url}/v1`, coalesce: true, maxRetries: 0, ...options })
  const body = { model: 'gpt-4.1', messages: [{ role: 'user' as const, content: text }] }

  test('gives each caller an answer of its own', async () => {
    const openai = client()
    const [one, two] = await Promise.all([openai.chat.completions.create(body), openai.chat.completions.create(body)])
    expect(mock.requests).toHaveLength(1)
    expect(one).toEqual(two)
    expect([one.leash?.coalesced, two.leash?.coalesced]).toEqual([undefined, true])
    Object.assign(one.choices[0]?.message ?? {}, { content: 'changed' })
    expect(two.choices[0]?.message.content).not.toBe('changed')
  })

  test('has read a stream to its end when it has read its last event', async () => {
    const openai = client({ metrics: true })
    const reports = await Promise.all(
      [1, 2, 3].map(async () => {
        const stream = await openai.chat.completions.create({ ...body, stream: true })
        for await (const _ of stream);
        return reportOf(stream)
      }),
    )
    expect(reports.flatMap(({ attempts }) => attempts)).toMatchObject([{ outcome: 'ok', cost: expect.any(Number) }])
    const [first, ...others] = reports
    expect(first?.cost?.usd).toBeGreaterThan(0)
    for (const { cost } of others) expect(cost).toMatchObject({ usd: 0, savedUsd: first?.cost?.usd })
    expect(await openai.leash.metrics()).toMatch(/^leash_requests_total\{.*code="ok"\} 3$/m)
  })

  test('streams to each, and tells each its report', async () => {
    const openai = client()
    const streams = await Promise.all([1, 2].map(() => openai.chat.completions.create({ ...body, stream: true })))
    const texts = await Promise.all(
      streams.map(async (stream) => {
        let all = ''
        for await (const chunk of stream) all += chunk.choices[0]?.delta.content ?? ''
        return all
      }),
    )
    expect(mock.requests).toHaveLength(1)
    expect(texts[0]).toContain('eight')
    expect(texts[1]).toBe(texts[0])
    const reports = await Promise.all(streams.map(reportOf))
    expect(reports.map(({ coalesced, ended }) => [coalesced, ended])).toEqual([
      [undefined, true],
      [true, true],
    ])
  })

  test('keeps two tenants, two keys and who asks for it apart', async () => {
    const openai = client()
    const other = openai.withOptions({ apiKey: 'other' })
    await Promise.all([
      openai.chat.completions.create(body, { leash: { tenant: 'a' } }),
      openai.chat.completions.create(body, { leash: { tenant: 'b' } }),
      openai.chat.completions.create(body),
      other.chat.completions.create(body),
      openai.chat.completions.create(body, { leash: { coalesce: false } }),
      openai.chat.completions.create(body, { leash: { coalesce: false } }),
    ])
    expect(mock.requests).toHaveLength(6)
  })

  test('shares the embeddings of the same text', async () => {
    const openai = client()
    const ask = () => openai.embeddings.create({ model: 'text-embedding-3-small', input: text })
    const [one, two] = await Promise.all([ask(), ask()])
    expect(mock.requests).toHaveLength(1)
    expect(two.data[0]?.embedding).toEqual(one.data[0]?.embedding)
  })

  test('shares nothing unless it is asked for', async () => {
    const openai = client({ coalesce: false })
    await Promise.all([openai.chat.completions.create(body), openai.chat.completions.create(body)])
    expect(mock.requests).toHaveLength(2)
  })
})
