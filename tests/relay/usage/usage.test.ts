import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import type { LedgerLine } from '../../../src/core/ledger.js'
import { parseUsd } from '../../../src/core/money.js'
import { noUsage } from '../../../src/core/usage.js'
import { fold } from '../../../src/ledger/fold.js'
import type { Sql } from '../../../src/relay/store/sql.js'
import { csvOf } from '../../../src/relay/usage/csv.js'
import { type ReportQuery, UsageLog, type UsageRow } from '../../../src/relay/usage/usage.js'
import { openFile, openStore } from '../store/open.js'

const [hour, day] = [3_600_000, 86_400_000]
const noon = Date.parse('2026-11-21T12:00:00Z')
const ada = { id: 'ada00000', tenant: 'red', user: 'ada' }

async function open(now = noon) {
  const sql = await openStore()
  return { sql, log: new UsageLog({ sql, now: () => now }) }
}

let count = 0
const line = (over: Partial<LedgerLine> = {}): LedgerLine => ({
  id: `line ${count++}`,
  callId: 'call_1',
  attempt: 1,
  at: noon,
  durationMs: 250,
  provider: 'openai',
  model: 'gpt-5',
  protocol: 'openai-chat',
  outcome: 'ok',
  status: 200,
  usage: { ...noUsage, input: 10, output: 5 },
  basis: 'complete',
  cost: 1500,
  priceVersion: '2026-11',
  ...over,
})

it('keeps lines as they came, with whose they are by the key that brought them', async () => {
  const { log } = await open()
  const sent: Required<LedgerLine> = {
    ...{ id: 'all of it', callId: 'call_1', attempt: 1, at: noon, durationMs: 250, tenant: 'blue', user: 'eve', key: 'eve00000' },
    ...{ tags: { team: 'ü' }, provider: 'anthropic', model: 'claude-sonnet-4-5', protocol: 'anthropic-messages' },
    ...{ outcome: 'error', status: 200, error: 'stream_truncated', shadow: ['rate_limited'], serviceTier: 'flex' },
    ...{ hedged: true, cached: true, coalesced: true, saved: 7, usage: { ...noUsage, input: 10 }, searches: 3 },
    ...{ fileSearches: 2, apart: { imageInput: 1, imageOutput: 2, audioCacheRead: 3, imageCacheRead: 4 } },
    ...{ regional: true, basis: 'complete', cost: 30_030_000, priceVersion: '2026-11' },
  }
  expect(await log.take({ lines: [sent] }, ada)).toEqual({ taken: 1, known: 0 })
  expect(await log.report()).toMatchObject([{ nano: 30_030_000 }])
  expect(await log.lines()).toEqual({ items: [{ ...sent, tenant: 'red', user: 'ada', key: 'ada00000' }] })
})

it('takes the user from the line where the key is nobody’s own, and everything for an administrator', async () => {
  const { log } = await open()
  const sent = line({ tenant: 'blue', user: 'eve', key: 'eve00000' })
  await log.take({ lines: [sent] }, { id: 'service0', tenant: 'red' })
  await log.take({ lines: [sent] })
  const rows = await log.report({ by: ['tenant', 'user', 'key'] })
  expect(rows.map(({ of }) => of)).toEqual([
    { tenant: 'blue', user: 'eve', key: 'eve00000' },
    { tenant: 'red', user: 'eve', key: 'service0' },
  ])
})

it('leaves to calls without a tag what they alone have cost, saved and taken, also where no call began', async () => {
  const { log } = await open()
  const tags = { team: 'a' }
  await log.take({
    lines: [
      line({ tags, cached: true, saved: 100, durationMs: 10 }),
      line({ cached: true, saved: 7, durationMs: 3 }),
      line({ provider: 'anthropic', attempt: 2, cost: 9, durationMs: 5 }),
    ],
  })
  const rows = await log.report({ by: ['provider', 'tag:team'] })
  expect(rows.map(({ of, calls, attempts, durationMs, saved }) => ({ of, calls, attempts, durationMs, saved }))).toEqual(
    expect.arrayContaining([
      { of: { provider: 'openai', 'tag:team': 'a' }, calls: 1, attempts: 0, durationMs: 10, saved: '0.0000001' },
      { of: { provider: 'openai', 'tag:team': '' }, calls: 1, attempts: 0, durationMs: 3, saved: '0.000000007' },
      { of: { provider: 'anthropic', 'tag:team': '' }, calls: 0, attempts: 1, durationMs: 5, saved: '0' },
    ]),
  )
  expect(rows.find(({ of }) => of.provider === 'anthropic')?.nano).toBe(9)
})

