/** The relay: everything that it is made of, started and stopped in order. */
import { join } from 'node:path'
import type { LeashOptions } from '../open-leash.js'
import { readEnv } from '../providers/env.js'
import { Audit } from './audit/audit.js'
import { ClickHouseFeed } from './clickhouse/feed.js'
import type { RelayOptions } from './config/config.js'
import { type ConfigChange, changesOf } from './config/diff.js'
import { ConfigLog } from './config/log.js'
import { checkParts } from './config/parts.js'
import { Settings } from './config/settings.js'
import { makeFolder } from './files.js'
import { type FirstKeys, firstStart } from './first-start.js'
import { Gateway } from './gateway/gateway.js'
import { type Served, serve } from './http/serve.js'
import { Jobs } from './jobs/jobs.js'
import { openKeys } from './keys/open-keys.js'
import type { Pepper } from './keys/pepper.js'
import { RelayMetrics } from './metrics/relay.js'
import { openPeople, rewrapKeys } from './people/people.js'
import { Policies } from './policy/policies.js'
import { noting, WouldRefuse } from './policy/would-refuse.js'
import { Leases } from './quota/leases.js'
import { openReplicas, type Topic } from './replicas/replicas.js'
import type { RelayContext } from './routes/context.js'
import { migrate } from './store/migrations.js'
import type { Sql } from './store/sql.js'
import { openSqlite } from './store/sqlite.js'
import { openCollector } from './usage/collector.js'
import { Journal } from './usage/journal.js'
import { UsageLog } from './usage/usage.js'

export type { Policy } from '../policy.js'
export type { RelayOptions } from './config/config.js'
export { readConfig } from './config/file.js'

export interface Relay {
  /** Where it listens, such as `http://127.0.0.1:4000`. */
  readonly url: string
  /** Ed25519, 32 bytes in base64: what its policies are signed by. */
  readonly publicKey: string
  /** Made with the first start, and shown by nobody again: one for the administration, and one to make calls with. */
  readonly firstKeys?: FirstKeys
  /**
   * Puts another configuration in force, as far as it can change without a new start; what cannot is told in a warning.
   *
   * @param quietly another process of the relay tells of it, and writes it into the audit
   * @returns what has changed, without secrets
   * @throws LeashError `invalid_config`, and everything stays as it was
   */
  reload(options: RelayOptions, quietly?: boolean): Promise<readonly ConfigChange[]>
  /** Takes no more requests, and waits for those under way. */
  close(): Promise<void>
}

export interface RelayHooks {
  /** Told of what goes wrong in the background. @defaultValue the standard error output */
  readonly warn?: (message: string) => void
  /** This is one of several processes that `leash relay --workers` has started, which holds the folder for all of them. @defaultValue false */
  readonly isWorker?: boolean
}

const dayMs = 86_400_000

