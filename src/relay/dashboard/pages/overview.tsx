/** Thirty days at a glance: what was spent, on what and by whom. */
import { useMemo, useState } from 'preact/hooks'
import type { UsageRow } from '../../usage/usage.js'
import { downloadUsage } from '../download.js'
import { duration, exact } from '../format.js'
import { type Metric, metrics, tokensOf } from '../metrics.js'
import { Chart, Spark } from '../parts/chart.js'
import { Icon } from '../parts/icon.js'
import { Card, Page } from '../parts/page.js'
import { Empty, Loaded } from '../parts/states.js'
import { TenantSelect } from '../parts/tenant-select.js'
import { ToPlayground } from '../parts/to-playground.js'
import { UsageTable } from '../parts/usage-table.js'
import { useResource } from '../resource.js'
import { go, hrefOf } from '../router.js'
import { tenantIn } from '../session.js'
import { useTenants } from '../tenant-list.js'
import type { Latency, Overview } from '../types.js'

const dayMs = 86_400_000
const refreshMs = 5000

export function OverviewPage({ of: asked }: { readonly of: string }) {
  const of = tenantIn(asked)
  const tenants = useTenants()
  const whose = of && `?tenant=${encodeURIComponent(of)}`
  const spending = useResource<Overview>(`/v1/admin/overview${whose}`, refreshMs)
  const latency = useResource<Latency>(`/v1/admin/latency${whose}`, refreshMs)
  const actions = (
    <>
      <TenantSelect tenants={tenants.all} value={of} all="All tenants" onChange={(slug) => go('overview', slug)} />
      <button
        type="button"
        disabled={!spending.value?.total}
        onClick={() => spending.value && downloadUsage(spending.value.from, of)}
      >
        <Icon name="down" /> Download CSV
      </button>
    </>
  )
  return (
    <Page title="Overview" about="The last 30 days, by days of UTC." actions={actions}>
      <Loaded resource={spending}>
        {(value) => (
          <>
            <Amiss {...value} />
            {value.total?.calls ? <Numbers of={of} total={value.total} spending={value} latency={latency.value} /> : <Nothing />}
          </>
        )}
      </Loaded>
    </Page>
  )
}

/** What somebody should look at. */
function Amiss({ health, clients: { behind } }: Overview) {
  const held = health.filter(({ state }) => state !== 'closed').map(({ target }) => target)
  if (held.length === 0 && behind === 0) return null
  const told = [
    ...(held.length > 0 ? [`Held back: ${[...new Set(held)].join(', ')}.`] : []),
    ...(behind > 0 ? [behind === 1 ? 'One client is behind its policy.' : `${behind} clients are behind their policy.`] : []),
  ]
  return (
    <p class="amiss" role="status">
      <Icon name="alert" />
      <span>{told.join(' ')}</span>
      <a href={hrefOf('health')}>Health</a>
    </p>
  )
}

interface NumbersProps {
  readonly of: string
  readonly total: UsageRow
  readonly spending: Overview
  readonly latency: Latency | undefined
}

function Numbers({ of, total, spending, latency }: NumbersProps) {
  const [chosen, setChosen] = useState(0)
  const metric = metrics[chosen] ?? metrics[0]
  const { from, byDay, byModel, byProvider, byWhom } = spending
  const days = useMemo(() => everyDay(from, byDay), [from, byDay])
  const points = useMemo(() => days.map(({ at, row }) => ({ at, value: row ? metric.of(row) : 0 })), [days, metric])
  const percentiles = latency?.of ? `recent p95 ${duration(latency.p95)}` : undefined
  return (
    <>
      <div class="kpis">
        {metrics.map((one, at) => (
          <Kpi
            key={one.name}
            metric={one}
            note={(one.name === 'Latency' && percentiles) || one.note(total)}
            total={total}
            days={days}
            chosen={one === metric}
            onChoose={() => setChosen(at)}
          />
        ))}
      </div>
      <Card title={`${metric.name} per day`}>
        <Chart
          label={`${metric.name} per day`}
          points={points}
          format={metric.format}
          short={metric.short}
          note={(at) => noteOf(days.find((day) => day.at === at) ?? { at, row: undefined })}
        />
      </Card>
      <div class="columns">
        <Card title="Models">
          <UsageTable rows={byModel} total={total.nano} head="Model" by="model" under="provider" />
        </Card>
        <div>
          {of ? (
            <Card title="Keys" aside={<a href={hrefOf('keys', of)}>All keys</a>}>
              <UsageTable rows={byWhom} total={total.nano} head="Key" by="key" under="key" />
            </Card>
          ) : (
            <Card title="Tenants" aside={<a href={hrefOf('tenants')}>All tenants</a>}>
              <UsageTable
                rows={byWhom}
                total={total.nano}
                head="Tenant"
                by="tenant"
                href={({ of }) => hrefOf('overview', of.tenant)}
              />
            </Card>
          )}
          <Card title="Providers">
            <UsageTable rows={byProvider} total={total.nano} head="Provider" by="provider" />
          </Card>
        </div>
      </div>
    </>
  )
}

interface KpiProps {
  readonly metric: Metric
  readonly note: string
  readonly total: UsageRow
  readonly days: readonly Day[]
  readonly chosen: boolean
  readonly onChoose: () => void
}

function Kpi({ metric, note, total, days, chosen, onChoose }: KpiProps) {
  return (
    <button type="button" class="kpi" aria-pressed={chosen} onClick={onChoose}>
      <span class="kpi-name">{metric.name}</span>
      <span class="kpi-value">{metric.format(metric.of(total))}</span>
      <span class="kpi-note">{note}</span>
      <Spark values={days.map(({ row }) => (row ? metric.of(row) : 0))} />
    </button>
  )
}

function Nothing() {
  return (
    <Card>
      <Empty icon="overview" title="No call in the last 30 days">
        <p>Point a client at this relay with a key of its own, or make a first call right here.</p>
        <pre class="snippet">
          export LEASH_RELAY_URL={location.origin}
          {'\n'}
          export LEASH_RELAY_KEY=lk_…
        </pre>
        <ToPlayground />
      </Empty>
    </Card>
  )
}

interface Day {
  readonly at: number
  readonly row: UsageRow | undefined
}

/** Days without a call are days too. */
function everyDay(from: number, byDay: readonly UsageRow[]): Day[] {
  const known = new Map(byDay.map((row) => [row.of.day, row]))
  const days: Day[] = []
  for (let at = Math.floor(from / dayMs + 1) * dayMs; at <= Date.now(); at += dayMs)
    days.push({ at, row: known.get(new Date(at).toISOString().slice(0, 10)) })
  return days
}

function noteOf({ at, row }: Day): string {
  const used = row ? `${exact(row.calls)} requests, ${exact(tokensOf(row))} tokens` : 'no request'
  return Date.now() - at < dayMs ? `${used} so far` : used
}
