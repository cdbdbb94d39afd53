import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { noUsage } from '../../../src/core/usage.js'
import { ClickHouseFeed } from '../../../src/relay/clickhouse/feed.js'
import { Outbox } from '../../../src/relay/clickhouse/outbox.js'
import { tableOf } from '../../../src/relay/clickhouse/table.js'
import { backlogOf } from '../../../src/relay/metrics/backlog.js'
import { RelayMetrics } from '../../../src/relay/metrics/relay.js'
import type { RelayContext } from '../../../src/relay/routes/context.js'
import { healthRoutes } from '../../../src/relay/routes/health.js'
import { UsageLog } from '../../../src/relay/usage/usage.js'
import { until } from '../../helpers/mock.js'
import { root } from '../../helpers/source.js'
import { openStore } from '../store/open.js'

const noon = Date.parse('2026-11-21T12:00:00Z')

const line = (id: string, more: object = {}) => ({
  ...{ id, callId: id, attempt: 1, at: noon, durationMs: 1, tenant: 'red', provider: 'openai', model: 'm' },
  ...{ protocol: 'openai-chat', outcome: 'ok', usage: noUsage, basis: 'complete', cost: 5, ...more },
})

/** What it is sent, and an answer by choice, of which 0 is none: only what is said of the protocol, and nothing of ClickHouse. */
async function openReceiver() {
  const said = { status: 200, text: '', asked: 0 }
  const rows: Record<string, unknown>[] = []
  const inserts: number[] = []
  const heads: IncomingHttpHeaders[] = []
  const server = createServer(async (request, response) => {
    heads.push(request.headers)
    let text = ''
    for await (const chunk of request) text += chunk
    said.asked++
    if (said.status === 0) return
    if (said.status === 200) {
      const some = text
        .trim()
        .split('\n')
        .map((row): Record<string, unknown> => JSON.parse(row))
      inserts.push(some.length)
      rows.push(...some)
    }
    response.writeHead(said.status, said.status === 307 ? { location: '/elsewhere' } : {}).end(said.text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, said, rows, inserts, heads }
}

async function open(on = true) {
  const sql = await openStore()
  const receiver = await openReceiver()
  const clock = { now: noon }
  const now = () => clock.now
  const warnings: string[] = []
  const options = { url: receiver.url, password: 'a secret' }
  const make = () => {
    const feed = new ClickHouseFeed({ sql, now, options: () => (on ? options : undefined), warn: (said) => warnings.push(said) })
    onTestFinished(() => feed.close())
    return feed
  }
  const feed = make()
  const usage = new UsageLog({ sql, now, also: (lines, sql) => feed.keep(lines, sql) })
  const waiting = async () => (await sql.all<{ n: number }>('SELECT COUNT(*) AS n FROM clickhouse_outbox'))[0]?.n
  return { sql, clock, now, warnings, receiver, make, feed, usage, waiting }
}

it('keeps what is new in a batch, and what is known already not again', async () => {
  const { usage, feed, receiver, waiting } = await open()
  await usage.take({ lines: [line('a'), line('b')] })
  await usage.take({ lines: [line('b'), line('c')] })
  await feed.round()
  expect(receiver.rows.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  expect(receiver.inserts).toEqual([3])
  expect(await waiting()).toBe(0)
})

it('keeps nothing where no ClickHouse is wanted', async () => {
  const { usage, waiting } = await open(false)
  await usage.take({ lines: [line('a')] })
  expect(await waiting()).toBe(0)
})

it('keeps nothing of a batch that the ledger has not taken', async () => {
  const { sql, now, feed, waiting } = await open()
  const usage = new UsageLog({
    sql,
    now,
    async also(lines, sql) {
      await feed.keep(lines, sql)
      throw new Error('the disk is full')
    },
  })
  await expect(usage.take({ lines: [line('a')] })).rejects.toThrow()
  expect(await waiting()).toBe(0)
  expect((await usage.lines()).items).toEqual([])
})

it('keeps what is not taken, says so once, and shows neither rows nor secrets', async () => {
  const { usage, feed, receiver, warnings, waiting } = await open()
  await usage.take({ lines: [line('a', { user: 'ada' })] })
  receiver.said.status = 500
  receiver.said.text = 'Code: 27, e.displayText() = DB::Exception: Cannot parse input: expected { before: {"user_id":"ada"}'
  await feed.round()
  await feed.round()
  expect(warnings).toEqual(['Usage waits for ClickHouse. It answered 500 with code 27.'])
  expect(await waiting()).toBe(1)
  receiver.said.status = 200
  receiver.said.text = ''
  await feed.round()
  expect(receiver.rows.map(({ id }) => id)).toEqual(['a'])
  expect(await waiting()).toBe(0)
  await usage.take({ lines: [line('b')] })
  receiver.said.status = 503
  await feed.round()
  expect(warnings.slice(1)).toEqual(['Usage waits for ClickHouse. It answered 503.'])
})

it('goes out in the order in which it came', async () => {
  const { sql, now, clock, usage } = await open()
  const began = clock.now
  for (const [id, ms] of [['third', 3000] as const, ['first', 1000] as const, ['second', 2000] as const]) {
    clock.now = began + ms
    await usage.take({ lines: [line(id)] })
  }
  clock.now = began + 4000
  const outbox = new Outbox({ sql, now })
  const claimed = async () => (await outbox.claim(1)).flatMap(({ lines }) => lines.map(({ id }) => id))
  expect([await claimed(), await claimed(), await claimed()]).toEqual([['first'], ['second'], ['third']])
})

it('takes an exception for one, whatever the status says', async () => {
  const { usage, feed, receiver, waiting } = await open()
  await usage.take({ lines: [line('a')] })
  receiver.said.text = 'Code: 241. DB::Exception: Memory limit exceeded'
  await feed.round()
  expect(await waiting()).toBe(1)
})

it('is brought by one relay of several, and by another when that one is gone', async () => {
  const { sql, usage, make, clock, now, receiver, waiting } = await open()
  for (let at = 0; at < 500; at++) await usage.take({ lines: [line(`line ${at}`)] })
  const gone = await new Outbox({ sql, now }).claim(100)
  expect(gone).toHaveLength(100)
  await Promise.all([make(), make(), make()].map((feed) => feed.round()))
  expect(receiver.rows).toHaveLength(400)
  expect(new Set(receiver.rows.map(({ id }) => id)).size).toBe(400)
  clock.now += 120_000
  await make().round()
  expect(new Set(receiver.rows.map(({ id }) => id)).size).toBe(500)
  expect(await waiting()).toBe(0)
})

it('is given up when the relay stops before it is taken, without a word, and brought by the next at once', async () => {
  const { usage, feed, make, receiver, warnings, waiting } = await open()
  await usage.take({ lines: [line('a')] })
  receiver.said.status = 0
  const round = feed.round()
  await until(() => receiver.said.asked === 1)
  await feed.close()
  await round
  expect(await waiting()).toBe(1)
  receiver.said.status = 200
  await make().round()
  expect(receiver.rows.map(({ id }) => id)).toEqual(['a'])
  expect([await waiting(), warnings]).toEqual([0, []])
})

it('comes with the name and the password, and follows nobody who sends it elsewhere', async () => {
  const { usage, feed, receiver, warnings, waiting } = await open()
  await usage.take({ lines: [line('a')] })
  receiver.said.status = 307
  await feed.round()
  expect(warnings).toEqual(['Usage waits for ClickHouse. It cannot be reached.'])
  receiver.said.status = 200
  await feed.round()
  const whose = { 'x-clickhouse-user': 'default', 'x-clickhouse-key': 'a secret' }
  expect(receiver.heads).toMatchObject([whose, whose])
  expect(await waiting()).toBe(0)
})

it('leaves a ClickHouse alone that does not take it, for half a minute at most', async () => {
  const { feed, receiver } = await open()
  receiver.said.status = 500
  const claim = vi.spyOn(feed.outbox, 'claim').mockResolvedValue([{ id: 'a', lines: [] }])
  const release = vi.spyOn(feed.outbox, 'release').mockResolvedValue()
  vi.spyOn(Math, 'random').mockReturnValue(0)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
  feed.start()
  for (let second = 0; second < 120; second++) {
    await vi.advanceTimersByTimeAsync(1000)
    await until(() => release.mock.calls.length === claim.mock.calls.length)
    await new Promise(setImmediate)
  }
  expect(claim.mock.calls.length).toBeGreaterThan(4)
  expect(claim.mock.calls.length).toBeLessThan(20)
})

it('reads a bounded part of what is there at once', async () => {
  const { sql, now, usage } = await open()
  const tags = Object.fromEntries(Array.from({ length: 32 }, (_, at) => [`tag ${at}`, 'x'.repeat(500)]))
  await usage.take({ lines: Array.from({ length: 300 }, (_, at) => line(`line ${at}`, { tags })) })
  const outbox = new Outbox({ sql, now })
  const parcels = await outbox.claim(200)
  for (const { lines } of parcels) expect(JSON.stringify(lines).length).toBeLessThan(70_000)
  expect(parcels.flatMap(({ lines }) => lines)).toHaveLength(300)
})

it('is given up when it is older than the lines of the ledger', async () => {
  const { usage, feed, clock } = await open()
  await usage.take({ lines: [line('a'), line('b')] })
  clock.now += 5000
  expect(await feed.outbox.lateBy()).toBe(5000)
  await usage.take({ lines: [line('c')] })
  expect(await feed.outbox.prune(noon + 1)).toBe(2)
  expect(await feed.outbox.lateBy()).toBe(0)
})

it('is behind when something has waited for more than a minute, and the relay is ready even so', async () => {
  const { sql, usage, feed, clock, receiver } = await open()
  const parts = { sql, gateway: { leashes: () => [] }, collector: { clickHouse: feed }, stopping: new AbortController().signal }
  const app = healthRoutes({ ...parts, settings: { now: { clickhouse: { url: receiver.url } } } } as unknown as RelayContext)
  const ready = async () => {
    const answer = await app.request('/ready')
    return [answer.status, ((await answer.json()) as { clickhouse: string }).clickhouse]
  }
  expect(await ready()).toEqual([200, 'ok'])
  await usage.take({ lines: [line('a')] })
  clock.now += 60_001
  expect(await ready()).toEqual([200, 'behind'])
  await feed.round()
  expect(await ready()).toEqual([200, 'ok'])
})

it('is told by metrics: how many lines wait, and how long the oldest has, where there is a ClickHouse', async () => {
  const { sql, usage, feed, clock, now } = await open()
  const told = async (late?: () => Promise<number>) => {
    const metrics = new RelayMetrics()
    return metrics.text(await backlogOf({ sql, now, late })).match(/^leash_relay_backlog\S*\{what="lines for ClickHouse"\} .*/gm)
  }
  const late = () => feed.outbox.lateBy()
  const names = ['leash_relay_backlog', 'leash_relay_backlog_oldest_seconds'].map(
    (name) => `${name}{what="lines for ClickHouse"}`,
  )
  expect(await told(late)).toEqual([`${names[0]} 0`, `${names[1]} 0`])
  await usage.take({ lines: [line('a'), line('b')] })
  clock.now += 90_000
  await usage.take({ lines: [line('c')] })
  expect(await told(late)).toEqual([`${names[0]} 3`, `${names[1]} 90`])
  expect(await told()).toEqual([`${names[0]} 3`])
  await feed.round()
  expect(await told(late)).toEqual([`${names[0]} 0`, `${names[1]} 0`])
})

it('is told in the documentation as it is', () => {
  const page = readFileSync(join(root, 'docs/relay/clickhouse.md'), 'utf8')
  expect(page).toContain(`\n${tableOf('leash_usage')}\n`)
})
