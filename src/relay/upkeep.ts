/** What the relay does by itself from time to time: it forgets what nobody asks for any more. */
import type { Leases } from './leases.js'
import { rounds } from './rounds.js'
import { SqlBudgets } from './sql-budgets.js'
import type { Sql } from './store/sql.js'
import type { UsageLog } from './usage.js'

export interface UpkeepOptions {
  readonly sql: Sql
  readonly usage: UsageLog
  readonly leases: Leases
  /** Lines of the ledger are kept for so long, in milliseconds. Longer than a client keeps what it could not send. @defaultValue 90 days */
  readonly keepLinesMs?: number
  /** Sums by the hour likewise. @defaultValue 3 years */
  readonly keepHoursMs?: number
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
  return rounds({ name: 'The upkeep of the relay', everyMs, work: () => once(options), warn })
}

async function once(options: Omit<UpkeepOptions, 'everyMs' | 'warn'>): Promise<void> {
  const { sql, usage, leases, keepLinesMs = 90 * dayMs, keepHoursMs = 3 * 365 * dayMs, now = Date.now } = options
  await leases.prune()
  await new SqlBudgets(sql, { now }).prune()
  await usage.prune({ linesBefore: now() - keepLinesMs, hoursBefore: now() - keepHoursMs })
}
