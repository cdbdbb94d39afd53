/** What a report says, whatever database adds it up. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LedgerLine } from '../../../src/core/ledger.js'
import { noUsage } from '../../../src/core/usage.js'
import type { Sql } from '../../../src/relay/store/sql.js'
import { type ReportQuery, UsageLog, type UsageRow } from '../../../src/relay/usage/usage.js'

const hour = 3_600_000
const noon = Date.parse('2026-11-21T12:00:00Z')

/** Of three days: so a report is made of whole days and of the hours around them. */
const lines: readonly LedgerLine[] = fc
  .sample(
    fc.record({
      at: fc.integer({ min: noon - 72 * hour, max: noon }),
      cost: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 1e9 })),
      tenant: fc.constantFrom('red', 'blue', 'green', 'grey'),
      model: fc.constantFrom('a', 'b', 'c'),
      tags: fc.constantFrom({}, { team: 'x' }, { team: 'y' }, { team: 'z', app: 'q' }),
    }),
    { numRuns: 200, seed: 11 },
  )
  .map((drawn, at) => ({
    ...{ id: `line ${at}`, callId: `call ${at}`, attempt: 1, durationMs: 5, provider: 'openai', protocol: 'openai-chat' },
    ...{ outcome: 'ok', basis: 'complete', usage: { ...noUsage, input: 10 } },
    ...drawn,
  }))

/** @param open with the relay's tables, and no usage */
export function reportScenarios(open: () => Promise<Sql>): void {
  const taken = async () => {
    const sql = await open()
    await new UsageLog({ sql, now: () => noon }).take({ lines })
    return sql
  }

  it('tells the dearest alone, whole, and reads no others', async () => {
    const sql = await taken()
    const read: number[] = []
    const noting: Sql = {
      ...sql,
      snapshot: (work) =>
        sql.snapshot((reads) =>
          work({
            ...reads,
            all: async <T extends object>(...asked: Parameters<Sql['all']>) => {
              const rows = await reads.all<T>(...asked)
              read.push(rows.length)
              return rows
            },
          }),
        ),
    }
    const log = new UsageLog({ sql: noting })
    const queries: readonly ReportQuery[] = [
      { by: ['tenant'] },
      { by: ['tenant', 'model', 'day'], from: noon - 60 * hour, to: noon - hour },
      { by: ['hour'] },
      { by: ['tag:team', 'tenant'] },
      { by: ['model'], tagged: { tag: 'team', value: 'y' } },
    ]
    for (const query of queries) {
      const all = await log.report(query)
      expect(all.map(({ nano }) => nano)).toEqual(all.map(({ nano }) => nano).sort((a, b) => b - a))
      read.length = 0
      expect(await log.report({ ...query, top: 2 })).toEqual(all.slice(0, 2))
      expect(read).toEqual([2])
      expect(await log.report({ ...query, top: 1000 })).toEqual(all)
    }
  })

  it('tells the same some at a time, and the sum of all beside some rows of them', async () => {
    const log = new UsageLog({ sql: await taken() })
    const inSlices = async (query: ReportQuery) => {
      const rows: UsageRow[] = []
      const total = await log.slices(query, (some) => rows.push(...some))
      return { rows, total }
    }
    const query: ReportQuery = { by: ['tenant', 'tag:team'], from: noon - 60 * hour }
    const rows = await log.report(query)
    expect(await inSlices(query)).toEqual({ rows, total: undefined })
    const [total] = await log.report({ ...query, by: [] })
    expect(total?.nano).toBe(rows.reduce((sum, { nano }) => sum + nano, 0))
    expect(await inSlices({ ...query, top: 3 })).toEqual({ rows: rows.slice(0, 3), total })
    expect(await inSlices({ ...query, top: 3, where: { tenant: 'nobody' } })).toMatchObject({ rows: [], total: { calls: 0 } })
  })

  it('tells of some tenants what it tells of each', async () => {
    const log = new UsageLog({ sql: await taken() })
    const [red, blue] = await Promise.all(['red', 'blue'].map((tenant) => log.report({ by: ['tenant'], where: { tenant } })))
    const both = await log.report({ by: ['tenant'], tenants: ['blue', 'red', 'nobody'] })
    expect(both).toHaveLength(2)
    expect(both).toEqual(expect.arrayContaining([...(red ?? []), ...(blue ?? [])]))
    expect(await log.report({ by: ['tenant'], tenants: [] })).toEqual([])
  })
}
