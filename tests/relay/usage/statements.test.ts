import { afterEach, beforeEach, expect, it, test, vi } from 'vitest'
import type { LedgerLine } from '../../../src/core/ledger.js'
import { formatUsd } from '../../../src/core/money.js'
import { noUsage } from '../../../src/core/usage.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay, type TestRelay } from '../helpers.js'

const mock = useMock()
let count = 0

// Whatever day it is: lines of a time to come would count as of now.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-20T12:00:00Z') })
})
afterEach(() => {
  vi.useRealTimers()
})

function line(more: Partial<LedgerLine> = {}): LedgerLine {
  count++
  return {
    id: `line ${count}`,
    callId: `call ${count}`,
    attempt: 1,
    at: Date.parse('2026-10-15T12:00:00Z'),
    durationMs: 100,
    provider: 'openai',
    model: 'gpt-5',
    protocol: 'openai-chat',
    outcome: 'ok',
    usage: { ...noUsage, input: 1000, output: 10 },
    basis: 'complete',
    cost: 1,
    ...more,
  }
}

const told = (relay: TestRelay, ...lines: LedgerLine[]) => relay.ask('POST', '/v1/usage', { lines }, relay.call)
const at = '/v1/admin/tenants/default/statements'

it('sums up a month exactly, by whatever it is split by, and no other month', async () => {
  const relay = await openRelay(mock.url)
  const costs = [0.1, 0.2, 0.000000001, 123.456789012, 7].map((usd) => Math.round(usd * 1e9))
  await told(
    relay,
    ...costs.map((cost, index) =>
      line({ cost, model: `m${index % 2}`, user: `u${index % 3}`, at: Date.UTC(2026, 9, 1 + index * 6) }),
    ),
    line({ at: Date.UTC(2026, 10, 1), cost: 5 }),
    line({ at: Date.UTC(2026, 9, 1) - 1, cost: 6 }),
  )
  const { body } = await relay.ask('GET', `${at}/2026-10`)
  const whole = costs.reduce((sum, cost) => sum + cost, 0)
  expect(body).toMatchObject({
    tenant: 'default',
    month: '2026-10',
    provisional: false,
    currency: 'USD',
    total: { calls: 5, cost: formatUsd(whole), nano: whole },
    byKey: [{ name: 'first key', nano: whole }],
  })
  for (const rows of [body.byModel, body.byKey, body.byUser, body.byDay])
    expect(rows.reduce((sum: number, { nano }: { nano: number }) => sum + nano, 0)).toBe(whole)
  const csv: string = (await relay.ask('GET', `${at}/2026-10?format=csv`)).body
  const [head = '', ...items] = csv
    .trim()
    .split('\r\n')
    .map((row) => row.split(','))
  const inCsv = items.reduce((sum, row) => sum + BigInt(Math.round(Number(row[head.indexOf('cost_usd')]) * 1e9)), 0n)
  expect(inCsv).toBe(BigInt(whole))
  expect((await relay.ask('GET', at)).body.items.map(({ of }: { of: { month: string } }) => of.month)).toEqual([
    '2026-11',
    '2026-10',
    '2026-09',
  ])
})

it('says when the month is not over, and when nothing was used', async () => {
  const relay = await openRelay(mock.url)
  expect((await relay.ask('GET', `${at}/2026-11`)).body).toMatchObject({
    provisional: true,
    total: { calls: 0, cost: '0' },
    byModel: [],
  })
})

it('is a page that nothing which a caller has named can change', async () => {
  const relay = await openRelay(mock.url)
  await relay.ask('PATCH', '/v1/admin/tenants/default', { name: '</title><script>alert(1)</script>' })
  await told(relay, line({ model: '<img src=x onerror=alert(1)>', user: `"><style>*{display:none}</style>'`, cost: null }))
  const { status, headers, body } = await relay.ask('GET', `${at}/2026-10?format=html`)
  expect(status).toBe(200)
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'/)
  expect(body).not.toMatch(/<script|<img|onerror=alert\(1\)>/)
  expect(body.match(/<style>/g)).toHaveLength(1)
  expect(body).toContain('1 attempts have no known price')
})

