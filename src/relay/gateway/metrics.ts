/** What one tenant has used, in Prometheus' text format. It counts from the first of the month on, as every bill does. */
import { buckets } from '../../core/usage.js'
import { familyText } from '../../middleware/metrics/text.js'
import { usageColumns } from '../usage/hours.js'
import type { UsageRow } from '../usage/usage.js'

interface Total {
  readonly of: string
  readonly help: string
  readonly values: (row: UsageRow) => readonly (readonly [labels: Readonly<Record<string, string>>, value: number | string])[]
}

const totals: readonly Total[] = [
  { of: 'calls', help: 'Calls.', values: ({ calls }) => [[{}, calls]] },
  { of: 'attempts', help: 'Requests to providers.', values: ({ attempts }) => [[{}, attempts]] },
  { of: 'errors', help: 'Requests to providers that failed.', values: ({ errors }) => [[{}, errors]] },
  {
    of: 'tokens',
    help: 'Tokens. The types do not overlap.',
    values: ({ usage }) => buckets.map((bucket) => [{ type: usageColumns[bucket] }, usage[bucket]] as const),
  },
  { of: 'cost_usd', help: 'US dollars, as far as prices are known.', values: ({ cost }) => [[{}, cost]] },
  { of: 'saved_usd', help: 'US dollars that answers from the cache had cost.', values: ({ saved }) => [[{}, saved]] },
]

/** @param rows by provider and model */
export function metricsOf(tenant: string, rows: readonly UsageRow[]): string {
  const texts = totals.map(({ of, help, values }) => {
    const name = `leash_gateway_${of}_total`
    const samples = rows.flatMap((row) =>
      values(row).map(([labels, value]) => ({ name, labels: { tenant, ...row.of, ...labels }, value })),
    )
    return familyText(name, { type: 'counter', help }, samples)
  })
  return texts.join('')
}

/** In milliseconds since 1970, by UTC. */
export function monthOf(now: number): number {
  const at = new Date(now)
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth())
}
