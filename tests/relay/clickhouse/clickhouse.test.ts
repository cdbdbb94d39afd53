/** Usage in a real ClickHouse beside the relay's own database. */
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LedgerLine } from '../../../src/core/ledger.js'
import { noUsage } from '../../../src/core/usage.js'
import { insertInto } from '../../../src/relay/clickhouse/insert.js'
import { tableOf } from '../../../src/relay/clickhouse/table.js'
import { blocksOf } from '../../docs/blocks.js'
import { hasClickHouse, useClickHouse } from '../../helpers/clickhouse.js'
import { until, useMock } from '../../helpers/mock.js'
import { serve } from '../../helpers/serve.js'
import { openRelay, temporaryFolder } from '../helpers.js'

const mock = useMock()
const ping = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }
let count = 0

const line = (id: string, more: Partial<LedgerLine> = {}): LedgerLine => ({
  ...{ id, callId: `call ${id}`, attempt: 1, at: Date.parse('2026-11-21T12:00:00.250Z'), durationMs: 7, tenant: 'default' },
  ...{ provider: 'openai', model: 'm', protocol: 'openai-chat', outcome: 'ok', usage: noUsage, basis: 'complete', cost: 5 },
  ...more,
})

describe.skipIf(!hasClickHouse)('over ClickHouse', () => {
  const server = useClickHouse()
  /** Whose table is its own. */
  const options = () => {
    const { url, user, password } = server()
    return { url, user, password, table: `usage_${++count}` }
  }
  const insert = (to: ReturnType<typeof options>, lines: readonly LedgerLine[]) =>
    insertInto(to, lines, new AbortController().signal)

  it('has every line that the ledger has, to the nano-dollar', async () => {
    const clickhouse = options()
    const relay = await openRelay(mock.url, { clickhouse })
    for (let at = 0; at < 3; at++) expect((await relay.ask('POST', '/v1/chat/completions', ping, relay.call)).status).toBe(200)
    const most = 9e11
    const known = BigInt(2000) * BigInt(most) - BigInt((1999 * 2000) / 2)
    const lines = Array.from({ length: 2000 }, (_, at) => line(`line ${at}`, { cost: most - at }))
    expect((await relay.ask('POST', '/v1/usage', { lines }, relay.call)).status).toBe(200)
    const ledger = async () => (await relay.ask('GET', '/v1/admin/usage?by=tenant')).body.rows[0]
    await until(async () => (await ledger())?.attempts === 2003)
    const sums = async (where: string) => {
      const read = `SELECT count() AS n, toString(sum(cost)) AS nano FROM ${clickhouse.table} FINAL WHERE ${where}`
      const [row] = await server().query(read)
      return { n: Number(row?.n), nano: BigInt(String(row?.nano)) }
    }
    await until(async () => (await sums('1')).n === 2003)
    expect(await sums(`id LIKE 'line %'`)).toEqual({ n: 2000, nano: known })
    expect((await sums('1')).nano).toBe(BigInt(Math.round((await ledger()).nano)))
  })

  it('takes the statements of the documentation as they stand', async () => {
    const page = 'docs/relay/clickhouse.md'
    const statements = blocksOf(page, readFileSync(page, 'utf8')).filter(({ language }) => language === 'sql')
    const [make = '', read = ''] = statements.map(({ code }) => code)
    expect(statements).toHaveLength(2)
    expect(make.trim()).toBe(tableOf('leash_usage'))
    const { url, user, password } = server()
    await insert({ url, user, password, table: 'leash_usage' }, [
      line('a', { cost: 2e9, tags: { team: 'red' } }),
      line('b', { cost: 5e8 }),
    ])
    const rows = await server().query(read)
    expect(rows.map(({ team, usd }) => [team, Number(usd)])).toEqual([
      ['red', 2],
      ['', 0.5],
    ])
  })

  it('has all that a line says', async () => {
    const to = options()
    const usage = { ...noUsage, input: 1, cacheRead: 2, cacheWrite: 3, cacheWrite1h: 4, audioInput: 5, output: 6, reasoning: 7 }
    await insert(to, [
      line('full', {
        ...{ user: 'ada \u{1f600}\n"\'\\', key: 'abcd', status: 429, error: 'rate_limited', shadow: ['budget_exceeded'] },
        ...{ hedged: true, saved: 3, serviceTier: 'flex', priceVersion: '2026-11', outcome: 'error', usage },
        tags: { team: 'red', 'cost centre': '17' },
      }),
      line('bare', { cost: null }),
    ])
    const rows = await server().query(`SELECT * FROM ${to.table} ORDER BY id DESC`)
    expect(rows[0]).toMatchObject({
      ...{ tenant: 'default', at: '2026-11-21 12:00:00', id: 'full', call_id: 'call full', attempt: 1, duration_ms: 7 },
      ...{ user_id: 'ada \u{1f600}\n"\'\\', key_id: 'abcd', status: 429, error: 'rate_limited', shadow: ['budget_exceeded'] },
      ...{ hedged: 1, cached: 0, service_tier: 'flex', price_version: '2026-11', outcome: 'error' },
      ...{ tag_names: ['team', 'cost centre'], tag_values: ['red', '17'] },
    })
    const numbers = ['at_ms', 'input', 'cache_read', 'cache_write', 'cache_write_1h', 'audio_input', 'output', 'reasoning']
    expect(numbers.map((name) => Number(rows[0]?.[name]))).toEqual([Date.parse('2026-11-21T12:00:00.250Z'), 1, 2, 3, 4, 5, 6, 7])
    expect([Number(rows[0]?.cost), Number(rows[0]?.saved)]).toEqual([5, 3])
    expect(rows[1]).toMatchObject({ id: 'bare', cost: null, saved: null })
    const [team] = await server().query(
      `SELECT tag_values[indexOf(tag_names, 'team')] AS team FROM ${to.table} WHERE id = 'full'`,
    )
    expect(team).toEqual({ team: 'red' })
  })

  it('counts a line that comes twice once', async () => {
    const to = options()
    await insert(to, [line('a'), line('b')])
    await insert(to, [line('b'), line('c')])
    const rows = await server().query(`SELECT id FROM ${to.table} FINAL ORDER BY id`)
    expect(rows.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  })

  it('has lines of any time in one insert', async () => {
    const to = options()
    const months = Array.from({ length: 680 }, (_, month) => Date.UTC(1970, month, 1))
    await insert(
      to,
      months.map((at) => line(`line ${at}`, { at })),
    )
    expect(Number((await server().query(`SELECT count() AS n FROM ${to.table}`))[0]?.n)).toBe(680)
  })

  it('fills a table that somebody has made with fewer columns', async () => {
    const to = options()
    await fetch(to.url, {
      method: 'POST',
      headers: { 'x-clickhouse-user': to.user, 'x-clickhouse-key': to.password },
      body: `CREATE TABLE ${to.table} (id String, cost Int64) ENGINE = MergeTree() ORDER BY id`,
    })
    await insert(to, [line('a')])
    expect((await server().query(`SELECT id, toString(cost) AS cost FROM ${to.table}`))[0]).toEqual({ id: 'a', cost: '5' })
  })

  it('loses no line while ClickHouse is away and the relay starts anew', async () => {
    const clickhouse = options()
    const folder = temporaryFolder()
    const relay = await openRelay(mock.url, { folder, clickhouse, metrics: 'open' })
    const waiting = async (one: typeof relay, count: number) =>
      `${(await one.ask('GET', '/metrics')).body}`.includes(`leash_relay_backlog{what="lines for ClickHouse"} ${count}\n`)
    const post = async (one: typeof relay, id: string) =>
      (await one.ask('POST', '/v1/usage', { lines: [line(id)] }, relay.call)).status
    const stored = async () => {
      const rows = await server().query(`SELECT id FROM ${clickhouse.table} FINAL ORDER BY id`)
      return rows.map(({ id }) => id)
    }
    expect(await post(relay, 'a')).toBe(200)
    await until(async () => (await stored().catch(() => [])).length === 1)
    // It may be there before the relay has heard so.
    await until(() => waiting(relay, 0))
    onTestFinished(() => server().again())
    await server().kill()
    expect(await post(relay, 'b')).toBe(200)
    await until(() => relay.warnings.length > 0)
    expect(relay.warnings).toEqual(['Usage waits for ClickHouse. It cannot be reached.'])
    expect((await relay.ask('GET', '/ready')).body).toMatchObject({ clickhouse: 'ok' })
    await relay.close()
    const next = await openRelay(mock.url, { folder, clickhouse, metrics: 'open' })
    expect(await post(next, 'c')).toBe(200)
    expect(await waiting(next, 2)).toBe(true)
    const { body: metrics } = await next.ask('GET', '/metrics')
    expect(metrics).toMatch(/^leash_relay_backlog_oldest_seconds\{what="lines for ClickHouse"\} [0-9.]+$/m)
    await server().again()
    await until(async () => (await stored()).length === 3)
    expect(await stored()).toEqual(['a', 'b', 'c'])
  })

  it('has a line once whose answer was lost on the way', async () => {
    const clickhouse = options()
    let lost = 0
    const proxy = await serve(async (request) => {
      const body = await request.text()
      const { search } = new URL(request.url)
      const answer = await fetch(`${clickhouse.url}/${search}`, { method: 'POST', headers: request.headers, body })
      const text = await answer.text()
      return answer.ok && lost++ === 0 ? new Response('gone', { status: 504 }) : new Response(text, { status: answer.status })
    })
    onTestFinished(() => proxy.close())
    const relay = await openRelay(mock.url, { clickhouse: { ...clickhouse, url: proxy.url } })
    await relay.ask('POST', '/v1/usage', { lines: [line('a')] }, relay.call)
    await until(() => lost > 1)
    expect(relay.warnings).toEqual(['Usage waits for ClickHouse. It answered 504.'])
    await until(async () => {
      const [row] = await server().query(`SELECT count() AS n FROM ${clickhouse.table} FINAL`)
      return Number(row?.n) === 1
    })
  })

  it('says that it is not let in, and keeps the lines', async () => {
    const relay = await openRelay(mock.url, { clickhouse: { ...options(), password: 'wrong-secret' } })
    await relay.ask('POST', '/v1/usage', { lines: [line('a')] }, relay.call)
    await until(() => relay.warnings.length > 0)
    expect(relay.warnings.join()).toMatch(/^Usage waits for ClickHouse\. It answered \d+ with code \d+\.$/)
    expect((await relay.ask('GET', '/v1/admin/config')).body.config.clickhouse.password).toBe('<hidden>')
  })
})
