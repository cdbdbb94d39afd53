/** What the routes stand on. */
import type { Audit } from '../audit/audit.js'
import type { ConfigLog } from '../config/log.js'
import type { Settings } from '../config/settings.js'
import type { Gateway } from '../gateway/gateway.js'
import type { Jobs } from '../jobs/jobs.js'
import type { Keys } from '../keys/keys.js'
import type { RelayMetrics } from '../metrics/relay.js'
import type { People } from '../people/people.js'
import type { Policies } from '../policy/policies.js'
import type { Leases } from '../quota/leases.js'
import type { Sql } from '../store/sql.js'
import type { Collector } from '../usage/collector.js'
import type { UsageLog } from '../usage/usage.js'

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
