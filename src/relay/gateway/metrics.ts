/** What one tenant has used, in Prometheus' text format. It counts from the first of the month on, as every bill does. */
import { buckets } from '../../core/usage.js'
import type { UsageRow } from '../usage/usage.js'

interface Family {
  readonly name: string
  readonly help: string
  readonly values: (row: UsageRow) => readonly (readonly [labels: Readonly<Record<string, string>>, value: number | string])[]
}

const families: readonly Family[] = [
  { name: 'calls', help: 'Calls.', values: ({ calls }) => [[{}, calls]] },
  { name: 'attempts', help: 'Requests to providers.', values: ({ attempts }) => [[{}, attempts]] },
  { name: 'errors', help: 'Requests to providers that failed.', values: ({ errors }) => [[{}, errors]] },
  {
    name: 'tokens',
    help: 'Tokens. The types do not overlap.',
    values: ({ usage }) => buckets.map((type) => [{ type }, usage[type]] as const),
  },
  { name: 'cost_usd', help: 'US dollars, as far as prices are known.', values: ({ cost }) => [[{}, cost]] },
  { name: 'saved_usd', help: 'US dollars that answers from the cache had cost.', values: ({ saved }) => [[{}, saved]] },
]

/** @param rows by provider and model */
export function metricsOf(tenant: string, rows: readonly UsageRow[]): string {
  const lines = families.flatMap(({ name, help, values }) => {
    const full = `leash_gateway_${name}_total`
    const samples = rows.flatMap((row) =>
      values(row).map(([labels, value]) => `${full}${labelled({ tenant, ...row.of, ...labels })} ${value}`),
    )
    return [`# HELP ${full} ${help}`, `# TYPE ${full} counter`, ...samples]
  })
  return `${lines.join('\n')}\n`
}

function labelled(labels: Readonly<Record<string, string>>): string {
  const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')}}`
}

/** In milliseconds since 1970, by UTC. */
export function monthOf(now: number): number {
  const at = new Date(now)
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth())
}
