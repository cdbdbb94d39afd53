/** Postgres 12 or newer, for several relays at once. */
import { codeOf } from '../../core/code-of.js'
import { LeashError, messageOf } from '../../core/errors.js'
import { loadOptional } from '../../core/optional.js'
import type { Pace, Snapshot, Sql, SqlValue } from './sql.js'
import { unusable } from './unusable.js'

export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database` */
  readonly url: string
  /** Connections at most. @defaultValue 10 */
  readonly connections?: number
  /** How long a connection may take to be made, or to be free, in milliseconds. @defaultValue 5000 */
  readonly timeoutMs?: number
  /**
   * How long a statement may take, in milliseconds. Of a server that is gone without a word, as after a failover, a connection
   * hears nothing for a quarter of an hour. @defaultValue 30000
   */
  readonly answerMs?: number
}

/** What is used of the package `pg`, so that nobody needs its types who does not use it. */
interface Pool extends Queries {
  connect(): Promise<Client>
  on(event: 'error', listener: (error: Error) => void): unknown
  end(): Promise<void>
}

interface Client extends Queries {
  on(event: 'error', listener: () => void): unknown
  removeListener(event: 'error', listener: () => void): unknown
  /** @param broken whether it is thrown away */
  release(broken: boolean): void
}

interface Queries {
  query(query: Query): Promise<Answer>
}

interface Query {
  readonly text: string
  readonly values: readonly SqlValue[]
  /** In milliseconds; 0: none. A connection of the pool that has not answered by then is not used again. */
  readonly query_timeout: number
}

interface Answer {
  readonly command: string
  readonly rows: object[]
  readonly rowCount: number | null
}

interface Package {
  readonly Pool: new (options: object) => Pool
  readonly types: { getTypeParser(type: number, format?: string): unknown }
}

/** Named by a variable: the package is an optional peer, of which nothing is asked but what stands above. */
const packageName: string = 'pg'

/** The type of BIGINT. https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const bigint = 20

/** Classes of https://www.postgresql.org/docs/current/errcodes-appendix.html: others were faster, and a value that no column takes. */
const again = new Set(['40001', '40P01'])
const dataException = '22'
const mostTries = 5

const sliceSize = 1000

/** @throws LeashError `missing_dependency` without the package `pg` */
export async function openPostgres(options: PostgresOptions): Promise<Sql> {
  const { url, connections = 10, timeoutMs = 5000, answerMs = 30_000 } = options
  const { default: pg } = await loadOptional<{ readonly default: Package }>('pg', () => import(packageName))
  const types = {
    // No sum that is read passes what a number holds.
    getTypeParser: (type: number, format?: string) => (type === bigint ? Number : pg.types.getTypeParser(type, format)),
  }
  const pool = new pg.Pool({ connectionString: url, max: connections, connectionTimeoutMillis: timeoutMs, types })
  // A connection that breaks while nobody uses it is made anew for the next who does.
  pool.on('error', () => {})
  return new Postgres(pool, { timeoutMs, answerMs })
}

type Bounds = Required<Pick<PostgresOptions, 'timeoutMs' | 'answerMs'>>

class Postgres implements Sql {
  readonly #pool: Pool
  readonly #bounds: Bounds
  #closing: Promise<void> | undefined

  constructor(pool: Pool, bounds: Bounds) {
    this.#pool = pool
    this.#bounds = bounds
  }

  async all<T extends object>(text: string, params: readonly SqlValue[] = []): Promise<T[]> {
    return (await ask(this.#pool, this.#bounds.answerMs, text, params)).rows as T[]
  }

  async run(text: string, params: readonly SqlValue[] = []): Promise<number> {
    return (await ask(this.#pool, this.#bounds.answerMs, text, params)).rowCount ?? 0
  }

  async transaction<T>(work: (sql: Sql) => Promise<T>, pace: Pace = 'usual'): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once(work, 'BEGIN', pace === 'usual' ? this.#bounds.answerMs : 0)
      } catch (error) {
        if (tries === mostTries || !(error instanceof LeashError && again.has(codeOf(error.cause) ?? ''))) throw error
      }
    }
  }

  snapshot<T>(work: (reads: Snapshot) => Promise<T>): Promise<T> {
    return this.#once(work, 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY', this.#bounds.answerMs)
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end()
    return this.#closing
  }

  async #once<T>(work: (sql: Sql & Snapshot) => Promise<T>, begin: string, answerMs: number): Promise<T> {
    const { timeoutMs } = this.#bounds
    const client = await this.#pool.connect().catch((cause: unknown) => {
      throw failed(cause)
    })
    let [open, broken] = [true, false]
    // A connection that ends says so by an event, beside what its queries say; unheard, that would end the process.
    const drop = () => {
      broken = true
    }
    client.on('error', drop)
    const within = (text: string, params: readonly SqlValue[] = []) => {
      if (!open) throw failed(new Error('a statement came after the end of its transaction'))
      return ask(client, answerMs, text, params)
    }
    const sql: Sql & Snapshot = {
      async *slices<R extends object>(text: string, params?: readonly SqlValue[]) {
        await within(`DECLARE slices CURSOR FOR ${text}`, params)
        for (;;) {
          const { rows } = await within(`FETCH ${sliceSize} FROM slices`)
          if (rows.length > 0) yield rows as R[]
          if (rows.length < sliceSize) break
        }
        await within('CLOSE slices')
      },
      all: async <R extends object>(text: string, params?: readonly SqlValue[]) => (await within(text, params)).rows as R[],
      run: async (text, params) => (await within(text, params)).rowCount ?? 0,
      transaction: (inner) => inner(sql),
      snapshot: (inner) => inner(sql),
      close: async () => {},
    }
    try {
      await ask(client, timeoutMs, begin)
      const value = await work(sql)
      open = false
      await commit(client, answerMs)
      return value
    } catch (error) {
      open = false
      await ask(client, timeoutMs, 'ROLLBACK').catch(() => {
        broken = true
      })
      throw error
    } finally {
      client.removeListener('error', drop)
      client.release(broken)
    }
  }
}

/** Postgres answers the end of a transaction in which something has failed with `ROLLBACK`, and no error. */
async function commit(client: Client, answerMs: number): Promise<void> {
  const { command } = await ask(client, answerMs, 'COMMIT')
  if (command === 'ROLLBACK') throw failed(new Error('something in the transaction has failed'))
}

async function ask(queries: Queries, ms: number, text: string, values: readonly SqlValue[] = []): Promise<Answer> {
  try {
    return await queries.query({ text, values, query_timeout: ms })
  } catch (cause) {
    throw failed(cause)
  }
}

function failed(cause: unknown): LeashError {
  if (codeOf(cause)?.startsWith(dataException))
    return new LeashError('invalid_request', 'A value of the request is one that the database cannot hold.', { cause })
  return unusable(messageOf(cause), cause)
}