it('sums up by the first eight tags of a line that have a value', async () => {
  const { log } = await open()
  const tags = { none: '', ...Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`t${at}`, 'x'])) }
  await log.take({ lines: [line({ tags })] })
  const values = async (tag: string) => (await log.report({ by: [`tag:${tag}`] })).map(({ of }) => of[`tag:${tag}`])
  expect([await values('none'), await values('t7'), await values('t8')]).toEqual([[''], ['x'], ['']])
})

it('counts a line that comes twice once, within a batch and over several, and each tenant’s own', async () => {
  const { log } = await open()
  const [first, second] = [line(), line()]
  expect(await log.take({ lines: [first, first] }, ada)).toEqual({ taken: 1, known: 1 })
  expect(await log.take({ lines: [first, second] }, ada)).toEqual({ taken: 1, known: 1 })
  expect(await log.take({ lines: [first] }, { ...ada, tenant: 'blue' })).toEqual({ taken: 1, known: 0 })
  expect(await log.report({ by: ['tenant'] })).toMatchObject([
    { of: { tenant: 'red' }, attempts: 2, nano: 3000 },
    { of: { tenant: 'blue' }, attempts: 1, nano: 1500 },
  ])
})

it('keeps the same id of two tenants apart within a batch, too', async () => {
  const { log } = await open()
  const lines = ['red', 'blue'].map((tenant) => line({ id: 'same', tenant, key: 'k' }))
  expect(await log.take({ lines })).toEqual({ taken: 2, known: 0 })
  expect(await log.report({ by: ['tenant'] })).toHaveLength(2)
})

it('counts as of now what a clock that is far ahead has written, and counts it once', async () => {
  const { log } = await open()
  const ahead = line({ at: noon + 400 * day })
  expect(await log.take({ lines: [ahead] }, ada)).toEqual({ taken: 1, known: 0 })
  expect(await log.take({ lines: [ahead] }, ada)).toEqual({ taken: 0, known: 1 })
  expect((await log.lines({})).items).toMatchObject([{ id: ahead.id, at: noon }])
})

it('counts at the time that the line says what a clock that is ahead by up to a day has written', async () => {
  const { log } = await open()
  await log.take({ lines: [line({ at: noon + day }), line({ at: noon + day + 1 })] }, ada)
  expect((await log.lines({})).items.map(({ at }) => at)).toEqual([noon + day, noon])
})

it('counts once what a dozen clients send at the same time', async () => {
  const { log } = await open()
  const lines = Array.from({ length: 50 }, () => line())
  const all = await Promise.all(Array.from({ length: 12 }, () => log.take({ lines }, ada)))
  expect(all.reduce((sum, { taken }) => sum + taken, 0)).toBe(50)
  expect(await log.report()).toMatchObject([{ attempts: 50 }])
})

it.each([
  ['id', { id: '' }],
  ['id', { id: 'x'.repeat(201) }],
  ['callId', { callId: undefined }],
  ['attempt', { attempt: 0.5 }],
  ['at', { at: -1 }],
  ['at', { at: noon * 1000 }],
  ['at', { at: `${noon}` }],
  ['durationMs', { durationMs: -1 }],
  ['durationMs', { durationMs: 1e10 }],
  ['outcome', { outcome: 'fine' }],
  ['status', { status: 1000 }],
  ['model', { model: 5 }],
  ['tags', { tags: ['a'] }],
  ['cost', { cost: undefined }],
  ['cost', { cost: -1 }],
  ['cost', { cost: 0.5 }],
  ['cost', { cost: 1e12 }],
  ['saved', { saved: 'much' }],
  ['input', { usage: {} }],
  ['output', { usage: { ...noUsage, output: -1 } }],
  ['output', { usage: { ...noUsage, output: 1e12 } }],
])('refuses a batch in which the %s of a line is malformed, names the line, and takes nothing', async (param, over) => {
  const { log } = await open()
  const lines = [line(), { ...line(), ...over }]
  await expect(log.take({ lines }, ada)).rejects.toMatchObject({
    code: 'invalid_request',
    param,
    message: expect.stringContaining('Line 2'),
  })
  expect(await log.report()).toEqual([])
})

