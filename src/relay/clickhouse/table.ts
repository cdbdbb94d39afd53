/**
 * Lines of the ledger as rows of ClickHouse. Of types that it has had for long: no Map, no LowCardinality, no DateTime64.
 * https://clickhouse.com/docs/engines/table-engines/mergetree-family/replacingmergetree
 */
import type { LedgerLine } from '../../core/ledger.js'
import { buckets } from '../../core/usage.js'
import { usageColumns } from '../usage/hours.js'

const counted = buckets.map((bucket) => `  ${usageColumns[bucket]} UInt64,\n`).join('')

/**
 * A row that comes twice has the same key, and so is one after a merge, and with FINAL. By years: an insert may touch a hundred
 * partitions, and a client may say of any line that it is of 1970.
 *
 * @param table with its database
 */
export const tableOf = (table: string): string => `CREATE TABLE IF NOT EXISTS ${table} (
  tenant String,
  at DateTime('UTC'),
  at_ms Int64,
  id String,
  call_id String,
  attempt UInt16,
  duration_ms UInt32,
  key_id String,
  user_id String,
  provider String,
  model String,
  protocol String,
  outcome String,
  status UInt16,
  error String,
  shadow Array(String),
  hedged UInt8,
  cached UInt8,
  coalesced UInt8,
${counted}  basis String,
  service_tier String,
  cost Nullable(Int64),
  saved Nullable(Int64),
  price_version String,
  tag_names Array(String),
  tag_values Array(String)
) ENGINE = ReplacingMergeTree() PARTITION BY toYear(at) ORDER BY (tenant, at, id)`

/** Money in whole nano-dollars. @returns one line of JSONEachRow */
export function rowOf(line: LedgerLine): string {
  const { tags = {} } = line
  return JSON.stringify({
    tenant: line.tenant ?? '',
    at: new Date(line.at).toISOString().slice(0, 19).replace('T', ' '),
    at_ms: line.at,
    id: line.id,
    call_id: line.callId,
    attempt: line.attempt,
    duration_ms: line.durationMs,
    key_id: line.key ?? '',
    user_id: line.user ?? '',
    provider: line.provider,
    model: line.model,
    protocol: line.protocol,
    outcome: line.outcome,
    status: line.status ?? 0,
    error: line.error ?? '',
    shadow: line.shadow ?? [],
    hedged: line.hedged ? 1 : 0,
    cached: line.cached ? 1 : 0,
    coalesced: line.coalesced ? 1 : 0,
    ...Object.fromEntries(buckets.map((bucket) => [usageColumns[bucket], line.usage[bucket]])),
    basis: line.basis,
    service_tier: line.serviceTier ?? '',
    cost: line.cost,
    saved: line.saved ?? null,
    price_version: line.priceVersion ?? '',
    tag_names: Object.keys(tags),
    tag_values: Object.values(tags),
  })
}
