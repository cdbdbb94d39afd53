/** Sums by the hour, so that a report reads some thousand rows and not every line of a year. */
import type { LedgerLine } from '../../core/ledger.js'
import { buckets, type Usage } from '../../core/usage.js'
import { places, type Sql, type SqlValue } from '../store/sql.js'

export const hourMs = 3_600_000

/** What the lines of one hour are told apart by. */
const keyColumns = ['hour', 'tenant', 'key_id', 'user_id', 'model', 'provider'] as const

const counters = {
  /** By the first attempt of each, and by answers without one. */
  calls: (line) => (line.attempt <= 1 ? 1 : 0),
  attempts: (line) => (isReused(line) ? 0 : 1),
  errors: ({ outcome }) => (outcome === 'error' ? 1 : 0),
  cancelled: ({ outcome }) => (outcome === 'cancelled' ? 1 : 0),
  cached: ({ cached }) => (cached ? 1 : 0),
  coalesced: ({ coalesced }) => (coalesced ? 1 : 0),
  estimated: (line) => (!isReused(line) && line.basis === 'estimated' ? 1 : 0),
  unpriced: (line) => (!isReused(line) && line.cost === null ? 1 : 0),
  duration_ms: ({ durationMs }) => durationMs,
  cost: ({ cost }) => cost ?? 0,
  saved: ({ saved }) => saved ?? 0,
} satisfies Record<string, (line: LedgerLine) => number>

/** Columns of the buckets of {@link Usage}. */
export const usageColumns = {
  input: 'input',
  cacheRead: 'cache_read',
  cacheWrite: 'cache_write',
  cacheWrite1h: 'cache_write_1h',
  audioInput: 'audio_input',
  output: 'output',
  reasoning: 'reasoning',
  audioOutput: 'audio_output',
} as const satisfies Record<keyof Usage, string>

/** The same for each tag that a line has: a line stands there once for each of them. */
const tagKeyColumns = [...keyColumns, 'tag', 'value'] as const

/** Tags of one line that are summed up. */
const mostTags = 8

const sumColumns = [...Object.keys(counters), ...buckets.map((bucket) => usageColumns[bucket])]
const rowsAtOnce = 200

interface Hour {
  readonly key: readonly SqlValue[]
  readonly sums: number[]
}

/** @param lines that have not been added before */
export async function addToHours(sql: Sql, lines: readonly LedgerLine[]): Promise<void> {
  const [hours, tags] = [new Sums(), new Sums()]
  for (const line of lines) {
    const { at, tenant = '', key = '', user = '', model, provider } = line
    const values = [at - (at % hourMs), tenant, key, user, model, provider]
    hours.add(values, line)
    for (const tag of tagsOf(line)) tags.add([...values, ...tag], line)
  }
  await write(sql, 'usage_hours', keyColumns, hours.rows())
  await write(sql, 'usage_tag_hours', tagKeyColumns, tags.rows())
}

/** A tag without a value is none: it is among those that do not have it. */
function tagsOf({ tags = {} }: LedgerLine): [string, string][] {
  return Object.entries(tags)
    .filter(([, value]) => value !== '')
    .slice(0, mostTags)
}

class Sums {
  readonly #hours = new Map<string, Hour>()

  add(key: readonly SqlValue[], line: LedgerLine): void {
    const name = key.join('\0')
    let hour = this.#hours.get(name)
    if (!hour) {
      hour = { key, sums: sumColumns.map(() => 0) }
      this.#hours.set(name, hour)
    }
    addTo(hour.sums, line)
  }

  /** In one order, so that two batches never wait for each other. */
  rows(): (readonly SqlValue[])[] {
    return [...this.#hours].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { key, sums }]) => [...key, ...sums])
  }
}

async function write(sql: Sql, table: string, key: readonly string[], rows: readonly (readonly SqlValue[])[]): Promise<void> {
  const columns = [...key, ...sumColumns]
  const sums = sumColumns.map((column) => `${column} = ${table}.${column} + excluded.${column}`)
  for (let at = 0; at < rows.length; at += rowsAtOnce) {
    const some = rows.slice(at, at + rowsAtOnce)
    await sql.run(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${places(some.length, columns.length)}
       ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${sums.join(', ')}`,
      some.flat(),
    )
  }
}

const counts = Object.values(counters)

/** In the order of their columns. */
function addTo(sums: number[], line: LedgerLine): void {
  let place = 0
  const add = (number: number) => {
    sums[place] = (sums[place] ?? 0) + number
    place++
  }
  for (const count of counts) add(count(line))
  for (const bucket of buckets) add(line.usage[bucket])
}

function isReused({ cached, coalesced }: LedgerLine): boolean {
  return cached === true || coalesced === true
}
