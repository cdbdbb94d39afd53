/** What the relay answers with. */
import type { TargetHealth } from '../../core/health.js'
import type { NamedRow } from '../usage/statements.js'
import type { UsageRow } from '../usage/usage.js'

/** Of what may be many the dearest, one more than are shown. */
export interface Overview {
  /** Milliseconds since 1970. */
  readonly from: number
  readonly byDay: readonly UsageRow[]
  readonly byModel: readonly UsageRow[]
  readonly byProvider: readonly UsageRow[]
  /** By tenant; of one tenant by key. */
  readonly byWhom: readonly NamedRow[]
  readonly total?: UsageRow
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
