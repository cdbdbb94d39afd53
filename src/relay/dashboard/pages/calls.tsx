/** Calls as they come: each attempt that is booked, the newest first. */
import { useState } from 'preact/hooks'
import type { LedgerLine } from '../../../core/ledger.js'
import { buckets } from '../../../core/usage.js'
import type { Tenant } from '../../tenants.js'
import { clock, count, duration, exact, moment, money } from '../format.js'
import { useList } from '../list.js'
import { Icon } from '../parts/icon.js'
import { Badge, Card, Page } from '../parts/page.js'
import { Empty, Loaded } from '../parts/states.js'
import { TenantSelect } from '../parts/tenant-select.js'
import { useResource } from '../resource.js'
import { go, hrefOf } from '../router.js'
import type { Latency } from '../types.js'

const refreshMs = 2000

export function CallsPage({ of }: { readonly of: string }) {
  const tenants = useList<Tenant>('/v1/admin/tenants?limit=1000')
  const tenant = of && `tenant=${encodeURIComponent(of)}`
  const [live, setLive] = useState(true)
  const calls = useResource<{ readonly items: readonly LedgerLine[] }>(
    `/v1/admin/calls?limit=50&${tenant}`,
    live ? refreshMs : undefined,
  )
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
          <TenantSelect
            tenants={tenants.value?.items ?? []}
            value={of}
            all="All tenants"
            onChange={(slug) => go('calls', slug)}
          />
          {toggle}
        </>
      }
    >
      {latency.value && latency.value.of > 0 && <Latencies {...latency.value} />}
      <Card>
        <Loaded resource={calls}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="calls" title="No call yet">
                <p>The first one stands here a moment after it ends.</p>
                <a class="button primary" href={hrefOf('playground')}>
                  <Icon name="playground" /> Open the playground
                </a>
              </Empty>
            ) : (
              <Table items={items} />
            )
          }
        </Loaded>
      </Card>
    </Page>
  )
}

function Latencies({ of, p50, p95, p99 }: Latency) {
  return (
    <dl class="facts">
      {[
        ['p50', p50],
        ['p95', p95],
        ['p99', p99],
      ].map(([name, ms]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{duration(Number(ms))}</dd>
        </div>
      ))}
      <div>
        <dt>of the newest</dt>
        <dd>{exact(of)} attempts</dd>
      </div>
    </dl>
  )
}

function Table({ items }: { readonly items: readonly LedgerLine[] }) {
  return (
    <div class="scroll">
      <table class="stack dense">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Model</th>
            <th scope="col">Tenant</th>
            <th scope="col">Outcome</th>
            <th scope="col" class="number">
              Tokens
            </th>
            <th scope="col" class="number">
              Latency
            </th>
            <th scope="col" class="number">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((line) => (
            <tr key={`${line.tenant} ${line.id}`}>
              <td data-label="Time" class="nowrap" title={moment(line.at)}>
                {clock(line.at)}
              </td>
              <th scope="row">
                <span class="name">{line.model}</span>
                <span class="under">{line.provider}</span>
              </th>
              <td data-label="Tenant">
                {line.tenant}
                {line.user && <span class="under">{line.user}</span>}
              </td>
              <td data-label="Outcome">
                <Outcome {...line} />
              </td>
              <td data-label="Tokens" class="number">
                {count(buckets.reduce((sum, bucket) => sum + line.usage[bucket], 0))}
              </td>
              <td data-label="Latency" class="number">
                {duration(line.durationMs)}
              </td>
              <td data-label="Cost" class="number">
                {line.cost === null ? <span class="muted">no price</span> : money(line.cost)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Outcome({ outcome, error, cached, coalesced, attempt, hedged }: LedgerLine) {
  if (cached) return <Badge tone="good">from the cache</Badge>
  if (coalesced) return <Badge tone="good">shared</Badge>
  if (outcome === 'ok') return <Badge tone="good">{attempt > 1 ? `ok, attempt ${attempt}` : hedged ? 'ok, hedged' : 'ok'}</Badge>
  if (outcome === 'cancelled') return <Badge>cancelled</Badge>
  return <Badge tone="bad">{error ?? 'error'}</Badge>
}
