/** What every database of the relay must do, whatever is behind it. */
import { expect, it } from 'vitest'
import type { Sql } from '../../../src/relay/store/sql.js'

export type Open = () => Promise<Sql>

/** A table of its own for one test. */
export async function numbers<S extends Sql>(open: () => Promise<S>): Promise<S> {
  const sql = await open()
  await sql.run('DROP TABLE IF EXISTS numbers')
  await sql.run('CREATE TABLE numbers (n BIGINT PRIMARY KEY, name TEXT)')
  return sql
}

export const all = async (sql: Sql) => (await sql.all<{ n: number }>('SELECT n FROM numbers ORDER BY n')).map(({ n }) => n)
export const add = (sql: Sql, n: number) => sql.run('INSERT INTO numbers (n) VALUES ($1)', [n])

/** Of what is read as of one moment. */
export function readingScenarios(open: Open): void {
  it('reads what is many in slices, in its order, and as of now again when one was left', async () => {
    const sql = await numbers(open)
    await sql.run(
      `INSERT INTO numbers (n)
       WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 2500) SELECT n FROM counted`,
    )
    const slicesAfter = (n: number, most = 10) =>
      sql.snapshot(async (reads) => {
        const slices: number[][] = []
        for await (const rows of reads.slices<{ n: number }>('SELECT n FROM numbers WHERE n > $1 ORDER BY n', [n])) {
          slices.push(rows.map(({ n }) => n))
          if (slices.length === most) return slices
          if (slices.length > most) throw new Error('more than enough')
        }
        return slices
      })
    const whole = await slicesAfter(0)
    expect(whole.map(({ length }) => length)).toEqual([1000, 1000, 500])
    expect(whole.flat()).toEqual(Array.from({ length: 2500 }, (_, at) => at + 1))
    expect((await slicesAfter(500)).map(({ length }) => length)).toEqual([1000, 1000])
    expect(await slicesAfter(2500)).toEqual([])
    expect(await slicesAfter(0, 1)).toEqual(whole.slice(0, 1))
    await add(sql, 2501)
    expect(await slicesAfter(2500)).toEqual([[2501]])
    await expect(slicesAfter(0, 0)).rejects.toThrow('more than enough')
    await add(sql, 2502)
    expect(await slicesAfter(2500)).toEqual([[2501, 2502]])
  })

  it('says of a slice that it cannot be read, too', async () => {
    const sql = await numbers(open)
    const read = sql.snapshot(async (reads) => {
      for await (const _ of reads.slices('SELECT nothing FROM numbers')) expect.unreachable()
    })
    await expect(read).rejects.toMatchObject({ code: 'overloaded' })
    expect(await all(sql)).toEqual([])
  })
}

export function sqlScenarios(open: Open): void {
  it('gives back what it was given, up to the largest amount of money', async () => {
    const sql = await numbers(open)
    const largest = Number.MAX_SAFE_INTEGER
    expect(await sql.run('INSERT INTO numbers VALUES ($1, $2), ($3, $4)', [largest, 'ünï\u{1f600}', 1, null])).toBe(2)
    expect(await sql.all('SELECT * FROM numbers ORDER BY n')).toEqual([
      { n: 1, name: null },
      { n: largest, name: 'ünï\u{1f600}' },
    ])
    expect(await sql.run('DELETE FROM numbers WHERE n > $1', [largest])).toBe(0)
  })

  it('takes parameters by their numbers, in any order and more than once', async () => {
    const sql = await open()
    const order = [2, 1, 10, 9, 2, 3, 8, 7, 4, 6, 5]
    const columns = order.map((number, place) => `CAST($${number} AS BIGINT) AS at_${place}`)
    const [row] = await sql.all(
      `SELECT ${columns.join(', ')}`,
      Array.from({ length: 10 }, (_, at) => at + 1),
    )
    expect(Object.values(row ?? {})).toEqual(order)
  })

  it('keeps everything of a transaction or nothing', async () => {
    const sql = await numbers(open)
    expect(await sql.transaction(async (inner) => [await add(inner, 1), await add(inner, 2)])).toEqual([1, 1])
    const failed = sql.transaction(async (inner) => {
      await add(inner, 3)
      throw new Error('changed my mind')
    })
    await expect(failed).rejects.toThrow('changed my mind')
    expect(await all(sql)).toEqual([1, 2])
  })

  it('lets nothing go on in a transaction after a statement of it has failed', async () => {
    const sql = await numbers(open)
    const swallowed = sql.transaction(async (inner) => {
      await add(inner, 1)
      await add(inner, 1).catch(() => {})
      await add(inner, 2)
    })
    await expect(swallowed).rejects.toMatchObject({ code: 'overloaded' })
    expect(await all(sql)).toEqual([])
    await add(sql, 3)
    expect(await all(sql)).toEqual([3])
  })

  it('makes a transaction within another a part of it', async () => {
    const sql = await numbers(open)
    const failed = sql.transaction(async (outer) => {
      await outer.transaction((inner) => add(inner, 1))
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(await all(sql)).toEqual([])
  })

  it('refuses a statement that comes after the end of its transaction', async () => {
    const sql = await numbers(open)
    let late: Sql | undefined
    await sql.transaction(async (inner) => {
      late = inner
    })
    await expect(late && add(late, 1)).rejects.toThrow('after the end of its transaction')
    expect(await all(sql)).toEqual([])
  })

  it('loses no addition of some hundred transactions at once', async () => {
    const sql = await numbers(open)
    await sql.run('INSERT INTO numbers VALUES (0, $1)', ['0'])
    await Promise.all(
      Array.from({ length: 300 }, () =>
        sql.transaction(async (inner) => {
          // Written before it is read: in Postgres it is that which keeps others away.
          const [row] = await inner.all<{ name: string }>('UPDATE numbers SET name = name RETURNING name')
          await inner.run('UPDATE numbers SET name = $1', [String(Number(row?.name) + 1)])
        }),
      ),
    )
    expect(await sql.all('SELECT name FROM numbers')).toEqual([{ name: '300' }])
  })

  it('keeps those of many transactions at once that did not fail', async () => {
    const sql = await numbers(open)
    const all = await Promise.allSettled(
      Array.from({ length: 200 }, (_, at) =>
        sql.transaction(async (inner) => {
          await add(inner, at)
          if (at % 3 === 1) throw new Error('no')
          if (at % 3 === 2) await add(inner, at).catch(() => {})
        }),
      ),
    )
    const kept = all.flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []))
    expect(kept).toEqual(Array.from({ length: 67 }, (_, at) => at * 3))
    expect((await sql.all<{ n: number }>('SELECT n FROM numbers ORDER BY n')).map(({ n }) => n)).toEqual(kept)
  })

  it('refuses what comes after it was closed, and closes twice without a word', async () => {
    const sql = await numbers(open)
    await Promise.all([sql.close(), sql.close()])
    await sql.close()
    await expect(all(sql)).rejects.toMatchObject({ code: 'overloaded' })
  })
}
