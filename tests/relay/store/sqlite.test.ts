import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Sql } from '../../../src/relay/store/sql.js'
import { openSqlite } from '../../../src/relay/store/sqlite.js'
import { temporaryFolder } from './open.js'

async function open(file = ':memory:') {
  const sql = await openSqlite({ file })
  onTestFinished(() => sql.close())
  return sql
}

async function numbers(file?: string) {
  const sql = await open(file)
  await sql.run('CREATE TABLE numbers (n BIGINT PRIMARY KEY, name TEXT)')
  return sql
}

const all = async (sql: Sql) => (await sql.all<{ n: number }>('SELECT n FROM numbers ORDER BY n')).map(({ n }) => n)
const add = (sql: Sql, n: number) => sql.run('INSERT INTO numbers (n) VALUES ($1)', [n])

it('gives back what it was given, up to the largest amount of money', async () => {
  const sql = await numbers()
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
  expect(await sql.all('SELECT $2 AS b, $1 AS a, $2 AS again, $10 AS tenth', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual([
    { b: 2, a: 1, again: 2, tenth: 10 },
  ])
})

it('keeps everything of a transaction or nothing', async () => {
  const sql = await numbers()
  expect(await sql.transaction(async (inner) => [await add(inner, 1), await add(inner, 2)])).toEqual([1, 1])
  const failed = sql.transaction(async (inner) => {
    await add(inner, 3)
    throw new Error('changed my mind')
  })
  await expect(failed).rejects.toThrow('changed my mind')
  expect(await all(sql)).toEqual([1, 2])
})

it('lets nothing go on in a transaction after a statement of it has failed', async () => {
  const sql = await numbers()
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

it('keeps nothing of a transaction that SQLite itself has given up', async () => {
  const sql = await numbers()
  const given = sql.transaction(async (inner) => {
    await add(inner, 1)
    await inner.run('INSERT OR ROLLBACK INTO numbers (n) VALUES (1)').catch(() => {})
    await add(inner, 2)
  })
  await expect(given).rejects.toMatchObject({ code: 'overloaded' })
  expect(await all(sql)).toEqual([])
})

it('lets nobody look into a transaction that is under way, and works off those who wait in their order', async () => {
  const sql = await numbers()
  const order: string[] = []
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const first = sql.transaction(async (inner) => {
    await add(inner, 1)
    await held
    await add(inner, 2)
    order.push('first')
  })
  const read = all(sql).then((found) => order.push(`read ${found}`))
  const second = sql.transaction(async (inner) => {
    order.push(`second ${await all(inner)}`)
    await add(inner, 3)
  })
  const last = all(sql).then((found) => order.push(`read ${found}`))
  release()
  await Promise.all([first, read, second, last])
  expect(order).toEqual(['first', 'read 1,2', 'second 1,2', 'read 1,2,3'])
})

it('makes a transaction within another a part of it', async () => {
  const sql = await numbers()
  const failed = sql.transaction(async (outer) => {
    await outer.transaction((inner) => add(inner, 1))
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  expect(await all(sql)).toEqual([])
})

it('refuses a statement that comes after the end of its transaction', async () => {
  const sql = await numbers()
  let late: Sql | undefined
  await sql.transaction(async (inner) => {
    late = inner
  })
  await expect(late && add(late, 1)).rejects.toThrow('after the end of its transaction')
  expect(await all(sql)).toEqual([])
})

it('keeps those of many transactions at once that did not fail', async () => {
  const sql = await numbers()
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

it('tells everybody whose transaction was given up together with another’s', async () => {
  const sql = await numbers()
  const given = await Promise.allSettled([
    sql.transaction((inner) => add(inner, 1)),
    sql.transaction((inner) => add(inner, 2)),
    sql.transaction((inner) => inner.run('INSERT OR ROLLBACK INTO numbers (n) VALUES (1)')),
    sql.transaction((inner) => add(inner, 3)),
  ])
  const kept = (await all(sql)).map((n) => given[n === 3 ? 3 : n - 1]?.status)
  expect(kept.every((status) => status === 'fulfilled')).toBe(true)
  expect(given.filter(({ status }) => status === 'fulfilled')).toHaveLength(kept.length)
  expect(given[2]).toMatchObject({ status: 'rejected' })
})

it('loses no addition of a thousand transactions at once', async () => {
  const sql = await numbers()
  await sql.run('INSERT INTO numbers VALUES (0, $1)', ['0'])
  await Promise.all(
    Array.from({ length: 1000 }, () =>
      sql.transaction(async (inner) => {
        const [row] = await inner.all<{ name: string }>('SELECT name FROM numbers')
        await inner.run('UPDATE numbers SET name = $1', [String(Number(row?.name) + 1)])
      }),
    ),
  )
  expect(await sql.all('SELECT name FROM numbers')).toEqual([{ name: '1000' }])
})

it('keeps a file over a restart, and lets nobody else read it', async () => {
  const file = join(temporaryFolder(), 'deep', 'relay.db')
  const before = await numbers(file)
  await add(before, 7)
  await before.close()
  expect(await all(await open(file))).toEqual([7])
  for (const name of [file, `${file}-wal`, `${file}.lock`]) expect(statSync(name).mode & 0o077).toBe(0)
})

it('refuses a file that somebody has open, and takes it when they have let go', async () => {
  const file = join(temporaryFolder(), 'relay.db')
  const first = await open(file)
  await expect(openSqlite({ file })).rejects.toMatchObject({ code: 'invalid_config' })
  await first.close()
  await open(file)
})

it('refuses a file that another process has open, and takes it when that was killed', async () => {
  const file = join(temporaryFolder(), 'relay.db')
  const child = spawn(`await openSqlite({ file: ${JSON.stringify(file)} }); process.send('open')`)
  const exit = once(child, 'exit')
  await once(child, 'message')
  await expect(openSqlite({ file })).rejects.toMatchObject({ code: 'invalid_config' })
  child.kill('SIGKILL')
  await exit
  await open(file)
})

it('has everything that it has answered after the process was killed', async () => {
  const file = join(temporaryFolder(), 'relay.db')
  const child = spawn(
    `const sql = await openSqlite({ file: ${JSON.stringify(file)} })
     await sql.run('CREATE TABLE numbers (n BIGINT PRIMARY KEY, name TEXT)')
     let next = 0
     for (let client = 0; client < 20; client++) void (async () => {
       for (;;) {
         const n = next++
         await sql.transaction((inner) => inner.run('INSERT INTO numbers (n) VALUES ($1)', [n]))
         process.send(n)
       }
     })()`,
  )
  const answered: number[] = []
  child.on('message', (n: number) => {
    answered.push(n)
    if (answered.length === 500) child.kill('SIGKILL')
  })
  await once(child, 'exit')
  const kept = new Set(await all(await open(file)))
  expect(answered.filter((n) => !kept.has(n))).toEqual([])
})

it('writes a copy that is a database of its own, and never over a file that is there', async () => {
  const folder = temporaryFolder()
  const [file, copy] = [join(folder, 'relay.db'), join(folder, 'copy.db')]
  const sql = await numbers(file)
  await add(sql, 1)
  await sql.backup(copy)
  await add(sql, 2)
  expect(await all(await open(copy))).toEqual([1])
  expect(statSync(copy).mode & 0o777).toBe(0o600)
  writeFileSync(join(folder, 'mine'), 'precious')
  await expect(sql.backup(join(folder, 'mine'))).rejects.toMatchObject({ code: 'overloaded' })
  expect(readFileSync(join(folder, 'mine'), 'utf8')).toBe('precious')
})

it('says what is wrong with a file that is no database', async () => {
  const file = join(temporaryFolder(), 'relay.db')
  writeFileSync(file, 'no database, and long enough to be taken for one'.repeat(100))
  await expect(openSqlite({ file })).rejects.toMatchObject({
    code: 'overloaded',
    message: expect.stringContaining('not a database'),
  })
})

it('refuses what comes after it was closed, and closes twice without a word', async () => {
  const sql = await numbers()
  await Promise.all([sql.close(), sql.close()])
  await sql.close()
  await expect(all(sql)).rejects.toMatchObject({ code: 'overloaded', message: expect.stringContaining('closed') })
})

/** A process that has {@link openSqlite}. */
function spawn(code: string) {
  const script = join(temporaryFolder(), 'child.mjs')
  const source = new URL('../../../src/relay/store/sqlite.ts', import.meta.url).href
  writeFileSync(script, `import { openSqlite } from ${JSON.stringify(source)}\n${code}`)
  return fork(script, { execArgv: ['--import', javascriptAsTypeScript()], stdio: 'inherit' })
}

/** The source imports `.js` where `.ts` is: a bundler knows, and Node must be told. */
function javascriptAsTypeScript(): string {
  const hook = `import { registerHooks } from 'node:module'
    registerHooks({ resolve(name, context, next) {
      return name.startsWith('.') && context.parentURL?.endsWith('.ts') ? next(name.replace(/\\.js$/, '.ts'), context) : next(name, context)
    } })`
  return `data:text/javascript,${encodeURIComponent(hook)}`
}
