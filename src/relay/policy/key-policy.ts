/**
 * A key's policy over its tenant's. What bounds calls is added to: a key is never free of what its tenant is held to. Of
 * everything else, what the key's says comes before what the tenant's says.
 */
import type { AccessOptions } from '../../middleware/access.js'
import type { Budget } from '../../middleware/budget/options.js'
import type { Subject } from '../../middleware/rate-limit/options.js'
import { namesOf } from '../../middleware/rate-limit/subject.js'
import type { Policy } from '../../policy.js'

/** @param id of the key */
export function composed(tenant: Policy, key: Policy, id: string): Policy {
  const { access, budgets, rateLimit, maxCostUsd, modules, shadow, ...rest } = key
  return {
    ...tenant,
    ...rest,
    ...(access && { access: both(tenant.access, access) }),
    ...(budgets && { budgets: [...(tenant.budgets ?? []), ...ofKey(budgets, id)] }),
    ...(rateLimit && { rateLimit: [...(tenant.rateLimit ?? []), ...rateLimit.map(byKey)] }),
    ...(modules && {
      modules: [
        ...(tenant.modules ?? []),
        ...modules.map((module) => ({ ...module, name: `key.${id}.${module.name ?? module.use}` })),
      ],
    }),
    ...(shadow && { shadow: { ...tenant.shadow, ...composed(tenant.shadow ?? {}, shadow, id) } }),
    ...(maxCostUsd !== undefined && { maxCostUsd: Math.min(maxCostUsd, tenant.maxCostUsd ?? maxCostUsd) }),
  }
}

function both(tenant: AccessOptions | undefined, key: AccessOptions): AccessOptions {
  // What is open is so by the tenant's word alone.
  if (!tenant) return { ...key, raw: [] }
  const raw = key.raw && tenant.raw ? tenant.raw.filter((name) => key.raw?.includes(name)) : (tenant.raw ?? [])
  return { ...tenant, raw, also: key }
}

/** Two keys may have budgets of the same words: each is counted by itself, and apart from the tenant's. */
function ofKey(budgets: readonly Budget[], id: string): Budget[] {
  const names = namesOf(budgets)
  return budgets.map((budget, at) => ({ ...byKey(budget), name: `key ${id}: ${names[at]}` }))
}

/** Whose budget a scope is of, by its name; undefined for the tenant's. */
export function keyIn(scope: string): string | undefined {
  return /^\["(?:shadow: )?key ([a-z0-9]{8}): /.exec(scope)?.[1]
}

function byKey<L extends { readonly by?: Subject | readonly Subject[]; readonly shared?: boolean }>({
  by = [],
  shared,
  ...limit
}: L) {
  return { ...limit, by: [...new Set<Subject>([by, 'key' as const].flat())] }
}
