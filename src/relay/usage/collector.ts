/** What comes to the relay of calls beside their lines, what it tells of them by itself, and how long it keeps them. */
import type { Audit } from '../audit/audit.js'
import { Replay } from '../audit/replay.js'
import type { ClickHouseFeed } from '../clickhouse/feed.js'
import { changesOf } from '../config/diff.js'
import type { Settings } from '../config/settings.js'
import type { Keys } from '../keys/keys.js'
import { type Pepper, pepperOf } from '../keys/pepper.js'
import { Traces } from '../otlp/traces.js'
import { Tenants } from '../people/tenants.js'
import type { Policies } from '../policy/policies.js'
import type { Leases } from '../quota/leases.js'
import type { Sql } from '../store/sql.js'
import { startUpkeep } from '../upkeep.js'
import { Reporting } from '../webhooks/reporting.js'
import { Statements } from './statements.js'
import type { UsageLog } from './usage.js'

export interface CollectorDeps {
  readonly sql: Sql
  readonly audit: Audit
  readonly leases: Leases
  readonly policies: Policies
  readonly usage: UsageLog
  readonly clickHouse: ClickHouseFeed
  readonly keys: Keys
  readonly settings: Settings
  readonly pepper: Pepper
  readonly warn: (message: string) => void
}

export interface Collector {
  readonly traces: Traces
  readonly reporting: Reporting
  readonly statements: Statements
  readonly replay: Replay
  readonly clickHouse: ClickHouseFeed
  /** Before the database is closed. */
  close(): Promise<void>
}

export async function openCollector({ pepper, settings, usage, keys, clickHouse, ...deps }: CollectorDeps): Promise<Collector> {
  const { sql, leases, audit, warn } = deps
  const traces = new Traces({ usage, prices: settings.now.leash?.prices, warn })
  settings.onChange(({ leash: now }, { leash: before }) => {
    if (changesOf(before?.prices, now?.prices).length > 0) void traces.use(now?.prices)
  })
  const reporting = new Reporting({
    ...deps,
    usage,
    tenants: new Tenants({ sql }),
    pepper: await pepperOf(pepper),
    options: () => settings.now,
  })
  reporting.start()
  clickHouse.start()
  const retention = () => settings.now.retention ?? {}
  const stopUpkeep = startUpkeep({
    sql,
    usage,
    leases,
    audit,
    queue: reporting.queue,
    outbox: clickHouse.outbox,
    retention,
    warn,
  })
  return {
    traces,
    reporting,
    statements: new Statements({ usage, keys }),
    replay: new Replay({ ...deps, options: () => settings.now.leash ?? {} }),
    clickHouse,
    async close() {
      await stopUpkeep()
      await traces.close()
      await clickHouse.close()
      await reporting.close()
    },
  }
}
