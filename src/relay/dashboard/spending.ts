/** What the overview shows: of all tenants together, or of one. */
import type { KeyRecord } from '../keys/keys.js'
import type { Page } from '../page.js'
import type { UsageRow } from '../usage/usage.js'
import { ask } from './api.js'
import type { Overview } from './types.js'

export interface Spending {
  /** Milliseconds since 1970. */
  readonly from: number
  readonly total: UsageRow | undefined
  readonly byDay: readonly UsageRow[]
  readonly byModel: readonly UsageRow[]
  readonly byProvider: readonly UsageRow[]
  /** By tenant; of one tenant by key. */
  readonly byWhom: readonly UsageRow[]
  /** Of keys, by their ids. */
  readonly names: ReadonlyMap<string, string>
  /** Of all tenants together. */
  readonly health?: Overview['health']
  readonly clients?: Overview['clients']
}

const monthMs = 30 * 86_400_000

/** @param tenant empty for all of them */
export async function spendingOf(tenant: string, signal: AbortSignal): Promise<Spending> {
  if (tenant === '') {
    const { byTenant, ...rest } = await ask<Overview>('/v1/admin/overview', { signal })
    return { ...rest, total: rest.total, byWhom: byTenant, names: new Map() }
  }
  const from = Date.now() - monthMs
  const of = `tenant=${encodeURIComponent(tenant)}`
  const rowsBy = async (by: string) =>
    (await ask<{ readonly rows: readonly UsageRow[] }>(`/v1/admin/usage?by=${by}&${of}&from=${from}`, { signal })).rows
  const [[total], byDay, byModel, byProvider, byWhom, keys] = await Promise.all([
    rowsBy(''),
    rowsBy('day'),
    rowsBy('provider,model'),
    rowsBy('provider'),
    rowsBy('key'),
    ask<Page<KeyRecord>>(`/v1/admin/keys?limit=1000&${of}`, { signal }),
  ])
  return { from, total, byDay, byModel, byProvider, byWhom, names: new Map(keys.items.map(({ id, name }) => [id, name])) }
}
