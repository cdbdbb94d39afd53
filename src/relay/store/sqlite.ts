/**
 * SQLite in a thread of its own: one connection, through which everything goes in the order it was asked. Reports and copies have
 * another thread, lest calls wait for them.
 */
import { Worker } from 'node:worker_threads'
import { isLeashError, LeashError, messageOf } from '../../core/errors.js'
import { relayFile } from '../files.js'
import type { Reads, Snapshot, Sql, SqlValue } from './sql.js'
import type { SqliteAnswer, SqliteAsk } from './sqlite-worker.js'
import { unusable } from './unusable.js'

export interface SqliteOptions {
  /** It and its folder are made when they are not there. `:memory:` keeps nothing. */
  readonly file: string
  /** Some process holds the file for this one and others, which write to it one after the other. @defaultValue false */
  readonly shared?: boolean
}

export interface SqliteSql extends Sql {
  /** Writes a whole copy as of now into a new file, which its owner alone may read. Reports wait meanwhile. */
  backup(to: string): Promise<void>
}

/** @throws LeashError `invalid_config` when another process has the file open, or it cannot be opened */
export function openSqlite({ file, shared = false }: SqliteOptions): Promise<SqliteSql> {
  return opened(file, shared ? 'share' : 'open')
}

async function opened(file: string, how: 'open' | 'share' | 'read'): Promise<Sqlite> {
  const sqlite = new Sqlite(how === 'read')
  await sqlite.open(file, how)
  return sqlite
}

/** Callers beyond so many are refused: a database that is this far behind does not catch up by their waiting. */
const mostWaiting = 10_000

/** Chunks of the package lie beside the folder `relay`. */
const script = relayFile('store/sqlite-worker.ts', 'sqlite-worker.js')

interface Asked {
  readonly resolve: (answer: Done) => void
  readonly reject: (error: LeashError) => void
}

type Done = Exclude<SqliteAnswer, { readonly error: string }>

class Sqlite implements SqliteSql {
  readonly #worker: Worker
  readonly #asked = new Map<number, Asked>()
  /** Whoever waits for the end of a transaction. Empty as long as there is none. */
  readonly #waiting: (() => void)[] = []
  #inTransaction = false
  #count = 0
  /** Why nothing can be asked any more. */
  #over: LeashError | undefined
  #reader: Promise<Sqlite> | undefined
  /** Absent of what is in memory, which nobody else can open. */
  #file: string | undefined

  /** Its transactions are views of one moment, each of its own. */
  readonly #reads: boolean

  constructor(reads: boolean) {
    this.#reads = reads
    // Node calls its SQLite experimental, on the standard error of whoever uses it.
    this.#worker = new Worker(script, { execArgv: ['--disable-warning=ExperimentalWarning'] })
    this.#worker.on('message', (answer: SqliteAnswer) => this.#answered(answer))
    this.#worker.on('error', (cause) => this.#end(unusable(messageOf(cause), cause)))
    this.#worker.on('exit', () => this.#end(unusable('it was closed')))
  }

  async open(file: string, how: 'open' | 'share' | 'read'): Promise<void> {
    try {
      await this.#ask(how, file)
      if (file !== ':memory:') this.#file = file
    } catch (error) {
      await this.#worker.terminate()
      throw isLeashError(error) && error.code === 'overloaded' ? unopened(file, error) : error
    }
  }

  all<T extends object>(text: string, params: readonly SqlValue[] = []): Promise<T[]> {
    return this.#whenFree(async () => rowsOf<T>(await this.#ask('all', text, params)))
  }

