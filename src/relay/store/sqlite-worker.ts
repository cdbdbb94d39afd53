/**
 * The thread in which SQLite works, since `node:sqlite` blocks whoever calls it. Imports nothing but `node:` modules, and so
 * runs as it is, from the source as well as from the package.
 */
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'

export interface SqliteAsk {
  readonly id: number
  readonly do: 'open' | 'all' | 'run' | 'begin' | 'commit' | 'rollback' | 'backup' | 'close'
  /** SQL, or the path of a file. */
  readonly text: string
  readonly params: readonly (string | number | null)[]
  /** Part of a transaction. */
  readonly within: boolean
}

export type SqliteAnswer =
  | { readonly id: number; readonly rows: readonly object[] }
  | { readonly id: number; readonly changes: number }
  | { readonly id: number; readonly error: string; readonly locked?: true }

interface Prepared {
  readonly statement: StatementSync
  /** Which parameter each place takes. */
  readonly order: readonly number[]
}

const mostPrepared = 200
const busyMs = 5000
/** SQLITE_BUSY of https://sqlite.org/rescode.html */
const busy = 5

const prepared = new Map<string, Prepared>()
let database: DatabaseSync | undefined
let lock: DatabaseSync | undefined
/** As in Postgres, nothing goes on in a transaction in which something has failed. */
let transaction: 'none' | 'open' | 'failed' = 'none'

const port = parentPort
port?.on('message', (ask: SqliteAsk) => {
  port.postMessage(answer(ask))
  if (ask.do === 'close') port.close()
})

function answer(ask: SqliteAsk): SqliteAnswer {
  try {
    return work(ask)
  } catch (error) {
    if (ask.within) transaction = 'failed'
    const locked = isObject(error) && error.errcode === busy && ask.do === 'open'
    return { id: ask.id, error: error instanceof Error ? error.message : String(error), ...(locked && { locked }) }
  }
}

function work({ id, do: what, text, params, within }: SqliteAsk): SqliteAnswer {
  const done = { id, changes: 0 }
  switch (what) {
    case 'open':
      open(text)
      return done
    case 'begin':
      opened().exec('BEGIN IMMEDIATE')
      transaction = 'open'
      return done
    case 'commit':
      if (transaction !== 'open') throw new Error('the transaction has failed')
      opened().exec('COMMIT')
      transaction = 'none'
      return done
    case 'rollback':
      rollBack()
      return done
    case 'backup':
      backUp(text)
      return done
    case 'close':
      close()
      return done
    default:
      if (within && transaction !== 'open') throw new Error('the transaction has failed')
      return ask(id, what, text, params)
  }
}

function ask(id: number, what: 'all' | 'run', text: string, params: SqliteAsk['params']): SqliteAnswer {
  const { statement, order } = prepare(text)
  const values = order.map((place) => params[place] ?? null)
  if (what === 'all') return { id, rows: statement.all(...values) as object[] }
  return { id, changes: Number(statement.run(...values).changes) }
}

/** SQLite looks a named parameter up by going through all of them: by place, a thousand rows at once cost no more than their number. */
function prepare(text: string): Prepared {
  let found = prepared.get(text)
  if (found) prepared.delete(text)
  else {
    const order: number[] = []
    const placed = text.replace(/\$(\d+)/g, (_, number: string) => {
      order.push(Number(number) - 1)
      return '?'
    })
    found = { statement: opened().prepare(placed), order }
  }
  prepared.set(text, found)
  if (prepared.size > mostPrepared) {
    const [oldest] = prepared.keys()
    if (oldest !== undefined) prepared.delete(oldest)
  }
  return found
}

/**
 * The lock is one of the operating system, on a file beside the data: it goes with the process, however that ends, and means
 * the same to containers that cannot see each other's processes.
 */
function open(file: string): void {
  if (file === ':memory:') {
    database = new DatabaseSync(file)
    return
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  makeOwn(file)
  makeOwn(`${file}.lock`)
  lock = new DatabaseSync(`${file}.lock`)
  lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  database = new DatabaseSync(file)
  // FULL: what was answered survives a loss of power too. A budget that forgets what was spent would be spent again.
  database.exec(`PRAGMA busy_timeout = ${busyMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`)
}

/** A file that nobody else may read; SQLite's own beside it take after it. */
function makeOwn(file: string): void {
  closeSync(openSync(file, 'a', 0o600))
}

function backUp(to: string): void {
  closeSync(openSync(to, 'wx', 0o600))
  opened().prepare('VACUUM INTO ?').run(to)
  const written = openSync(to, 'r+')
  fsyncSync(written)
  closeSync(written)
}

function rollBack(): void {
  transaction = 'none'
  try {
    opened().exec('ROLLBACK')
  } catch {
    // SQLite has rolled back by itself, or never begun.
  }
}

function close(): void {
  prepared.clear()
  database?.close()
  lock?.close()
}

function opened(): DatabaseSync {
  if (!database) throw new Error('no file is open')
  return database
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
