/** Rows into ClickHouse over its HTTP interface: https://clickhouse.com/docs/interfaces/http */
import { LeashError } from '../../core/errors.js'
import type { LedgerLine } from '../../core/ledger.js'
import { within } from '../../core/within.js'
import type { ClickHouseOptions } from './options.js'
import { rowOf, tableOf } from './table.js'

/** Of one request, in milliseconds: shorter than a relay keeps its hands on what it sends. */
const timeoutMs = 30_000

/** https://clickhouse.com/docs/interfaces/http: codes of its exceptions. */
const unknownTable = 60

/** Nobody needs more of it than the code. */
const mostRead = 4096

/** Makes the table where there is none. @throws LeashError that says what went wrong, and shows nothing of the rows */
export async function insertInto(options: ClickHouseOptions, lines: readonly LedgerLine[], signal: AbortSignal): Promise<void> {
  const { database = 'default', table = 'leash_usage' } = options
  const target = `\`${database}\`.\`${table}\``
  const body = lines.map((line) => `${rowOf(line)}\n`).join('')
  const ask = (query: string, body: string) => asked(options, query, body, signal)
  const insert = () => ask(`INSERT INTO ${target} FORMAT JSONEachRow`, body)
  const failed = await insert()
  if (failed === undefined) return
  if (failed.code !== unknownTable) throw failed.error
  // Only then: who may insert need not be allowed to make tables.
  const unmade = await ask('', tableOf(target))
  const again = unmade ?? (await insert())
  if (again) throw again.error
}

interface Failed {
  readonly error: LeashError
  readonly code: number
}

/** @returns undefined when it was done */
async function asked(
  { url, user = 'default', password = '' }: ClickHouseOptions,
  query: string,
  body: string,
  signal: AbortSignal,
): Promise<Failed | undefined> {
  const target = new URL(url)
  // A table that somebody has made with fewer columns has those.
  target.searchParams.set('input_format_skip_unknown_fields', '1')
  if (query !== '') target.searchParams.set('query', query)
  const headers = { 'x-clickhouse-user': user, 'x-clickhouse-key': password }
  const ended = within(timeoutMs, signal)
  const answer = await fetch(target, { method: 'POST', headers, body, signal: ended, redirect: 'error' }).catch((cause) => {
    throw new LeashError('network_error', 'It cannot be reached.', { cause })
  })
  const text = (await answer.text().catch(() => '')).slice(0, mostRead)
  const [, said] = /Code: (\d+)/.exec(text) ?? []
  if (answer.ok && said === undefined) return undefined
  // What it says besides has rows in it.
  const how = `It answered ${answer.status}${said === undefined ? '' : ` with code ${said}`}.`
  return { error: new LeashError('upstream_error', how), code: Number(said) }
}
