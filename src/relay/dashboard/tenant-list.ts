/** The tenants that whoever has signed in may look at: the first thousand, or his own. */
import type { Page } from '../page.js'
import type { Tenant } from '../people/tenants.js'
import { type Resource, useResource } from './resource.js'
import { me } from './session.js'

export function useTenants(): Resource<unknown> & { readonly all: readonly Tenant[] } {
  const { administrator, tenant } = me()
  const which = administrator ? '?limit=1000' : `/${encodeURIComponent(tenant)}`
  const found = useResource<Page<Tenant> | Tenant>(`/v1/admin/tenants${which}`)
  const { value } = found
  return { ...found, all: value ? ('items' in value ? value.items : [value]) : [] }
}