export async function startRelay(options: RelayOptions = {}, hooks: RelayHooks = {}): Promise<Relay> {
  const { warn, isWorker = false } = onOneLine(hooks)
  const settings = new Settings(options)
  const { folder = '.leash', pepper = readEnv('LEASH_RELAY_PEPPER') } = options
  await Promise.all([checkParts(options.leash), checkParts(options.policy)])
  makeFolder(folder)
  const stop = new AbortController()
  let server: Served | undefined
  /** What goes on by itself, should the relay not start. */
  const begun: (() => Promise<void>)[] = []
  try {
    const sql = await openDatabase(options, folder, isWorker)
    begun.push(() => sql.close())
    const replicas = await openReplicas(options, warn, isWorker)
    begun.push(() => replicas.close())
    await migrate(sql)
    const telling = (topic: Topic) => (name: string) => replicas.tell(topic, name)
    const onError = (error: unknown) => warn(String(error))
    const { counts } = replicas
    const keys = await openKeys({ sql, pepper: pepperAt(folder, pepper), told: telling('keys'), counts, onError }, warn)
    const audit = new Audit({ sql })
    const configLog = new ConfigLog({ sql, audit, settings, told: () => replicas.tell('config', ''), warn })
    await configLog.open()
    begun.push(() => configLog.close())
    const policies = new Policies({ sql, usual: settings.now.policy ?? {}, told: telling('policy') })
    replicas.hear({ keys, policies, config: configLog })
    const metrics = new RelayMetrics()
    const clickHouse = new ClickHouseFeed({ sql, options: () => settings.now.clickhouse, warn })
    const usage = new UsageLog({ sql, also: clickHouse.keep, took: noting(metrics, new WouldRefuse({ audit, warn })) })
    const leases = new Leases({ sql })
    const own = { sql, audit, leases, policies, usage, keys, settings, replicas, warn }
    const collector = await openCollector({ ...own, clickHouse, pepper: pepperAt(folder, pepper) })
    begun.push(() => collector.close())
    const people = openPeople({ ...own, folder, oidc: options.oidc })
    const journal = await Journal.open({ folder, usage, warn })
    const gateway = new Gateway({ ...own, options: leashOf(settings.now), vendorKeys: people.vendorKeys, journal })
    begun.push(() => gateway.close())
    const told = { callbacks: collector.reporting, options: options.jobs ?? {}, alone: !isWorker && isAlone(options) }
    const jobs = new Jobs({ ...own, ...told, gateway })
    const context: RelayContext = {
      ...own,
      ...people,
      configLog,
      metrics,
      collector,
      gateway,
      jobs,
      stopping: stop.signal,
      stale: staleOf(settings),
    }
    settings.onChange((now, before) => {
      if (changesOf(before.policy, now.policy).length > 0) policies.use(now.policy ?? {})
      if (changesOf(leashOf(before), leashOf(now)).length > 0) gateway.use(leashOf(now))
    })
    await rewrapKeys(people.vendorKeys, audit, warn)
    server = await serve(context, options, warn)
    // Once it listens: keys of a relay that did not start would be shown to nobody, and made no second time.
    const firstKeys = await firstStart(sql, keys, audit)
    jobs.start()
    return {
      url: server.url,
      publicKey: context.signer.publicKey,
      ...(firstKeys && { firstKeys }),
      reload: (next, quietly = false) => reloaded(next, { settings, audit, warn, quietly }),
      async close() {
        stop.abort()
        await configLog.close()
        await Promise.all([server?.close(), jobs.close()])
        await gateway.close()
        await collector.close()
        await Promise.all([people.clients.close(), keys.close()])
        await Promise.all([replicas.close(), sql.close()])
      },
    }
  } catch (error) {
    await server?.close()
    for (const end of begun.reverse()) await end().catch(() => {})
    throw error
  }
}

interface Reloading {
  readonly settings: Settings
  readonly audit: Audit
  readonly warn: (message: string) => void
  readonly quietly: boolean
}

async function reloaded(options: RelayOptions, { settings, audit, warn, quietly }: Reloading): Promise<readonly ConfigChange[]> {
  await Promise.all([checkParts(options.leash), checkParts(options.policy)])
  const before = settings.given
  const { changes, ignored, overruled } = settings.give(options)
  if (quietly) return changes
  const members = changes.map(({ path }) => path)
  if (changes.length > 0)
    await audit.append({ actor: 'relay', action: 'config.reload', detail: { members } }).catch((error) => {
      // Nothing holds that the audit does not tell of.
      settings.give(before)
      throw error
    })
  if (ignored.length > 0) warn(`To change ${ignored.join(', ')}, the relay has to be started anew.`)
  if (overruled.length > 0) warn(`The administration has set ${overruled.join(', ')} otherwise, and that holds.`)
  return changes
}

/** As it is now: it may change while the relay runs. */
const staleOf = (settings: Settings): RelayContext['stale'] => ({
  get staleMs() {
    return settings.now.staleMs ?? dayMs
  },
  get whenStale() {
    return settings.now.whenStale ?? 'closed'
  },
})

/** A database in a file is held by one relay at a time. */
const isAlone = ({ database = readEnv('DATABASE_URL') }: RelayOptions): boolean => database === undefined

async function openDatabase({ database = readEnv('DATABASE_URL') }: RelayOptions, folder: string, shared: boolean): Promise<Sql> {
  if (database === undefined) return openSqlite({ file: join(folder, 'relay.db'), shared })
  return (await import('./store/postgres.js')).openPostgres({ url: database })
}

/** With the bound of bodies that the relay has. */
function leashOf({ leash = {}, limits }: RelayOptions): LeashOptions {
  return limits?.bodyBytes === undefined ? leash : { maxBodyBytes: limits.bodyBytes, ...leash }
}

function pepperAt(folder: string, secret: string | undefined): Pepper {
  return secret === undefined ? { file: join(folder, 'pepper') } : { secret }
}

function toStderr(message: string): void {
  process.stderr.write(`${message}\n`)
}

/** Messages name what callers have named: no line break of theirs is to begin a line of the log, and no escape to steer a terminal. */
function onOneLine({ warn = toStderr, ...hooks }: RelayHooks): RelayHooks & { readonly warn: (message: string) => void } {
  return { ...hooks, warn: (message) => warn(message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')) }
}
