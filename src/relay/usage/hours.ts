/** Sums by the hour, and of parts of it, so that a report reads some thousand rows and not every line of a year. */
import type { LedgerLine } from '../../core/ledger.js'
import { buckets, type Usage } from '../../core/usage.js'
import { inParts, places, type Sql, type SqlValue } from '../store/sql.js'
import { hourMs, isOfTags, keyIn, partKeyColumns, parts } from './parts.js'

/** What the lines of one hour are told apart by. */
export const keyColumns = ['hour', 'tenant', 'key_id', 'user_id', 'model', 'provider'] as const

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
export const tagKeyColumns = [...keyColumns, 'tag', 'value'] as const

/** Tags of one line that are summed up. */
const mostTags = 8

const sumColumns = [...Object.keys(counters), ...buckets.map((bucket) => usageColumns[bucket])]
const rowsAtOnce = 128

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
    const counted = countsOf(line)
    hours.add(values, counted)
    for (const tag of tagsOf(line)) tags.add([...values, ...tag], counted)
  }
  const less = new Sums()
  for (const part of parts) for (const { key, sums } of (isOfTags(part) ? tags : hours).all) less.add(keyIn(part, key), sums)
  await write(sql, 'usage_hours', keyColumns, hours.rows())
  await write(sql, 'usage_tag_hours', tagKeyColumns, tags.rows())
  await write(sql, 'usage_parts', partKeyColumns, less.rows())
}

/** A tag without a value is none: it is among those that do not have it. */
function tagsOf({ tags = {} }: LedgerLine): [string, string][] {
  return Object.entries(tags)
    .filter(([, value]) => value !== '')
    .slice(0, mostTags)
}

class Sums {
  readonly #hours = new Map<string, Hour>()

  get all(): Iterable<Hour> {
    return this.#hours.values()
  }

  add(key: readonly SqlValue[], added: readonly number[]): void {
    const name = key.join('\0')
    const { sums } = this.#hours.get(name) ?? {}
    if (!sums) this.#hours.set(name, { key, sums: [...added] })
    else for (let place = 0; place < sums.length; place++) sums[place] = (sums[place] ?? 0) + (added[place] ?? 0)
  }

  /** In one order, so that two batches never wait for each other. */
  rows(): (readonly SqlValue[])[] {
    return [...this.#hours].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { key, sums }]) => [...key, ...sums])
  }
}

async function write(sql: Sql, table: string, key: readonly string[], rows: readonly (readonly SqlValue[])[]): Promise<void> {
  for (const some of inParts(rows, rowsAtOnce)) await sql.run(additionOf(table, key, some.length), some.flat())
}

/** By table and the number of rows. */
const additions = new Map<string, string>()

function additionOf(table: string, key: readonly string[], count: number): string {
  const name = `${table} ${count}`
  let text = additions.get(name)
  if (text === undefined) {
    const columns = [...key, ...sumColumns]
    const sums = sumColumns.map((column) => `${column} = ${table}.${column} + excluded.${column}`)
    text = `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${places(count, columns.length)}
      ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${sums.join(', ')}`
    additions.set(name, text)
  }
  return text
}

const counts = Object.values(counters)

/** In the order of their columns. */
function countsOf(line: LedgerLine): readonly number[] {
  return [...counts.map((count) => count(line)), ...buckets.map((bucket) => line.usage[bucket])]
}

function isReused({ cached, coalesced }: LedgerLine): boolean {
  return cached === true || coalesced === true
}
