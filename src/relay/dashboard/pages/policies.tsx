/** What a tenant's calls are held to, and those of single keys beyond that. */
import type { KeyRecord } from '../../keys/keys.js'
import type { PolicyVersion } from '../../policy/policies.js'
import { useList } from '../list.js'
import { Page } from '../parts/page.js'
import { Failed } from '../parts/states.js'
import { TenantSelect } from '../parts/tenant-select.js'
import { mapped, useResource } from '../resource.js'
import { go, hrefOf } from '../router.js'
import { may, tenantIn } from '../session.js'
import { useTenants } from '../tenant-list.js'
import { type Version, Versions } from './versions.js'

const versionOf = ({ policy, ...rest }: PolicyVersion): Version => ({ ...rest, text: JSON.stringify(policy, null, 2) })

/** @param of a tenant, or `tenant/key` */
export function PoliciesPage({ of }: { readonly of: string }) {
  const tenants = useTenants()
  const [slug = '', key = ''] = of.split('/')
  const tenant = tenantIn(slug) || tenants.all[0]?.slug || ''
  const keys = useList<KeyRecord>(
    tenant && may('keys:read') ? `/v1/admin/keys?limit=1000&tenant=${encodeURIComponent(tenant)}` : undefined,
  )
  const held = (keys.value?.items ?? []).filter(({ revokedAt, id }) => revokedAt === undefined || id === key)
  const known = key === '' || held.some(({ id }) => id === key)
  return (
    <Page
      title="Policies"
      about={
        <>
          {key
            ? 'What this key is held to beyond its tenant: limits add up, and of the rest the key’s word comes first. '
            : 'What the calls of a tenant are held to. '}
          Clients take up a change within a moment.{' '}
          {may('audit:read') && <a href={hrefOf('audit', 'policy.would_refuse')}>What shadows would have refused</a>}
        </>
      }
      actions={
        <>
          <TenantSelect tenants={tenants.all} value={tenant} onChange={(slug) => go('policies', slug)} />
          <label class="inline">
            <span>For</span>
            <select
              value={key}
              onChange={({ currentTarget: { value } }) => go('policies', value ? `${tenant}/${value}` : tenant)}
            >
              <option value="">All its keys</option>
              {!known && <option value={key}>{key}</option>}
              {held.map(({ id, name, prefix }) => (
                <option key={id} value={id}>
                  {name || prefix}
                </option>
              ))}
            </select>
          </label>
        </>
      }
    >
      {tenants.error !== undefined && <Failed error={tenants.error} onRetry={tenants.reload} />}
      {tenant && <PolicyOf key={`${tenant}/${key}`} tenant={tenant} id={key} />}
    </Page>
  )
}

function PolicyOf({ tenant, id }: { readonly tenant: string; readonly id: string }) {
  const whose = id ? `keys/${encodeURIComponent(id)}` : `tenants/${encodeURIComponent(tenant)}`
  const path = `/v1/admin/${whose}/policy`
  const inForce = useResource<PolicyVersion>(path)
  const history = useResource<{ readonly items: readonly PolicyVersion[] }>(`${path}/history`)
  return (
    <Versions
      title="Policy"
      none={id ? 'the policy of its tenant alone is in force' : 'the default of this relay is in force'}
      inForce={mapped(inForce, versionOf)}
      history={mapped(history, ({ items }) => items.map(versionOf))}
      path={path}
      dry="dry_run"
      rollbackTo={`${path}/rollback`}
      writes={may('policy:write')}
      policy
    />
  )
}
