/**
 * Many clients, two relays and one budget, each of them a process of its own, over a real Postgres, and a Redis where there is one. `LEASH_STORM=2000` makes so
 * many calls at once, in place of a few hundred.
 */
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LedgerLine } from '../../src/core/ledger.js'
import { openPostgres } from '../../src/relay/store/postgres.js'
import type { Sql } from '../../src/relay/store/sql.js'
import { hasPostgres, usePostgres } from '../helpers/postgres.js'
import { hasRedis, startRedis } from '../helpers/redis.js'
import { temporaryFolder } from './helpers.js'
import { start } from './processes/start.js'
import type { ClientGiven, ClientTold, RelayGiven, RelayReady, VendorTold } from './processes/terms.js'

const calls = Number(process.env.LEASH_STORM ?? 200)
const clients = 4

/** About half of the calls can be paid by it. */
const limitNano = calls * 6000

describe.skipIf(!hasPostgres)('a storm on one budget', () => {
  const postgres = usePostgres()

  it('never passes its limit, and the ledger has what the vendor served, to the nano-dollar', { timeout: 120_000 }, async () => {
    const vendor = await start<number>('vendor', {})
    // With one the relays share their breakers, which has no part in money, and must not come to have.
    const redis = hasRedis ? await startRedis() : undefined
    onTestFinished(() => redis?.stop())
    const given: RelayGiven = {
      vendor: vendor.ready,
      folder: temporaryFolder(),
      database: postgres.url,
      ...(redis && { redis: redis.url }),
      policy: { budgets: [{ limit: { usd: limitNano / 1e9 }, per: 'month' }] },
    }
    const first = await start<RelayReady>('relay', given)
    const second = await start<RelayReady>('relay', given)
    const { key } = first.ready
    const programs = await Promise.all(
      Array.from({ length: clients }, (_, at) => {
        const { url } = (at % 2 === 0 ? first : second).ready
        const relay = { url, key, folder: temporaryFolder() }
        return start<string>('client', { vendor: vendor.ready, relay, calls: calls / clients, seed: at } satisfies ClientGiven)
      }),
    )
    const sql = await openPostgres({ url: postgres.url, connections: 2 })
    const sampled = sample(sql)
    const storm = async () => sumOf(await Promise.all(programs.map((program) => program.ask<ClientTold>('call'))))
    let ends = await storm()
    // Of a busy machine, more calls end before they have cost anything.
    while (!ends.budget_exceeded) ends = sumOf([ends, await storm()])
    await Promise.all(programs.map((program) => program.ask('close')))
    await Promise.all([first, second].map((relay) => relay.ask('close')))
    const samples = await sampled.stop()
    expect(samples.length).toBeGreaterThan(5)
    for (const taken of samples) expect(taken).toBeLessThanOrEqual(limitNano)

    // Some were served, some failed, some were left, and some had to be refused: else it was no storm.
    expect(Object.keys(ends)).toEqual(expect.arrayContaining(['ok', 'left', 'budget_exceeded']))
    const told = await vendor.ask<VendorTold>('tell')
    const lines = (await sql.all<{ line: string }>('SELECT line FROM usage_lines')).map(
      ({ line }): LedgerLine => JSON.parse(line),
    )
    const complete = lines.filter(({ basis }) => basis === 'complete')
    expect(complete.filter(({ outcome }) => outcome === 'ok')).toHaveLength(told.served)
    expect(costOf(complete)).toBe(told.nano)
    expect(lines.length - complete.length).toBe(told.broken + told.stalled)
    expect(ends.ok).toBe(told.served)

    const [budget] = await sql.all<{ spent: number; reserved: number }>('SELECT spent, reserved FROM budgets')
    expect(budget).toEqual({ spent: costOf(lines), reserved: 0 })
    await sql.close()
  })
})

/** Looks what is settled and lent, again and again. */
function sample(sql: Sql): { stop(): Promise<number[]> } {
  const samples: number[] = []
  let over = false
  const looking = (async () => {
    while (!over) {
      for (const { taken } of await sql.all<{ taken: number }>('SELECT CAST(spent + reserved AS BIGINT) AS taken FROM budgets'))
        samples.push(taken)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  return {
    async stop() {
      over = true
      await looking
      return samples
    },
  }
}

const costOf = (lines: readonly LedgerLine[]) => lines.reduce((sum, { cost }) => sum + (cost ?? Number.NaN), 0)

function sumOf(all: readonly ClientTold[]): ClientTold {
  const sum: ClientTold = {}
  for (const one of all) for (const [name, count] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + count
  return sum
}
