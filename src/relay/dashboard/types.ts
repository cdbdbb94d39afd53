/** What the relay answers with. */
import type { TargetHealth } from '../../core/health.js'
import type { UsageRow } from '../usage/usage.js'

export interface Overview {
  /** Milliseconds since 1970. */
  readonly from: number
  readonly byDay: readonly UsageRow[]
  readonly byModel: readonly UsageRow[]
  readonly byProvider: readonly UsageRow[]
  readonly byTenant: readonly UsageRow[]
  readonly total?: UsageRow
  /** How many there are. */
  readonly tenants: number
  /** In processes of their own, and those that hold to another policy than the one in force. */
  readonly clients: { readonly count: number; readonly behind: number }
  readonly health: readonly (TargetHealth & { readonly tenant: string })[]
}

/** Milliseconds of the newest attempts that were answered. */
export interface Latency {
  /** How many they are. */
  readonly of: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
}
