/** The tenants that whoever has signed in may look at. */
import type { Tenant } from '../people/tenants.js'
import { useList } from './list.js'
import { type Resource, useResource } from './resource.js'
import { me } from './session.js'

export function useTenants(): Resource<unknown> & { readonly all: readonly Tenant[] } {
  const { administrator, tenant } = me()
  const list = useList<Tenant>(administrator ? '/v1/admin/tenants?limit=1000' : undefined)
  const own = useResource<Tenant>(administrator ? undefined : `/v1/admin/tenants/${encodeURIComponent(tenant)}`)
  return administrator ? { ...list, all: list.value?.items ?? [] } : { ...own, all: own.value ? [own.value] : [] }
}
