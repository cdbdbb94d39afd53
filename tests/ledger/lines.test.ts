/** What a line of the ledger says beside its numbers, and that totals are the lines and nothing else. */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { formatUsd } from '../../src/core/money.js'
import { buckets, usageOf } from '../../src/core/usage.js'
import { createLeash, type LeashOptions, type LedgerLine } from '../../src/leash.js'
import { type Dimension, fold } from '../../src/ledger/fold.js'
import { readLine } from '../../src/relay/usage/line.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { asks, send } from '../middleware/asks.js'

const mock = useMock()

test('a line says whose call it was, who was asked, and by which price', async () => {
  const lines: LedgerLine[] = []
  const whose = { tenant: 'acme', user: 'ann', key: 'key-7', tags: { team: 'search' } }
  const leash = createLeash({
    providers: mockProviders(mock.url),
    ledger: { sink: (more) => void lines.push(...more) },
    use: [(next) => (call) => next({ ...call, options: { ...call.options, ...whose } })],
  })
  await (await send(leash, 'handle', mock.url, asks[0]?.request('How many moons?', false) ?? expect.fail())).text()
  await leash.close()
  expect(lines).toEqual([
    {
      id: expect.stringMatching(/^call_\w+\/1$/),
      callId: expect.stringMatching(/^call_/),
      attempt: 1,
      at: expect.any(Number),
      durationMs: expect.any(Number),
      ...whose,
      provider: 'openai',
      model: 'gpt-4.1',
      protocol: 'openai-chat',
      outcome: 'ok',
      status: 200,
      serviceTier: 'default',
      usage: expect.objectContaining({ input: expect.any(Number) }),
      basis: 'complete',
      cost: expect.any(Number),
      priceVersion: expect.stringMatching(/^genai-prices@.+#[0-9a-f]{8}$/),
    },
  ])
  expect(leash.usage({ by: ['tenant', 'user', 'key', 'tag:team'] })).toMatchObject([
    { of: { tenant: 'acme', user: 'ann', key: 'key-7', 'tag:team': 'search' }, calls: 1 },
  ])
})

describe('a relay takes the line', () => {
  const owner = { id: 'key', tenant: 'acme' }

  /** Of a call that is answered with such usage. */
  async function lineOf(usage: object, options: LeashOptions = {}): Promise<LedgerLine> {
    const lines: LedgerLine[] = []
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Many.' }, finish_reason: 'stop' }]
    const leash = createLeash({
      providers: { openai: { apiKey: 'k' } },
      retry: false,
      ledger: { sink: (more) => void lines.push(...more) },
      fetch: async () => Response.json({ id: 'c', object: 'chat.completion', created: 1, model: 'gpt-5', choices, usage }),
      ...options,
    })
    const body = JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'How many moons?' }] })
    const headers = { authorization: 'Bearer k' }
    await (await leash.fetch('https://api.openai.com/v1/chat/completions', { method: 'POST', headers, body })).text()
    await leash.close()
    return lines[0] ?? expect.fail()
  }

  const odd = fc.oneof(
    fc.integer({ min: -10, max: 2_000_000 }),
    fc.double(),
    fc.constantFrom(null, '12', 1e300, Number.MAX_SAFE_INTEGER),
  )
  const usages = fc.record(
    {
      prompt_tokens: odd,
      completion_tokens: odd,
      total_tokens: odd,
      prompt_tokens_details: fc.record({ cached_tokens: odd, audio_tokens: odd }),
      completion_tokens_details: fc.record({ reasoning_tokens: odd }),
    },
    { requiredKeys: [] },
  )

  test('whatever numbers a vendor tells', async () => {
    await fc.assert(
      fc.asyncProperty(usages, async (usage) => {
        const line = await lineOf(usage)
        const { usage: told, cost } = JSON.parse(JSON.stringify(line))
        expect(readLine(JSON.parse(JSON.stringify(line)), owner, 0, Date.now())).toMatchObject({ usage: told, cost })
        for (const bucket of buckets) expect(Number.isSafeInteger(told[bucket])).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  test('of half tokens as of whole ones, and estimates what nobody can have used', async () => {
    expect(await lineOf({ prompt_tokens: 1.5, completion_tokens: 2.2 })).toMatchObject({
      usage: usageOf({ input: 2, output: 3 }),
      basis: 'complete',
    })
    const line = await lineOf({ prompt_tokens: 1e300, completion_tokens: 1 })
    expect(line.basis).toBe('estimated')
    expect(line.usage.input).toBeLessThan(100)
  })

  test('of as many tokens as a great number of texts to embed have', async () => {
    const lines: LedgerLine[] = []
    const usage = { prompt_tokens: 80_000_000, total_tokens: 80_000_000 }
    const leash = createLeash({
      providers: { openai: { apiKey: 'k' } },
      ledger: { sink: (more) => void lines.push(...more) },
      fetch: async () => Response.json({ object: 'list', model: 'm', data: [], usage }),
    })
    const body = JSON.stringify({ model: 'text-embedding-3-small', input: ['one'] })
    const headers = { authorization: 'Bearer k' }
    await (await leash.fetch('https://api.openai.com/v1/embeddings', { method: 'POST', headers, body })).text()
    await leash.close()
    expect(lines).toMatchObject([{ usage: usageOf({ input: 80_000_000 }), basis: 'complete' }])
    expect(readLine(JSON.parse(JSON.stringify(lines[0])), owner, 0, Date.now())).toMatchObject({ cost: lines[0]?.cost })
  })

  test('of tokens that are counted by characters', async () => {
    const { usage } = await lineOf({}, { tokens: (text) => text.length / 4 })
    expect(Number.isInteger(usage.input)).toBe(true)
  })

  test.each([-1, 20 * 86_400_000])('of an attempt during which the clock was set, by %i ms at a time', async (ms) => {
    let now = Date.now()
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => {
      now += ms
      return now
    })
    const line = await lineOf({ prompt_tokens: 1, completion_tokens: 1 })
    clock.mockRestore()
    expect([line.durationMs >= 0, line.durationMs < 60_000]).toEqual([true, true])
  })
})

describe.each(asks)('in $protocol', (ask) => {
  test.each([false, true])('who shares an answer has a line of nothing, and of what it saved; streamed: %s', async (stream) => {
    mock.script({ latencyMs: 150 })
    const lines: LedgerLine[] = []
    const leash = createLeash({
      providers: mockProviders(mock.url),
      coalesce: true,
      ledger: { sink: (more) => void lines.push(...more) },
    })
    const asked = Array.from({ length: 3 }, () => send(leash, 'fetch', mock.url, ask.request('How many moons?', stream)))
    for (const answer of await Promise.all(asked)) await answer.arrayBuffer()
    await leash.close()
    expect(mock.requests).toHaveLength(1)
    const [paid, ...shared] = [...lines].sort((a, b) => b.attempt - a.attempt)
    expect(paid?.cost).toBeGreaterThan(0)
    expect(paid).not.toHaveProperty('coalesced')
    expect(shared).toHaveLength(2)
    for (const line of shared) {
      expect(line).toMatchObject({ coalesced: true, attempt: 0, cost: 0, usage: usageOf({}), saved: paid?.cost, status: 200 })
    }
    expect(new Set(lines.map(({ id }) => id)).size).toBe(3)
    expect(leash.usage()).toMatchObject([
      { calls: 3, attempts: 1, coalesced: 2, nano: paid?.cost, saved: formatUsd(2 * (paid?.cost ?? 0)) },
    ])
  })
})

test('both attempts of a hedged call are lines, and the second says so', async () => {
  mock.script({ latencyMs: 2000 })
  const lines: LedgerLine[] = []
  const leash = createLeash({
    providers: mockProviders(mock.url),
    hedge: { delayMs: 20, maxShare: 1 },
    ledger: { sink: (more) => void lines.push(...more) },
  })
  await (await send(leash, 'fetch', mock.url, asks[0]?.request('How many moons?', false) ?? expect.fail())).text()
  await leash.close()
  expect(lines.map(({ hedged, outcome }) => [hedged, outcome]).sort()).toEqual(
    [
      [undefined, 'cancelled'],
      [true, 'ok'],
    ].sort(),
  )
})

describe('a total', () => {
  const amount = fc.nat({ max: 2_000_000_000 })
  const some = <T>(...values: T[]) => fc.constantFrom(...values)
  const line: fc.Arbitrary<LedgerLine> = fc
    .record({
      place: fc.nat({ max: 3 }),
      call: fc.nat({ max: 30 }),
      at: fc.integer({ min: 0, max: 3 * 86_400_000 }),
      tenant: some('a', 'b'),
      model: some('m', 'n', 'o'),
      team: some(undefined, 'search', 'ads'),
      cost: fc.option(amount),
      usage: fc.record(Object.fromEntries(buckets.map((bucket) => [bucket, fc.nat({ max: 100_000 })]))).map(usageOf),
      basis: some<LedgerLine['basis']>('complete', 'estimated'),
    })
    .map(({ place, call, team, ...rest }) => ({
      id: `${call}/${place}`,
      callId: String(call),
      attempt: place,
      durationMs: 1,
      provider: 'p',
      protocol: 'openai-chat',
      outcome: 'ok',
      ...(team !== undefined && { tags: { team } }),
      ...rest,
    }))
  const lines = fc.uniqueArray(line, { selector: ({ id }) => id, maxLength: 60 })
  const by = fc.subarray<Dimension>(['tenant', 'model', 'tag:team', 'day'])

  test('is the sum of its lines to the nano-dollar and the token, by whatever it is told apart', () => {
    fc.assert(
      fc.property(lines, by, (lines, by) => {
        const rows = fold(lines, { by })
        const sum = (of: readonly number[]) => of.reduce((a, b) => a + b, 0)
        expect(sum(rows.map(({ nano }) => nano))).toBe(sum(lines.map(({ cost }) => cost ?? 0)))
        expect(sum(rows.map(({ unpriced }) => unpriced))).toBe(lines.filter(({ cost }) => cost === null).length)
        expect(sum(rows.map(({ attempts }) => attempts))).toBe(lines.length)
        for (const bucket of buckets) {
          expect(sum(rows.map(({ usage }) => usage[bucket]))).toBe(sum(lines.map(({ usage }) => usage[bucket])))
        }
      }),
    )
  })

  test('is the same in any order, and with lines that came twice', () => {
    const sorted = (rows: readonly { of: object }[]) =>
      [...rows].sort((a, b) => JSON.stringify(a.of).localeCompare(JSON.stringify(b.of)))
    fc.assert(
      fc.property(lines, by, (lines, by) => {
        const again = [...lines.slice(0, 20), ...lines].reverse()
        expect(sorted(fold(again, { by }))).toEqual(sorted(fold(lines, { by })))
      }),
    )
  })

  const noon = Date.UTC(2026, 10, 22, 12)
  const one = (rest: Partial<LedgerLine>): LedgerLine => ({
    ...{ id: `${rest.callId}/1`, callId: 'c', attempt: 1, at: noon, durationMs: 1, provider: 'p', model: 'm' },
    ...{ protocol: 'openai-chat', outcome: 'ok', usage: usageOf({}), basis: 'complete', cost: 0 },
    ...rest,
  })

  test('is of the attempts that began in a time, its beginning with it and its end without', () => {
    const lines = [-1, 0, 5, 10].map((at) => one({ callId: `at ${at}`, at: noon + at, cost: 1 }))
    expect(fold(lines, { since: noon, until: noon + 10 })).toMatchObject([{ calls: 2, nano: 2 }])
    expect(fold(lines, { since: noon })).toMatchObject([{ calls: 3 }])
    expect(fold(lines, { until: noon })).toMatchObject([{ calls: 1 }])
  })

  test('has the dearest first, and a day as it is in UTC', () => {
    const lines = [
      one({ callId: 'a', cost: 1 }),
      one({ callId: 'b', cost: 3, at: noon + 12 * 3_600_000 - 1, tags: { day: 'no' } }),
      one({ callId: 'c', cost: 9, at: noon + 12 * 3_600_000 }),
    ]
    expect(fold(lines, { by: 'day' }).map(({ of, cost }) => [of, cost])).toEqual([
      [{ day: '2026-11-23' }, '0.000000009'],
      [{ day: '2026-11-22' }, '0.000000004'],
    ])
    expect(fold(lines, { by: 'tag:day' }).map(({ of }) => of['tag:day'])).toEqual(['', 'no'])
  })

  test('tells answers that were kept from those that were shared, and what both saved', () => {
    const lines = [
      one({ callId: 'a', cost: 5 }),
      one({ callId: 'b', attempt: 0, cached: true, saved: 5 }),
      one({ callId: 'c', attempt: 0, coalesced: true, saved: 2 }),
      one({ callId: 'd', attempt: 0, coalesced: true }),
    ]
    expect(fold(lines)).toMatchObject([
      { calls: 4, attempts: 1, cached: 1, coalesced: 2, saved: '0.000000007', cost: '0.000000005' },
    ])
  })
})
