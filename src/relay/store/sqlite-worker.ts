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
  readonly do: 'open' | 'share' | 'read' | 'all' | 'slice' | 'run' | 'begin' | 'commit' | 'rollback' | 'backup' | 'close'
  /** SQL, or the path of a file. Of a further slice nothing. */
  readonly text: string
  readonly params: readonly (string | number | null)[]
  /** Part of a transaction. */
  readonly within: boolean
  /** Of the end of a transaction: another one waits, whose end makes both last. */
  readonly more: boolean
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

/** What a large transaction has made of the write-ahead log beyond that is given back to the disk. */
const mostLogBytes = 64 * 1024 * 1024

const busyMs = 5000
/** SQLITE_BUSY of https://sqlite.org/rescode.html */
const busy = 5

/** Who only reads takes no lock from those who write. */
let beginning = 'BEGIN IMMEDIATE'

const prepared = new Map<string, Prepared>()
/** What is read in slices. */
let reading: ReturnType<StatementSync['iterate']> | undefined
const sliceSize = 1000

let database: DatabaseSync | undefined
let lock: DatabaseSync | undefined
/** As in Postgres, nothing goes on in a transaction in which something has failed. */
let transaction: 'none' | 'open' | 'failed' = 'none'

/**
 * Those that wait are written to the disk together, each a savepoint of one transaction of SQLite, and answered when it is
 * there: a disk makes a few hundred writes last in a second, whatever their size.
 */
let group: number[] | undefined
const mostInGroup = 64

const port = parentPort
port?.on('message', (ask: SqliteAsk) => {
  try {
    const answer = work(ask)
    if (answer) port.postMessage(answer)
  } catch (error) {
    if (transaction === 'open') transaction = 'failed'
    const locked = isObject(error) && error.errcode === busy && ask.do === 'open'
    port.postMessage({ ...failure(ask.id, error), ...(locked && { locked }) } satisfies SqliteAnswer)
  }
  if (ask.do === 'close') port.close()
})

/** @returns nothing when it is to be answered later */
function work({ id, do: what, text, params, within, more }: SqliteAsk): SqliteAnswer | undefined {
  if (!within) endGroup()
  const done = { id, changes: 0 }
  switch (what) {
    case 'open':
      open(text)
      return done
    case 'read':
      beginning = 'BEGIN'
      openFile(text)
      return done
    case 'share':
      openFile(text)
      return done
    case 'begin':
      begin()
      return done
    case 'commit':
      return commit(id, more)
    case 'rollback':
      rollBack()
      if (!more) endGroup()
      return done
    case 'backup':
      backUp(text)
      return done
    case 'close':
      close()
      return done
    default:
      if (within && transaction !== 'open') throw new Error('something in the transaction has failed')
      return ask(id, what, text, params)
  }
}

function begin(): void {
  if (!group) {
    opened().exec(beginning)
    group = []
  }
  opened().exec('SAVEPOINT work')
  transaction = 'open'
}

function commit(id: number, more: boolean): SqliteAnswer | undefined {
  leave()
  const failed = transaction !== 'open'
  if (failed) rollBack()
  else {
    opened().exec('RELEASE work')
    transaction = 'none'
    group?.push(id)
  }
  if (!more || (group && group.length >= mostInGroup)) endGroup()
  return failed ? failure(id, 'something in the transaction has failed') : undefined
}

/** Makes what was done last, and answers those who have waited for it. */
function endGroup(): void {
  const waiting = group
  group = undefined
  if (!waiting) return
  try {
    opened().exec('COMMIT')
    for (const id of waiting) port?.postMessage({ id, changes: 0 } satisfies SqliteAnswer)
  } catch (error) {
    giveUp()
    for (const id of waiting) port?.postMessage(failure(id, error))
  }
}

function rollBack(): void {
  leave()
  transaction = 'none'
  try {
    if (group) opened().exec('ROLLBACK TO work; RELEASE work')
  } catch {
    // SQLite has given up all of it by itself, as it does when a disk is full.
    const waiting = group ?? []
    group = undefined
    giveUp()
    for (const id of waiting) port?.postMessage(failure(id, 'SQLite has given the transaction up'))
  }
}

function giveUp(): void {
  try {
    opened().exec('ROLLBACK')
  } catch {
    // There was nothing left of it.
  }
}

function failure(id: number, error: unknown): { readonly id: number; readonly error: string } {
  return { id, error: error instanceof Error ? error.message : String(error) }
}

function ask(id: number, what: 'all' | 'slice' | 'run', text: string, params: SqliteAsk['params']): SqliteAnswer {
  if (what === 'slice') return { id, rows: slice(text, params) }
  const { statement, order } = prepare(text)
  const values = order.map((place) => params[place] ?? null)
  if (what === 'all') return { id, rows: statement.all(...values) as object[] }
  return { id, changes: Number(statement.run(...values).changes) }
}

/** A reading that has not come to its end would hold to its moment, and with it all that is read later. */
function leave(): void {
  reading?.return?.()
  reading = undefined
}

function slice(text: string, params: SqliteAsk['params']): object[] {
  if (text !== '') {
    const { statement, order } = prepare(text)
    reading = statement.iterate(...order.map((place) => params[place] ?? null))
  }
  const rows: object[] = []
  while (reading && rows.length < sliceSize) {
    const { value, done } = reading.next()
    if (done) reading = undefined
    else rows.push(value)
  }
  return rows
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

function open(file: string): void {
  if (file !== ':memory:') hold(file)
  openFile(file)
}

/**
 * The lock is one of the operating system, on a file beside the data: it goes with the process, however that ends, and means
 * the same to containers that cannot see each other's processes.
 */
function hold(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  makeOwn(file)
  makeOwn(`${file}.lock`)
  lock = new DatabaseSync(`${file}.lock`)
  lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
}

function openFile(file: string): void {
  database = new DatabaseSync(file)
  // FULL: what was answered survives a loss of power too. A budget that forgets what was spent would be spent again.
  database.exec(`PRAGMA busy_timeout = ${busyMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = ${mostLogBytes}`)
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
