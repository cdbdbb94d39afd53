/** Calls as they come: each attempt that is booked, the newest first. */
import { useState } from 'preact/hooks'
import type { LedgerLine } from '../../../core/ledger.js'
import { total } from '../../../core/usage.js'
import { clock, count, duration, exact, money } from '../format.js'
import { useLiveCalls } from '../live-calls.js'
import { Icon } from '../parts/icon.js'
import { Badge, Card, Facts, Page, Time } from '../parts/page.js'
import { Empty, Loaded } from '../parts/states.js'
import { type Column, Table, whose } from '../parts/table.js'
import { TenantSelect } from '../parts/tenant-select.js'
import { ToPlayground } from '../parts/to-playground.js'
import { useResource } from '../resource.js'
import { go } from '../router.js'
import { tenantIn } from '../session.js'
import { useTenants } from '../tenant-list.js'
import type { Latency } from '../types.js'

const refreshMs = 5000

export function CallsPage({ of: asked }: { readonly of: string }) {
  const of = tenantIn(asked)
  const tenants = useTenants()
  const tenant = of && `tenant=${encodeURIComponent(of)}`
  const [live, setLive] = useState(true)
  const calls = useLiveCalls(`/v1/admin/calls?${tenant}`, live)
  const latency = useResource<Latency>(`/v1/admin/latency?${tenant}`, live ? refreshMs : undefined)
  const toggle = (
    <button type="button" onClick={() => setLive(!live)}>
      <Icon name={live ? 'pause' : 'play'} /> {live ? 'Pause' : 'Go on'}
    </button>
  )
  return (
    <Page
      title="Calls"
      about={
        <>
          <span class={live ? 'pulse on' : 'pulse'} /> {live ? 'Live' : 'Paused'}: every attempt through this relay or straight to
          a vendor. No prompt is kept.
        </>
      }
      actions={
        <>
          <TenantSelect tenants={tenants.all} value={of} all="All tenants" onChange={(slug) => go('calls', slug)} />
          {toggle}
        </>
      }
    >
      {latency.value && latency.value.of > 0 && <Latencies {...latency.value} />}
      <Card>
        <Loaded resource={calls}>
          {(items) =>
            items.length === 0 ? (
              <Empty icon="calls" title="No call yet">
                <p>The first one appears here a moment after it ends.</p>
                <ToPlayground />
              </Empty>
            ) : (
              <Table columns={columns} rows={items} keyOf={({ tenant, id }) => `${tenant} ${id}`} dense />
            )
          }
        </Loaded>
      </Card>
    </Page>
  )
}

function Latencies({ of, p50, p95, p99 }: Latency) {
  const facts = Object.entries({ p50, p95, p99 }).map(([name, ms]) => [name, duration(ms)] as const)
  return <Facts of={[...facts, ['of the newest', `${exact(of)} attempts`]]} />
}

const columns: readonly Column<LedgerLine>[] = [
  { head: 'Time', cell: ({ at }) => <Time at={at} as={clock} /> },
  {
    head: 'Model',
    as: 'name',
    cell: ({ model, provider }) => (
      <>
        <span class="name">{model}</span>
        <span class="under">{provider}</span>
      </>
    ),
  },
  whose,
  { head: 'Outcome', cell: (line) => <Outcome {...line} /> },
  { head: 'Tokens', as: 'number', cell: ({ usage }) => count(total(usage)) },
  { head: 'Latency', as: 'number', cell: ({ durationMs }) => duration(durationMs) },
  { head: 'Cost', as: 'number', cell: ({ cost }) => (cost === null ? <span class="muted">no price</span> : money(cost)) },
]

function Outcome({ outcome, error, cached, coalesced, attempt, hedged, shadow = [] }: LedgerLine) {
  if (outcome === 'ok' && shadow.length > 0) return <Badge tone="odd">{`ok; shadow: ${shadow[0]}`}</Badge>
  if (cached) return <Badge tone="good">from the cache</Badge>
  if (coalesced) return <Badge tone="good">shared</Badge>
  if (outcome === 'ok') return <Badge tone="good">{attempt > 1 ? `ok, attempt ${attempt}` : hedged ? 'ok, hedged' : 'ok'}</Badge>
  if (outcome === 'cancelled') return <Badge>cancelled</Badge>
  return <Badge tone="bad">{error ?? 'error'}</Badge>
}