it('counts what was spent whatever a program has tagged it with, or called its user, and cuts what is too long', async () => {
  const { log } = await open()
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`t${at}`, 'x']))
  const odd = { number: 5, yes: true, nothing: null, list: ['a'], ['n'.repeat(300)]: 'v'.repeat(600) }
  const lines = [line({ tags: many }), { ...line(), tags: odd }, line({ user: 'u'.repeat(300) })]
  expect(await log.take({ lines }, { id: 'service0', tenant: 'red' })).toEqual({ taken: 3, known: 0 })
  const taken = new Map((await log.lines()).items.map((one) => [one.id, one]))
  const [first, second, third] = lines.map(({ id }) => taken.get(id))
  expect(Object.keys(first?.tags ?? {})).toHaveLength(32)
  expect(second?.tags).toEqual({ number: '5', yes: 'true', ['n'.repeat(200)]: 'v'.repeat(500) })
  expect(third?.user).toBe('u'.repeat(200))
})

it.each([[undefined], [{}], [{ lines: 'x' }], [{ lines: [null] }], [{ lines: Array.from({ length: 10_001 }, () => 0) }]])(
  'refuses a batch that is none: case %#',
  async (batch) => {
    const { log } = await open()
    await expect(log.take(batch, ada)).rejects.toMatchObject({ code: 'invalid_request' })
  },
)

it('takes an empty batch', async () => {
  const { log } = await open()
  expect(await log.take({ lines: [] }, ada)).toEqual({ taken: 0, known: 0 })
})

it('leaves out what it does not know, and keeps texts that a database would not', async () => {
  const { log } = await open()
  const odd = { ...line({ model: 'a\0b\ud800' }), prompt: 'a secret', error: 'an_error_of_tomorrow' }
  await log.take({ lines: [odd] }, ada)
  const { items } = await log.lines()
  expect(items).toMatchObject([{ model: 'a\ufffdb\ufffd', error: 'upstream_error' }])
  expect(JSON.stringify(items)).not.toContain('secret')
})

it('takes codes of tomorrow for an error of the vendor, and figures of an unknown basis for estimates', async () => {
  const { log } = await open()
  const shadow = ['budget_exceeded', 'an_error_of_tomorrow', ...Array(20).fill('rate_limited')]
  const lines = [{ ...line(), basis: 'a basis of tomorrow', shadow }, line({ model: '\udc00' })]
  await log.take({ lines }, ada)
  const items = (await log.lines()).items.toSorted((a, b) => (a.model < b.model ? -1 : 1))
  expect(items[0]).toMatchObject({ basis: 'estimated' })
  expect(items[0]?.shadow).toEqual(['budget_exceeded', 'upstream_error', ...Array(8).fill('rate_limited')])
  expect(items[1]).toMatchObject({ model: '\ufffd', basis: 'complete' })
})

it('never fails on what fuzzing sends but with an error that says what is wrong', async () => {
  const { log } = await open()
  const members = Object.fromEntries(
    Object.entries(line()).map(([name, value]) => [name, fc.oneof(fc.constant(value), fc.anything())]),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 5, arbitrary: fc.record(members) }, fc.anything()), { maxLength: 3 }),
      async (lines) => {
        const answer = await log.take({ lines }, ada).catch((error: { code: string }) => error)
        expect('code' in answer ? answer.code : 'invalid_request').toBe('invalid_request')
      },
    ),
    { numRuns: 100 },
  )
})