it('says on its page what its sum is without, and whether more may come', async () => {
  const relay = await openRelay(mock.url)
  await told(relay, line({ user: 'ada' }), line({ at: Date.parse('2026-11-20T11:00:00Z'), basis: 'estimated', cost: null }))
  const page = async (month: string): Promise<string> => (await relay.ask('GET', `${at}/${month}?format=html`)).body
  const notes = ['is provisional', '1 attempts have no known price', 'of 1 attempts are estimates', '<td>none named</td>']
  const isThere = (text: string) => notes.map((note) => text.includes(note))
  expect(isThere(await page('2026-10'))).toEqual([false, false, false, false])
  expect(isThere(await page('2026-11'))).toEqual([true, true, true, true])
})

test.each(['2026-13', '2026-1', 'now', '2026-10-01', '%00'])('%s is no month', async (month) => {
  const relay = await openRelay(mock.url)
  for (const format of ['json', 'csv', 'html'])
    expect((await relay.ask('GET', `${at}/${month}?format=${format}`)).status).toBeGreaterThanOrEqual(400)
})

it('is of its own tenant for whoever has a role there, and of its own calls for a member', async () => {
  const relay = await openRelay(mock.url)
  await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
  const key = async (more: object) => (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', ...more })).body.key
  const [viewer, ada] = [await key({ role: 'viewer' }), await key({ user: 'ada', role: 'member' })]
  await told(relay, line({ user: 'ada', cost: 5 }), line({ user: 'bob', cost: 7 }))
  const others = await key({ tenant: 'other', scopes: ['usage'] })
  await relay.ask('POST', '/v1/usage', { lines: [line({ cost: 100 }), line({ at: Date.UTC(2026, 8, 1) })] }, others)
  for (const [who, nano] of [
    [viewer, 12],
    [ada, 5],
  ]) {
    const months = (await relay.ask('GET', at, undefined, who)).body.items
    expect(months).toMatchObject([{ of: { month: '2026-10' }, nano }])
    const [, ...rows] = (await relay.ask('GET', `${at}/2026-10?format=csv`, undefined, who)).body.trim().split('\r\n')
    const costs: number[] = rows.map((row: string) => Math.round(Number(row.split(',').at(-2)) * 1e9))
    expect(costs.reduce((sum, cost) => sum + cost, 0)).toBe(nano)
  }
  expect((await relay.ask('GET', `${at}/2026-10`, undefined, viewer)).body.total.nano).toBe(12)
  expect((await relay.ask('GET', `${at}/2026-10`, undefined, ada)).body.total.nano).toBe(5)
  expect((await relay.ask('GET', '/v1/admin/tenants/other/statements/2026-10', undefined, viewer)).status).toBe(403)
  expect((await relay.ask('GET', '/v1/admin/tenants/nobody/statements/2026-10')).status).toBe(404)
})

it('reports by a tag over HTTP', async () => {
  const relay = await openRelay(mock.url)
  await told(
    relay,
    line({ tags: { team: 'search', app: 'x' }, cost: 3 }),
    line({ tags: { team: 'ads' }, cost: 4 }),
    line({ cost: 5 }),
  )
  const rows = async (query: string) =>
    (await relay.ask('GET', `/v1/admin/usage?${query}`)).body.rows.map(({ of, nano }: { of: object; nano: number }) => [of, nano])
  expect(await rows('by=tag:team')).toEqual([
    [{ 'tag:team': '' }, 5],
    [{ 'tag:team': 'ads' }, 4],
    [{ 'tag:team': 'search' }, 3],
  ])
  expect(await rows('by=model&tag:team=ads')).toEqual([[{ model: 'gpt-5' }, 4]])
  expect((await relay.ask('GET', '/v1/admin/usage?by=tag:team,tag:app')).status).toBe(400)
  expect((await relay.ask('GET', '/v1/admin/usage?by=tag:team&tag:app=x')).status).toBe(400)
  expect((await relay.ask('GET', '/v1/admin/usage?by=tag:')).status).toBe(400)
  expect((await relay.ask('GET', '/v1/admin/usage?by=tag:team&format=csv')).body).toMatch(/^tag:team,calls/)
})

it('is provisional until a day after its month', async () => {
  const relay = await openRelay(mock.url)
  const isProvisional = async (now: string) => {
    vi.setSystemTime(now)
    return (await relay.ask('GET', `${at}/2026-10`)).body.provisional
  }
  expect(await isProvisional('2026-11-01T23:59:59.999Z')).toBe(true)
  expect(await isProvisional('2026-11-02T00:00:00Z')).toBe(false)
})
