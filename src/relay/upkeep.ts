/** What the relay does by itself from time to time: it forgets what nobody asks for any more. */
import { messageOf } from '../core/errors.js'
import type { Audit } from './audit/audit.js'
import type { Outbox } from './clickhouse/outbox.js'
import type { Leases } from './quota/leases.js'
import { SqlBudgets } from './quota/sql-budgets.js'
import { rounds } from './rounds.js'
import type { Sql } from './store/sql.js'
import type { UsageLog } from './usage/usage.js'
import type { WebhookQueue } from './webhooks/queue.js'
import type { RetentionOptions } from './webhooks/report-options.js'

export interface UpkeepOptions {
  readonly sql: Sql
  readonly usage: UsageLog
  readonly leases: Leases
  readonly audit: Audit
  readonly queue: WebhookQueue
  readonly outbox: Outbox
  /** How long things are kept, as it is now. */
  readonly retention: () => RetentionOptions
  /** Milliseconds from one round to the next. @defaultValue 10 minutes */
  readonly everyMs?: number
  /** Told of a round that failed. The next comes in its time. */
  readonly warn: (message: string) => void
  readonly now?: () => number
}

const minuteMs = 60_000
const dayMs = 86_400_000

/** @returns ends it, and waits for the round under way */
export function startUpkeep({ everyMs = 10 * minuteMs, warn, ...options }: UpkeepOptions): () => Promise<void> {
  return rounds({ name: 'The upkeep of the relay', everyMs, work: () => once({ ...options, warn }), warn })
}

/** A step that fails keeps none of the others from being taken. */
async function once(options: Omit<UpkeepOptions, 'everyMs'>): Promise<void> {
  const { sql, usage, leases, audit, queue, outbox, retention, warn, now = Date.now } = options
  const { lines = 90, hours = 3 * 365, audit: entries, deliveries = 30 } = retention()
  const before = (days: number) => now() - days * dayMs
  const steps = [
    () => leases.prune(),
    () => new SqlBudgets(sql, { now }).prune(),
    () => usage.prune({ linesBefore: before(lines), hoursBefore: before(hours) }),
    async () => {
      const lost = await outbox.prune(before(lines))
      if (lost > 0) warn(`ClickHouse has not taken ${lost} lines of usage for ${lines} days: they are given up.`)
    },
    () => queue.prune(before(deliveries)),
    async () => entries !== undefined && audit.prune(before(entries)),
  ]
  const failures = new Set<string>()
  for (const step of steps) await step().catch((error: unknown) => failures.add(messageOf(error)))
  if (failures.size > 0) throw new Error([...failures].join(' '))
}