  run(text: string, params: readonly SqlValue[] = []): Promise<number> {
    return this.#whenFree(async () => changesOf(await this.#ask('run', text, params)))
  }

  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#whenFree(() => this.#transact(work))
  }

  async snapshot<T>(work: (reads: Snapshot) => Promise<T>): Promise<T> {
    const by = this.#file === undefined ? this : await this.#readerOf(this.#file)
    return by.#whenFree(() => by.#transact(work))
  }

  async backup(to: string): Promise<void> {
    const by = this.#file === undefined ? this : await this.#readerOf(this.#file)
    await by.#whenFree(() => by.#ask('backup', to))
  }

  get beside(): Reads | undefined {
    const file = this.#file
    return file === undefined ? undefined : { all: async (text, params) => (await this.#readerOf(file)).all(text, params) }
  }

  async close(): Promise<void> {
    await (await this.#reader?.catch(() => undefined))?.close()
    if (this.#over) return
    await this.#whenFree(async () => {
      if (this.#over) return
      const closed = this.#ask('close')
      this.#over = unusable('it was closed')
      await closed
    })
  }

  /** Started by the first who reads. */
  #readerOf(file: string): Promise<Sqlite> {
    if (this.#over) return Promise.reject(this.#over)
    this.#reader ??= opened(file, 'read').catch((error) => {
      this.#reader = undefined
      throw error
    })
    return this.#reader
  }

  async #transact<T>(work: (sql: Sql & Snapshot) => Promise<T>): Promise<T> {
    this.#inTransaction = true
    let open = true
    const ask = (what: 'all' | 'run' | 'slice', text: string, params: readonly SqlValue[]) => {
      if (!open) throw unusable('a statement came after the end of its transaction')
      return this.#ask(what, text, params, true)
    }
    // Whoever waits goes on at once: what they ask comes after the end, which they may make last together with their own.
    const end = (what: 'commit' | 'rollback') => {
      open = false
      const ended = this.#ask(what, '', [], true, !this.#reads && this.#waiting.length > 0)
      this.#goOn()
      return ended
    }
    const sql: Sql & Snapshot = {
      async *slices<R extends object>(text: string, params: readonly SqlValue[] = []) {
        let rows = rowsOf<R>(await ask('slice', text, params))
        while (rows.length > 0) {
          yield rows
          rows = rowsOf<R>(await ask('slice', '', []))
        }
      },
      all: async <R extends object>(text: string, params: readonly SqlValue[] = []) => rowsOf<R>(await ask('all', text, params)),
      run: async (text, params = []) => changesOf(await ask('run', text, params)),
      transaction: (inner) => inner(sql),
      snapshot: (inner) => inner(sql),
      close: async () => {},
    }
    let value: T
    try {
      // The first statement need not wait for it: the thread refuses that when this has failed.
      const begun = this.#ask('begin', '', [], true)
      value = (await Promise.all([work(sql), begun]))[0]
    } catch (error) {
      await end('rollback').catch(() => {})
      throw error
    }
    await end('commit')
    return value
  }

  #whenFree<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#inTransaction) return work()
    if (this.#waiting.length >= mostWaiting)
      return Promise.reject(unusable(`${mostWaiting} others wait for it already. Try again later`))
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => work().then(resolve, reject))
    })
  }

  #goOn(): void {
    this.#inTransaction = false
    while (!this.#inTransaction) {
      const next = this.#waiting.shift()
      if (!next) return
      next()
    }
  }

  #ask(what: SqliteAsk['do'], text = '', params: readonly SqlValue[] = [], within = false, more = false): Promise<Done> {
    if (this.#over) return Promise.reject(this.#over)
    const id = this.#count++
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject })
      this.#worker.postMessage({ id, do: what, text, params, within, more } satisfies SqliteAsk)
    })
  }

  #answered(answer: SqliteAnswer): void {
    const asked = this.#asked.get(answer.id)
    this.#asked.delete(answer.id)
    if (!('error' in answer)) asked?.resolve(answer)
    else asked?.reject(answer.locked ? inUse() : unusable(answer.error))
  }

  #end(error: LeashError): void {
    this.#over ??= error
    for (const { reject } of this.#asked.values()) reject(error)
    this.#asked.clear()
  }
}

function rowsOf<T extends object>(answer: Done): T[] {
  return 'rows' in answer ? (answer.rows as T[]) : []
}

function changesOf(answer: Done): number {
  return 'changes' in answer ? answer.changes : 0
}

function inUse(): LeashError {
  return new LeashError(
    'invalid_config',
    "Another process has the relay's file open. Stop it, give this one another data folder, or let both share a Postgres by DATABASE_URL.",
  )
}

function unopened(file: string, cause: LeashError): LeashError {
  const message = `${cause.detail} It is ${file}: where it is damaged, bring it back from a backup.`
  return new LeashError('invalid_config', message, { cause })
}