it('sums up what lines say', async () => {
  const { log } = await open()
  await log.take(
    {
      lines: [
        line({ usage: { ...noUsage, input: 7, cacheRead: 100, output: 3, reasoning: 2 }, cost: 2_000_000_001 }),
        line({ attempt: 2, outcome: 'error', error: 'timeout', cost: null, durationMs: 1000 }),
        line({ attempt: 3, outcome: 'cancelled', basis: 'estimated', cost: 5 }),
        line({ attempt: 0, cached: true, saved: 30, usage: noUsage, cost: 0, durationMs: 1 }),
        line({ attempt: 0, coalesced: true, saved: null, usage: noUsage, cost: null, durationMs: 0 }),
      ],
    },
    ada,
  )
  expect(await log.report()).toEqual([
    {
      of: {},
      calls: 3,
      attempts: 3,
      errors: 1,
      cancelled: 1,
      cached: 1,
      coalesced: 1,
      estimated: 1,
      unpriced: 1,
      durationMs: 1501,
      usage: { ...noUsage, input: 27, cacheRead: 100, output: 13, reasoning: 2 },
      cost: '2.000000006',
      nano: 2_000_000_006,
      saved: '0.00000003',
    },
  ])
})

it('reports by every dimension, by hour, day and month in UTC, the dearest first', async () => {
  const { log } = await open()
  const times = ['2026-10-31T23:59:59.999Z', '2026-11-01T00:00:00Z', '2026-11-01T00:59:59Z', '2026-11-02T05:00:00Z']
  await log.take({ lines: times.map((time, at) => line({ at: Date.parse(time), model: `m${at % 2}`, cost: 10 ** at })) }, ada)
  const shown = async (query: ReportQuery) => (await log.report(query)).map(({ of, nano }) => [...Object.values(of), nano])
  expect(await shown({ by: ['hour'] })).toEqual([
    ['2026-11-02T05', 1000],
    ['2026-11-01T00', 110],
    ['2026-10-31T23', 1],
  ])
  expect(await shown({ by: ['day'] })).toEqual([
    ['2026-11-02', 1000],
    ['2026-11-01', 110],
    ['2026-10-31', 1],
  ])
  expect(await shown({ by: ['month', 'model'] })).toEqual([
    ['2026-11', 'm1', 1010],
    ['2026-11', 'm0', 100],
    ['2026-10', 'm0', 1],
  ])
  expect(await shown({ by: ['month', 'day', 'hour'], where: { model: 'm0' } })).toEqual([
    ['2026-11', '2026-11-01', '2026-11-01T00', 100],
    ['2026-10', '2026-10-31', '2026-10-31T23', 1],
  ])
})

it('reports by the month of some hundred tenants over years, though their days are more than a report has rows', async () => {
  const { log, sql } = await open()
  const tenants = Array.from({ length: 110 }, (_, at) => line({ tenant: `t${at}`, at: Date.parse('2024-02-01T12:00:00Z') }))
  await log.take({ lines: tenants })
  await sql.run(
    `INSERT INTO usage_parts SELECT part, hour + CAST($1 AS BIGINT) * n, tenant, key_id, user_id, model, provider, tag, value, calls, attempts, errors, cancelled,
       cached, coalesced, estimated, unpriced, duration_ms, cost, saved, input, cache_read, cache_write, cache_write_1h,
       audio_input, output, reasoning, audio_output
     FROM usage_parts, (WITH RECURSIVE days(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM days WHERE n < 1000) SELECT n FROM days) AS days WHERE part = 'model'`,
    [day],
  )
  const rows = await log.report({ by: ['tenant', 'month'] })
  expect(rows).toHaveLength(110 * 33)
  const calls = (month: string) => rows.find(({ of }) => of.tenant === 't7' && of.month === month)?.calls
  expect(['2024-02', '2024-03', '2025-02', '2026-10'].map(calls)).toEqual([29, 31, 28, 28])
  await expect(log.report({ by: ['tenant', 'day'] })).rejects.toMatchObject({ code: 'invalid_request' })
})

it('reports for a time and for those who are asked for, and has no row of nothing', async () => {
  const { log } = await open()
  for (const [at, tenant] of ['red', 'blue'].entries())
    await log.take(
      { lines: [line({ at: noon - at * day, cost: 10 ** at }), line({ at: noon - hour, provider: 'azure', cost: 100 })] },
      {
        ...ada,
        tenant,
      },
    )
  const nano = async (query: ReportQuery) => (await log.report(query)).map(({ nano }) => nano)
  expect(await nano({})).toEqual([211])
  expect(await nano({ from: noon })).toEqual([1])
  expect(await nano({ from: noon - 1 })).toEqual([201])
  expect(await nano({ to: noon })).toEqual([210])
  expect(await nano({ where: { tenant: 'blue' } })).toEqual([110])
  expect(await nano({ where: { tenant: 'blue', provider: 'openai', model: 'gpt-5', user: 'ada', key: 'ada00000' } })).toEqual([
    10,
  ])
  expect(await nano({ where: { tenant: 'nobody' } })).toEqual([])
  expect(await nano({ where: { tenant: `' OR 1=1 --` } })).toEqual([])
})

