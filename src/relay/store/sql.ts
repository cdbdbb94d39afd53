/**
 * What the relay asks of its database. SQL that both SQLite and Postgres understand, with `$1` for parameters: no other
 * dollar sign stands in it. Times are milliseconds since 1970 and money is whole nano-dollars, both BIGINT.
 */
export type SqlValue = string | number | null

export interface Sql {
  all<T extends object>(text: string, params?: readonly SqlValue[]): Promise<T[]>
  /** @returns how many rows were changed */
  run(text: string, params?: readonly SqlValue[]): Promise<number>
  /**
   * All of it or nothing. Inside, only the `sql` that is given may be asked: others wait for the end. A transaction within one
   * is part of it. What has failed inside cannot go on, whoever catches the error.
   *
   * @param work done again from the beginning when others were in its way, so it does nothing but ask
   * @param pace whether its statements may take as long as they like, where others are given up after a time
   */
  transaction<T>(work: (sql: Sql) => Promise<T>, pace?: Pace): Promise<T>
  /**
   * All that is read inside is as of one moment: what others write meanwhile is not among it. It holds nobody up, but for a
   * database in memory.
   */
  snapshot<T>(work: (reads: Snapshot) => Promise<T>): Promise<T>
  /** Where all others would wait for who reads much: reads what was written, and holds nobody up. */
  readonly beside?: Reads | undefined
  close(): Promise<void>
}

export type Reads = Pick<Sql, 'all'>

export interface Snapshot extends Reads {
  /** What {@link Sql.all} gives, some at a time: of many, never are all in memory. Only one reading of this kind at a time. */
  slices<T extends object>(text: string, params?: readonly SqlValue[]): AsyncIterable<readonly T[]>
}

export type Pace = 'usual' | 'patient'

/** What is written together with something else, or not at all. */
export type Also = (sql: Sql) => Promise<unknown>

/** In parts of few lengths, which are powers of two: a database reads a statement that it knows no second time. */
export function* inParts<T>(rows: readonly T[], most: number): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; ) {
    const part = rows.slice(at, at + Math.min(most, 2 ** Math.floor(Math.log2(rows.length - at))))
    yield part
    at += part.length
  }
}

/**
 * Conditions for those that are given. One that were always there, and true for all without a value, would keep a database from
 * its index.
 *
 * @param columns by their names @param first number of the parameters
 */
export function equalTo(columns: Readonly<Record<string, SqlValue | undefined>>, first: number): Conditions {
  const given = Object.entries(columns).flatMap(([column, value]) => (value === undefined ? [] : [{ column, value }]))
  return {
    text: given.map(({ column }, at) => ` AND ${column} = $${first + at}`).join(''),
    params: given.map(({ value }) => value),
  }
}

export interface Conditions {
  readonly text: string
  readonly params: readonly SqlValue[]
}

/** `($1, $2), ($3, $4)`: places for rows of so many values. */
export function places(rows: number, width: number, first = 1): string {
  const row = (at: number) => `(${Array.from({ length: width }, (_, column) => `$${first + at * width + column}`).join(', ')})`
  return Array.from({ length: rows }, (_, at) => row(at)).join(', ')
}
