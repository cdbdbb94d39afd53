/** Answers by the vectors of their questions, in a Postgres with the extension pgvector: https://github.com/pgvector/pgvector */
import { LeashError } from '../core/errors.js'
import type { Value } from '../core/store.js'

/** As much of a client as is used here: a `Pool` or a `Client` of the package `pg`, PGlite, and others. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
}

export interface PgvectorOptions {
  /** Made when it is not there, with the extension. @defaultValue 'leash_answers' */
  readonly table?: string | undefined
}

/** A `VectorIndex` for the option `semanticCache.index`. Whoever made the client closes it. */
export interface PgvectorIndex {
  nearest(space: string, vector: Float32Array, similarity: number): Promise<{ similarity: number; value: Value } | undefined>
  add(space: string, vector: Float32Array, value: Value, ttlMs: number): Promise<void>
  clear(prefix: string): Promise<number>
}

/** Vectors that are nearer are those of the same question. */
const same = 1e-6

interface Row {
  readonly answer: Uint8Array
  readonly is_text: boolean
  readonly similarity: number
}

/**
 * Looks at the vectors of one space alone, one by one, and so finds the nearest and not one that is nearly so.
 *
 * @example
 * createLeash({ semanticCache: { embed: 'openai/text-embedding-3-small', index: pgvector(new Pool({ connectionString })) } })
 * @throws LeashError `invalid_config` for a table's name that is none
 */
export function pgvector(client: PostgresClient, { table = 'leash_answers' }: PgvectorOptions = {}): PgvectorIndex {
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(table))
    throw new LeashError('invalid_config', '`table` is a name of small letters, digits and underscores.')
  let made: Promise<unknown> | undefined
  const ready = () => {
    made ??= make(client, table).catch((error) => {
      made = undefined
      throw error
    })
    return made
  }
  return {
    async nearest(space, vector, similarity) {
      await ready()
      const { rows } = await client.query(
        `SELECT answer, is_text, 1 - (embedding <=> $2::vector) AS similarity FROM ${table}
         WHERE space = $1 AND expires_at > $3 AND vector_dims(embedding) = $4 ORDER BY embedding <=> $2::vector LIMIT 1`,
        [space, written(vector), Date.now(), vector.length],
      )
      const [row] = rows as readonly Row[]
      if (!row || row.similarity < similarity) return undefined
      const { answer, is_text: isText } = row
      return { similarity: row.similarity, value: isText ? new TextDecoder().decode(answer) : new Uint8Array(answer) }
    },
    async add(space, vector, value, ttlMs) {
      await ready()
      const now = Date.now()
      await client.query(
        `DELETE FROM ${table} WHERE expires_at <= $3
         OR (space = $1 AND vector_dims(embedding) = $4 AND (embedding <=> $2::vector) < ${same})`,
        [space, written(vector), now, vector.length],
      )
      const isText = typeof value === 'string'
      const answer = isText ? new TextEncoder().encode(value) : value
      await client.query(
        `INSERT INTO ${table} (space, embedding, answer, is_text, expires_at) VALUES ($1, $2::vector, $3, $4, $5)`,
        [space, written(vector), answer, isText, Math.ceil(now + ttlMs)],
      )
    },
    async clear(prefix) {
      await ready()
      const { rows } = await client.query(`DELETE FROM ${table} WHERE starts_with(space, $1) RETURNING 1`, [prefix])
      return rows.length
    },
  }
}

/** One that is there already may belong to somebody else, who lets us read and write, and make nothing. */
async function make(client: PostgresClient, table: string): Promise<void> {
  const { rows } = await client.query('SELECT 1 WHERE to_regclass($1) IS NOT NULL', [table])
  if (rows.length > 0) return
  await client.query('CREATE EXTENSION IF NOT EXISTS vector')
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${table} (
      id BIGSERIAL PRIMARY KEY,
      space TEXT NOT NULL,
      embedding VECTOR NOT NULL,
      answer BYTEA NOT NULL,
      is_text BOOLEAN NOT NULL,
      expires_at BIGINT NOT NULL
    )`,
  )
  // The name of a space holds the instructions of its calls, and is longer than other indexes take.
  await client.query(`CREATE INDEX IF NOT EXISTS ${table}_space ON ${table} USING hash (space)`)
  await client.query(`CREATE INDEX IF NOT EXISTS ${table}_expires_at ON ${table} (expires_at)`)
}

const written = (vector: Float32Array): string => `[${vector.join(',')}]`