it('sums money exactly also where a number no longer can', async () => {
  const { log, sql } = await open()
  await log.take({ lines: [line(), line({ at: noon - day })] }, ada)
  for (const table of ['usage_hours', 'usage_parts'])
    await sql.run(`UPDATE ${table} SET cost = $1, input = $1`, [Number.MAX_SAFE_INTEGER])
  await log.take({ lines: [line({ cost: 20 })] }, ada)
  const [row] = await log.report()
  expect(row).toMatchObject({ cost: '18014398.509482002', usage: { input: Number.MAX_SAFE_INTEGER } })
})

it('says by a tag what a fold over the lines says, and of those without it too', async () => {
  const { log } = await open()
  const tags = fc.dictionary(fc.constantFrom('team', 'app', 'x y', '__proto__'), fc.constantFrom('a', 'b', '', "'--"))
  const drawn = fc.array(
    fc.record({ tags: fc.option(tags, { nil: undefined }), cost: fc.nat(1000), model: fc.constantFrom('m', 'n') }),
  )
  await fc.assert(
    fc.asyncProperty(drawn, async (all) => {
      const tenant = `t${count}`
      const lines = all.map(({ tags, ...rest }) => line({ ...rest, callId: `call ${count}`, tenant, ...(tags && { tags }) }))
      await log.take({ lines })
      for (const by of [['tag:team'], ['model', 'tag:team'], ['tag:x y', 'day']] as const) {
        const byName = (a: { of: object }, b: { of: object }) => (JSON.stringify(a.of) < JSON.stringify(b.of) ? -1 : 1)
        const rows = (await log.report({ by, where: { tenant } })).sort(byName)
        const told = rows.map(({ of, calls, attempts, nano, usage }) => ({ of, calls, attempts, nano, usage }))
        const folded = fold(lines, { by }).sort(byName)
        expect(told).toEqual(folded.map(({ of, calls, attempts, nano, usage }) => ({ of, calls, attempts, nano, usage })))
      }
    }),
    { numRuns: 20 },
  )
})

it('reports by one tag, and of lines with one value of it', async () => {
  const { log } = await open()
  await log.take(
    { lines: [line({ tags: { team: 'a' }, cost: 3 }), line({ tags: { team: 'b' }, cost: 4 }), line({ cost: 5 })] },
    ada,
  )
  const nano = async (query: ReportQuery) => (await log.report(query)).map(({ nano }) => nano)
  expect(await nano({ tagged: { tag: 'team', value: 'b' } })).toEqual([4])
  expect(await nano({ by: ['tag:team'], tagged: { tag: 'team', value: 'b' } })).toEqual([4])
  expect(await nano({ by: ['tag:team'], to: noon - day })).toEqual([])
  await expect(log.report({ by: ['tag:a', 'tag:b'] })).rejects.toMatchObject({ code: 'invalid_request' })
  await log.prune({ hoursBefore: noon + 10 * day })
  expect(await nano({ by: ['tag:team'] })).toEqual([])
})

