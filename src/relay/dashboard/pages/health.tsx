/** How providers and their models do, as the relay's own calls have found. */
import type { BreakerState, ProviderHealth as Provider, TargetHealth } from '../../../core/health.js'
import { ago, exact, percent } from '../format.js'
import { Badge, Card, type Tone } from '../parts/page.js'
import { Loaded } from '../parts/states.js'
import { useResource } from '../resource.js'

interface Health {
  readonly targets: readonly (TargetHealth & { readonly tenant: string })[]
  readonly providers: readonly Provider[]
}

const looks: Readonly<Record<BreakerState, readonly [tone: Tone, text: string]>> = {
  closed: ['good', 'up'],
  'half-open': ['odd', 'trying again'],
  open: ['bad', 'held back'],
}

export function ProviderHealth() {
  const health = useResource<Health>('/v1/admin/health', 5000)
  return (
    <Card title="Providers' health" aside={<span class="muted">calls through this relay, of late</span>}>
      <Loaded resource={health}>
        {({ targets }) =>
          targets.length === 0 ? (
            <p class="muted pad">
              Nobody has called through this relay since it started. Clients that call vendors by themselves judge by themselves.
            </p>
          ) : (
            <Targets targets={targets} />
          )
        }
      </Loaded>
    </Card>
  )
}

function Targets({ targets }: Pick<Health, 'targets'>) {
  return (
    <div class="scroll">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">Target</th>
            <th scope="col">Tenant</th>
            <th scope="col">Breaker</th>
            <th scope="col" class="number">
              Calls
            </th>
            <th scope="col" class="number">
              Errors
            </th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {targets.map(({ target, tenant, state, calls, errorRate, since, forced }) => (
            <tr key={`${tenant} ${target}`}>
              <th scope="row">{target}</th>
              <td data-label="Tenant">{tenant}</td>
              <td data-label="Breaker">
                <Badge tone={looks[state][0]}>{forced ? `${looks[state][1]}, by hand` : looks[state][1]}</Badge>
              </td>
              <td data-label="Calls" class="number">
                {exact(calls)}
              </td>
              <td data-label="Errors" class="number">
                {percent(errorRate)}
              </td>
              <td data-label="Since">{since > 0 ? ago(since) : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
