/** What the routes stand on. */
import type { Audit } from '../audit.js'
import type { Collector } from '../collector.js'
import type { ConfigLog } from '../config-log.js'
import type { Gateway } from '../gateway.js'
import type { Jobs } from '../jobs.js'
import type { Keys } from '../keys.js'
import type { Leases } from '../leases.js'
import type { People } from '../people.js'
import type { Policies } from '../policies.js'
import type { RelayMetrics } from '../relay-metrics.js'
import type { Settings } from '../settings.js'
import type { Sql } from '../store/sql.js'
import type { UsageLog } from '../usage.js'

export interface RelayContext extends People {
  readonly settings: Settings
  readonly configLog: ConfigLog
  readonly metrics: RelayMetrics
  readonly sql: Sql
  readonly keys: Keys
  readonly policies: Policies
  readonly leases: Leases
  readonly usage: UsageLog
  readonly collector: Collector
  readonly audit: Audit
  readonly gateway: Gateway
  readonly jobs: Jobs
  /** Aborted when the relay stops: whoever only waits is let go. */
  readonly stopping: AbortSignal
  /** What clients are told of the time for which they may go on by themselves. */
  readonly stale: { readonly staleMs: number; readonly whenStale: 'open' | 'closed' }
}

/** Of a body of the control plane and of the administration, in bytes. */
export const mostBytes = 4 * 1024 * 1024