it('says of any lines what a fold over them says', async () => {
  const { log, sql } = await open()
  const lines = fc.array(
    fc.record({
      user: fc.constantFrom('ada', 'bob'),
      model: fc.constantFrom('m1', 'm2', 'm3'),
      at: fc.integer({ min: noon - 3 * day, max: noon }),
      cost: fc.option(fc.integer({ min: 0, max: 1e9 })),
      basis: fc.constantFrom('complete' as const, 'estimated' as const),
      output: fc.integer({ min: 0, max: 1000 }),
      cached: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  await fc.assert(
    fc.asyncProperty(lines, fc.integer({ min: 1, max: 10 }), async (drawn, size) => {
      for (const table of ['usage_hours', 'usage_parts']) await sql.run(`DELETE FROM ${table}`)
      const all = drawn.map(({ output, cached, cost, ...rest }) =>
        line({
          ...rest,
          ...(cached && { cached, saved: cost, attempt: 0 }),
          callId: `call ${count}`,
          tenant: 'red',
          cost: cached ? 0 : cost,
          usage: cached ? noUsage : { ...noUsage, output },
        }),
      )
      for (let at = 0; at < all.length; at += size) await log.take({ lines: all.slice(at, at + size) })
      const byName = (a: { of: object }, b: { of: object }) => (JSON.stringify(a.of) < JSON.stringify(b.of) ? -1 : 1)
      const rows = (await log.report({ by: ['user', 'model', 'day'] })).sort(byName)
      const folded = fold(all, { by: ['user', 'model', 'day'] }).sort(byName)
      expect(rows.map(({ errors: _, cancelled: _c, durationMs: _d, ...rest }) => rest)).toEqual(folded)
    }),
    { numRuns: 30 },
  )
})

it('says of any time, of anybody and by anything what a fold over those lines says', async () => {
  const { log } = await open()
  const drawn = fc.array(
    fc.record({
      ...{ key: fc.constantFrom('k1', 'k2'), user: fc.constantFrom('', 'ada', 'bob'), model: fc.constantFrom('m', 'n') },
      tags: fc.dictionary(fc.constantFrom('team', 'app'), fc.constantFrom('a', 'b')),
      at: fc.integer({ min: noon - 40 * day, max: noon }),
      ...{ cost: fc.option(fc.nat(1e9)), output: fc.nat(1000), provider: fc.constantFrom('openai', 'azure') },
    }),
    { maxLength: 40 },
  )
  const queries = fc.array(
    fc.record({
      by: fc.uniqueArray(fc.constantFrom('key', 'user', 'model', 'provider', 'day', 'tag:team'), { maxLength: 3 }),
      where: fc.record(
        { key: fc.constant('k1'), user: fc.constantFrom('', 'ada'), model: fc.constant('m'), provider: fc.constant('azure') },
        { requiredKeys: [] },
      ),
      tagged: fc.option(fc.constant({ tag: 'team', value: 'a' }), { nil: undefined }),
      ends: fc.uniqueArray(fc.integer({ min: -1, max: 41 * 48 }), { minLength: 2, maxLength: 2 }),
    }),
    { minLength: 5, maxLength: 5 },
  )
  await fc.assert(
    fc.asyncProperty(drawn, queries, async (drawn, queries) => {
      const tenant = `any ${count}`
      const all = drawn.map(({ output, ...rest }) =>
        line({ ...rest, tenant, callId: `call ${count}`, usage: { ...noUsage, output } }),
      )
      await log.take({ lines: all })
      for (const { by, where, tagged, ends } of queries) {
        const [first = 0, last = 0] = ends.sort((a, b) => a - b)
        const from = first < 0 ? undefined : noon - 40 * day + (first * hour) / 2
        const to = last > 40 * 48 ? undefined : noon - 40 * day + (last * hour) / 2
        const inTime = ({ at }: LedgerLine) => {
          const began = at - (at % hour)
          return began >= (from ?? 0) - ((from ?? 0) % hour) && began < (to ?? Number.POSITIVE_INFINITY)
        }
        const meant = all
          .filter(inTime)
          .filter((line) => Object.entries(where).every(([name, value]) => (line[name as keyof typeof where] ?? '') === value))
          .filter(({ tags }) => !tagged || tags?.[tagged.tag] === tagged.value)
        const query = {
          ...{ by, where: { tenant, ...where }, ...(tagged && { tagged }) },
          ...{ ...(from !== undefined && { from }), ...(to !== undefined && { to }) },
        }
        const told = ({
          of,
          calls,
          attempts,
          nano,
          usage,
          unpriced,
        }: Pick<UsageRow, keyof ReturnType<typeof fold>[number] & keyof UsageRow>) =>
          JSON.stringify({ of, calls, attempts, nano, usage, unpriced })
        expect((await log.report(query)).map(told).sort()).toEqual(fold(meant, { by }).map(told).sort())
      }
    }),
    { numRuns: 60 },
  )
})

it('reads sums of whole days, and those of hours for what is around them alone', async () => {
  const sql = await openFile()
  const asked: [string, readonly unknown[]][] = []
  const sources = /FROM (\w+ WHERE part = '[^']+'|\w+)[^()]* hour >= \$(\d+) AND hour < \$(\d+)/g
  const noting: Sql = {
    ...sql,
    snapshot: (work) =>
      sql.snapshot((reads) =>
        work({
          ...reads,
          all: (text, params = []) => {
            for (const [, source = '', from, to] of text.matchAll(sources))
              asked.push([source, [from, to].map((place) => params[Number(place) - 1])])
            return reads.all(text, params)
          },
        }),
      ),
  }
  const log = new UsageLog({ sql: noting })
  const midnight = noon - 12 * hour
  await log.report({ by: ['provider', 'model'], from: midnight - 30 * day + 5 * hour, to: noon, where: { tenant: 'red' } })
  expect(asked.splice(0)).toEqual([
    ['usage_hours', [midnight - 30 * day + 5 * hour, midnight - 29 * day]],
    [`usage_parts WHERE part = 'model'`, [midnight - 29 * day, midnight]],
    ['usage_hours', [midnight, noon]],
  ])
  for (const by of [['day'], ['month', 'tenant'], ['key'], ['user'], ['key', 'model'], ['user', 'model']] as const)
    await log.report({ by })
  await log.report({ by: ['hour', 'tenant'], to: noon })
  await log.report({ by: ['model'], tagged: { tag: 'team', value: 'a' } })
  expect(asked.map(([table]) => table)).toEqual(
    ['model', 'model', 'key', 'user', 'key and model', 'user and model', 'tenant', 'tag and model'].map(
      (part) => `usage_parts WHERE part = '${part}'`,
    ),
  )
})

it('lists lines page by page, the newest first, also where many are of one time', async () => {
  const { log } = await open()
  const sent = Array.from({ length: 25 }, (_, at) => line({ at: noon - Math.floor(at / 10) * hour }))
  await log.take({ lines: sent }, ada)
  await log.take({ lines: [line()] }, { ...ada, tenant: 'blue' })
  const found: LedgerLine[] = []
  let after: string | undefined
  do {
    const page = await log.lines({ where: { tenant: 'red' }, limit: 7, ...(after !== undefined && { after }) })
    expect(page.items.length).toBeLessThanOrEqual(7)
    found.push(...page.items)
    after = page.next
  } while (after !== undefined)
  expect(new Set(found.map(({ id }) => id))).toEqual(new Set(sent.map(({ id }) => id)))
  expect(found).toHaveLength(25)
  expect(found.map(({ at }) => at)).toEqual(found.map(({ at }) => at).sort((a, b) => b - a))
  expect((await log.lines({ from: noon - hour, to: noon })).items).toHaveLength(10)
  await expect(log.lines({ after: 'nonsense' })).rejects.toMatchObject({ code: 'invalid_request', param: 'after' })
})

it.each([
  ['a tenant', { tenant: 'red' }],
  ['a user', { tenant: 'red', user: 'ada' }],
  ['everybody', {}],
])('finds the lines of %s in the order in which they are listed, and reads no others', async (_, where) => {
  const sql = await openFile()
  const asked: string[] = []
  const noting: Sql = {
    ...sql,
    beside: undefined,
    all: (text, params) => {
      asked.push(text)
      return sql.all(text, params)
    },
  }
  await new UsageLog({ sql: noting }).lines({ where })
  const plan = await sql.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${asked[0]}`)
  const index = 'tenant' in where ? 'usage_lines_by_tenant (tenant=? AND at>? AND at<?)' : 'usage_lines_by_time (at>? AND at<?)'
  expect(plan.map(({ detail }) => detail)).toEqual([`SEARCH usage_lines USING INDEX ${index}`])
})

it('reads all of a report, and of several, as of one moment, whatever comes meanwhile', async () => {
  const sql = await openFile()
  const writer = new UsageLog({ sql })
  let tag = 0
  const more = () => writer.take({ lines: [line({ cost: 1, tags: { team: `t${tag++ % 3}` }, at: noon })] }, ada)
  const busy: Sql = {
    ...sql,
    snapshot: (work) =>
      sql.snapshot((reads) =>
        work({
          ...reads,
          async all(text, params) {
            const rows = await reads.all<never>(text, params)
            await more()
            return rows
          },
        }),
      ),
  }
  const log = new UsageLog({ sql: busy })
  for (const _ of [1, 2, 3]) await more()
  const sum = (rows: readonly UsageRow[]) => rows.reduce((all, { nano }) => all + nano, 0)
  const whole = await log.reports([
    {},
    { by: ['model'] },
    { by: ['user'] },
    { by: ['day'] },
    { by: ['tag:team'] },
    { by: ['hour'] },
  ])
  expect(whole.map(sum)).toEqual([3, 3, 3, 3, 3, 3])
  expect(whole[4]?.map(({ of }) => of['tag:team']).sort()).toEqual(['t0', 't1', 't2'])
  expect(sum(await writer.report())).toBe(tag)
  expect(tag).toBeGreaterThan(8)
})

it('reads reports and lists where nobody waits for them', async () => {
  const sql = await openFile()
  const own = vi.spyOn(sql, 'all')
  const log = new UsageLog({ sql })
  await log.take({ lines: [line()] }, ada)
  own.mockClear()
  expect(await log.report({ by: ['model'] })).toHaveLength(1)
  expect((await log.lines()).items).toHaveLength(1)
  expect(own).not.toHaveBeenCalled()
})

it('forgets lines and hours that are old enough, each by its own time', async () => {
  const { log, sql } = await open()
  await log.take({ lines: [line({ at: noon - 2 * day }), line({ at: noon - day }), line()] }, ada)
  expect(await log.prune({ linesBefore: noon - day })).toBe(1)
  expect(await log.report()).toMatchObject([{ attempts: 3 }])
  expect((await log.lines()).items).toHaveLength(2)
  expect(await log.prune({ hoursBefore: noon + 10 * day })).toBe(3)
  for (const query of [{}, { by: ['key', 'user'] }] as const) expect(await log.report(query)).toEqual([])
  expect(await log.prune({})).toBe(0)
  await sql.run(
    `INSERT INTO usage_lines WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
     SELECT 'old', 'line ' || i, 1, '', '', '', '', '{}' FROM n`,
  )
  expect(await log.prune({ linesBefore: 2 })).toBe(12_000)
})

it('forgets the sums of a month as a whole, lest a statement of it say less from day to day', async () => {
  const { log } = await open()
  const november = Date.parse('2026-11-01T00:00:00Z')
  const at = [november - 30 * day, november - 1, november, noon]
  await log.take({ lines: at.map((at) => line({ at, tags: { team: 'a' } })) }, ada)
  const months = async () => {
    // From parts by the day, from sums by the hour, and from those of tags by the hour.
    const by = [['month'], ['month', 'key', 'user'], ['month', 'tag:team'], ['month', 'tag:team', 'key', 'user']] as const
    const rows = await Promise.all(by.map((by) => log.report({ by })))
    return rows.flatMap((rows) => rows.map(({ of, attempts }) => `${of.month} ${attempts}`)).sort()
  }
  const [october, rest] = [Array(4).fill('2026-10 2'), Array(4).fill('2026-11 2')]
  await log.prune({ hoursBefore: november - 1 })
  expect(await months()).toEqual([...october, ...rest])
  await log.prune({ hoursBefore: november })
  expect(await months()).toEqual(rest)
  await log.prune({ hoursBefore: noon + day })
  expect(await months()).toEqual(rest)
})

it('writes a report as CSV that no spreadsheet runs or tears apart', async () => {
  const { log } = await open()
  await log.take({ lines: [line({ model: '=HYPERLINK("x"),1', cost: parseUsd('0.1') })] }, ada)
  const by = ['tenant', 'model', 'day'] as const
  expect(csvOf(await log.report({ by }), by)).toBe(
    'tenant,model,day,calls,attempts,errors,cancelled,cached,coalesced,estimated,unpriced,input_tokens,cache_read_tokens,' +
      'cache_write_tokens,output_tokens,reasoning_tokens,duration_ms,cost_usd,saved_usd\r\n' +
      `red,"'=HYPERLINK(""x""),1",2026-11-21,1,1,0,0,0,0,0,0,10,0,0,5,0,250,0.1,0\r\n`,
  )
  expect(csvOf([], ['model'])).toMatch(/^model,calls,[^\r]*\r\n$/)
})
