/** How providers and their models do, as the relay's own calls have found, and which clients hold to which policy. */
import type { BreakerState, ProviderHealth as Provider, TargetHealth } from '../../../core/health.js'
import { exact, percent } from '../format.js'
import { useList } from '../list.js'
import { More } from '../parts/more.js'
import { Badge, Card, Page, Time, type Tone } from '../parts/page.js'
import { Loaded } from '../parts/states.js'
import { type Column, Table } from '../parts/table.js'
import { useResource } from '../resource.js'
import { may, me } from '../session.js'

interface Health {
  readonly targets: readonly Target[]
  readonly providers: readonly Provider[]
}

type Target = TargetHealth & { readonly tenant: string }

/** As `GET /v1/admin/clients` tells of it. */
interface Client {
  readonly client: string
  readonly tenant: string
  readonly key: string
  readonly user?: string
  readonly revision: string
  readonly inForce: string
  readonly current: boolean
  readonly seenAt: number
}

const looks: Readonly<Record<BreakerState, readonly [tone: Tone, text: string]>> = {
  closed: ['good', 'up'],
  'half-open': ['odd', 'trying again'],
  open: ['bad', 'held back'],
}

const ofTenants = <T extends { readonly tenant: string }>(): Column<T>[] =>
  me().administrator ? [{ head: 'Tenant', class: 'long', cell: ({ tenant }) => tenant }] : []

export function HealthPage() {
  return (
    <Page title="Health" about="How providers do, and whether clients hold to the policy that is in force.">
      <ProviderHealth />
      {may('keys:read') && <Clients />}
    </Page>
  )
}

function ProviderHealth() {
  const health = useResource<Health>('/v1/admin/health', 5000)
  const columns: readonly Column<Target>[] = [
    { head: 'Target', as: 'name', cell: ({ target }) => target },
    ...ofTenants<Target>(),
    {
      head: 'Breaker',
      cell: ({ state, forced }) => (
        <Badge tone={looks[state][0]}>{forced ? `${looks[state][1]}, by hand` : looks[state][1]}</Badge>
      ),
    },
    { head: 'Calls', as: 'number', cell: ({ calls }) => exact(calls) },
    { head: 'Errors', as: 'number', cell: ({ errorRate }) => percent(errorRate) },
    { head: 'Since', cell: ({ since }) => since > 0 && <Time at={since} /> },
  ]
  return (
    <Card title="Providers" aside={<span class="muted">recent calls through this relay</span>}>
      <Loaded resource={health}>
        {({ targets }) =>
          targets.length === 0 ? (
            <p class="muted pad">Nobody has called through this relay since it started.</p>
          ) : (
            <Table columns={columns} rows={targets} keyOf={({ tenant, target }) => `${tenant} ${target}`} dense />
          )
        }
      </Loaded>
    </Card>
  )
}

function Clients() {
  const clients = useList<Client>('/v1/admin/clients')
  const columns: readonly Column<Client>[] = [
    { head: 'Client', as: 'name', cell: ({ client }) => <code title={client}>{client.slice(0, 13)}</code> },
    ...ofTenants<Client>(),
    {
      head: 'Key',
      cell: ({ key, user }) => (
        <>
          <code>{key}</code>
          {user && <span class="under">{user}</span>}
        </>
      ),
    },
    {
      head: 'Policy',
      cell: ({ revision, inForce, current }) =>
        current ? <Badge tone="good">v{revision}</Badge> : <Badge tone="odd">{`v${revision}, in force v${inForce}`}</Badge>,
    },
    { head: 'Seen', cell: ({ seenAt }) => <Time at={seenAt} /> },
  ]
  return (
    <Card title="Clients" aside={<span class="muted">in processes of their own, of the last five minutes</span>}>
      <Loaded resource={clients}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="muted pad">No client has asked for its policy recently.</p>
          ) : (
            <>
              <Table columns={columns} rows={items} keyOf={({ key, client }) => `${key} ${client}`} dense />
              <More of={clients} />
            </>
          )
        }
      </Loaded>
    </Card>
  )
}
