import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Reads } from '../../../src/relay/store/sql.js'
import { openSqlite } from '../../../src/relay/store/sqlite.js'
import { openFile, temporaryFolder } from './open.js'
import { reportScenarios } from './report-scenarios.js'
import { add, all, numbers, readingScenarios, sqlScenarios } from './scenarios.js'

async function open(file = ':memory:') {
  const sql = await openSqlite({ file })
  onTestFinished(() => sql.close())
  return sql
}

sqlScenarios(open)
reportScenarios(openFile)
describe('in memory', () => readingScenarios(open))
describe('in a file', () => readingScenarios(openFile))

it('keeps nothing of a transaction that SQLite itself has given up', async () => {
  const sql = await numbers(open)
  const given = sql.transaction(async (inner) => {
    await add(inner, 1)
    await inner.run('INSERT OR ROLLBACK INTO numbers (n) VALUES (1)').catch(() => {})
    await add(inner, 2)
  })
  await expect(given).rejects.toMatchObject({ code: 'overloaded' })
  expect(await all(sql)).toEqual([])
})

it('lets nobody look into a transaction that is under way, and works off those who wait in their order', async () => {
  const sql = await numbers(open)
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

it('tells everybody whose transaction was given up together with another’s', async () => {
  const sql = await numbers(open)
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

it('keeps a file over a restart, and lets nobody else read it', async () => {
  const file = join(temporaryFolder(), 'deep', 'relay.db')
  const before = await numbers(() => open(file))
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

it('lets nobody wait for who reads much beside, who sees all that was written before', async () => {
  const sql = await numbers(() => open(join(temporaryFolder(), 'relay.db')))
  await sql.transaction((inner) => add(inner, 1))
  const count = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT COUNT(*) AS n FROM n'
  let over = false
  const read = sql.beside?.all(count, [2_000_000]).finally(() => {
    over = true
  })
  for (let more = 2; more <= 20; more++) await sql.transaction((inner) => add(inner, more))
  expect(over).toBe(false)
  expect(await read).toEqual([{ n: 2_000_000 }])
  expect(await sql.beside?.all('SELECT MAX(n) AS n FROM numbers')).toEqual([{ n: 20 }])
  await sql.close()
  await expect(sql.beside?.all('SELECT 1')).rejects.toMatchObject({ code: 'overloaded' })
})

it('shows one moment to who reads several things, and each a newer one than the last', async () => {
  const sql = await openFile()
  await sql.run('CREATE TABLE moments (n BIGINT)')
  const count = async (reads: Reads) => (await reads.all<{ n: number }>('SELECT COUNT(*) AS n FROM moments'))[0]?.n
  const looks = [1, 2, 3].map(() =>
    sql.snapshot(async (reads) => {
      const before = await count(reads)
      await sql.run('INSERT INTO moments VALUES (1)')
      return [before, await count(reads)]
    }),
  )
  expect(await Promise.all(looks)).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
  ])
  await expect(sql.snapshot((reads) => reads.all('SELECT nothing FROM moments'))).rejects.toMatchObject({ code: 'overloaded' })
  expect(await sql.snapshot(count)).toBe(3)
})

it('writes a copy that is a database of its own, and never over a file that is there', async () => {
  const folder = temporaryFolder()
  const [file, copy] = [join(folder, 'relay.db'), join(folder, 'copy.db')]
  const sql = await numbers(() => open(file))
  await add(sql, 1)
  const main = vi.spyOn(Worker.prototype, 'postMessage')
  await sql.backup(copy)
  await add(sql, 2)
  const threads = new Set(main.mock.contexts)
  main.mockRestore()
  expect(await all(await open(copy))).toEqual([1])
  // Nobody waits for it.
  expect(threads.size).toBe(2)
  expect(statSync(copy).mode & 0o777).toBe(0o600)
  writeFileSync(join(folder, 'mine'), 'precious')
  await expect(sql.backup(join(folder, 'mine'))).rejects.toMatchObject({ code: 'overloaded' })
  expect(readFileSync(join(folder, 'mine'), 'utf8')).toBe('precious')
})

it('says what is wrong with a file that is no database', async () => {
  const file = join(temporaryFolder(), 'relay.db')
  writeFileSync(file, 'no database, and long enough to be taken for one'.repeat(100))
  await expect(openSqlite({ file })).rejects.toMatchObject({
    code: 'invalid_config',
    message: expect.stringContaining(`not a database. It is ${file}: where it is damaged, bring it back from a backup.`),
  })
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

it('gives back to the disk what a large transaction has needed of it', async () => {
  const file = join(temporaryFolder(), 'relay.db')
  const sql = await openFile(file)
  const log = () => statSync(`${file}-wal`).size
  await sql.run('CREATE TABLE large (bytes TEXT)')
  await sql.run(
    `INSERT INTO large WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80) SELECT randomblob(1000000) FROM n`,
  )
  expect(log()).toBeGreaterThan(80_000_000)
  for (let at = 0; at < 3; at++) await sql.run('INSERT INTO large VALUES ($1)', ['small'])
  expect(log()).toBeLessThan(70_000_000)
})
