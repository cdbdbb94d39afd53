/** How the database finds what it is asked for, by its own plan: where a table has grown for a year, it is not to be gone through. */
import { expect, it } from 'vitest'
import { Audit } from '../../../src/relay/audit/audit.js'
import { blockedAction } from '../../../src/relay/audit/decisions.js'
import { Replay } from '../../../src/relay/audit/replay.js'
import { JobStore } from '../../../src/relay/jobs/store.js'
import { Keys } from '../../../src/relay/keys/keys.js'
import { Tenants } from '../../../src/relay/people/tenants.js'
import { Policies } from '../../../src/relay/policy/policies.js'
import { Leases } from '../../../src/relay/quota/leases.js'
import { SqlBudgets } from '../../../src/relay/quota/sql-budgets.js'
import type { Reads, Sql } from '../../../src/relay/store/sql.js'
import { Billing } from '../../../src/relay/usage/billing.js'
import { UsageLog } from '../../../src/relay/usage/usage.js'
import { WebhookQueue } from '../../../src/relay/webhooks/queue.js'
import { openFile } from './open.js'

/** @returns the plan of each statement that the work asks for, with the tables and indexes as SQLite names them */
async function plansOf(work: (sql: Sql) => Promise<unknown>): Promise<string[]> {
  const sql = await openFile()
  const asked: string[] = []
  await work(heard(sql, asked))
  const plans = asked.map(async (text) => {
    const steps = await sql.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`)
    return steps.map(({ detail }) => detail).join('; ')
  })
  return Promise.all(plans)
}

/** Tells of each statement. */
function heard(sql: Sql, asked: string[]): Sql {
  const note = (text: string) => {
    asked.push(text)
    return text
  }
  const reads: Reads = { all: (text, params) => sql.all(note(text), params) }
  return {
    ...reads,
    run: (text, params) => sql.run(note(text), params),
    transaction: (work, pace) => sql.transaction((within) => work(heard(within, asked)), pace),
    snapshot: (work) => sql.snapshot((within) => work({ ...within, all: (text, params) => within.all(note(text), params) })),
    close: () => sql.close(),
  }
}

const now = () => Date.now()
const queue = (sql: Sql) => new WebhookQueue({ sql, now, receivers: async () => [] })

it.each<readonly [string, (sql: Sql) => Promise<unknown>]>([
  ['forgets usage', (sql) => new UsageLog({ sql }).prune({ linesBefore: 1, hoursBefore: 1 })],
  ['forgets deliveries', (sql) => queue(sql).prune(1)],
  ['forgets leases', (sql) => new Leases({ sql }).prune()],
  ['forgets budgets', (sql) => new SqlBudgets(sql).prune()],
  ['forgets jobs', (sql) => new JobStore({ sql, now }).prune()],
  [
    'exports for billing',
    (sql) =>
      new Billing({ sql, now, tenants: new Tenants({ sql }), queue: queue(sql), options: () => ({ eventName: 'x' }) }).look(),
  ],
  [
    'looks for a call',
    (sql) =>
      new Replay({ sql, audit: new Audit({ sql }), policies: new Policies({ sql, usual: {} }), options: () => ({}) })
        .of('call')
        .catch(() => {}),
  ],
])('goes through no table when it %s', async (_, work) => {
  const plans = await plansOf(work)
  expect(plans.join('\n')).toContain('SEARCH')
  // Of reservations there are only those that are under way, of tenants there is one row each.
  expect(plans.filter((plan) => /SCAN (?!reservations|tenants)/.test(plan))).toEqual([])
})

const keysOf = async (sql: Sql) => Keys.open({ sql, pepper: { secret: 'a pepper of more than thirty-two characters' } })

it.each<readonly [string, string, (sql: Sql) => Promise<unknown>]>([
  ['keys of a tenant', 'keys_by_tenant (tenant=?', async (sql) => (await keysOf(sql)).list({ tenant: 'red' })],
  ['deliveries to a webhook', 'webhook_deliveries_by_endpoint (endpoint=?', (sql) => queue(sql).list({ endpoint: 'e' })],
  ['what was done', 'audit_by_action (action=?', (sql) => new Audit({ sql }).list({ action: 'key.create' })],
  ['what somebody did', 'audit_by_actor (actor=?', (sql) => new Audit({ sql }).list({ actor: 'ada' })],
  [
    'a call that was stopped',
    'audit_by_target (target=?',
    (sql) => new Audit({ sql }).list({ action: blockedAction, target: 'c' }),
  ],
  [
    'what was done in a tenant',
    'audit_by_tenant (tenant=?',
    (sql) => new Audit({ sql }).list({ action: 'key.create', tenant: 'red' }),
  ],
  ['callbacks of jobs', 'webhook_deliveries_by_endpoint (endpoint=?', (sql) => new JobStore({ sql, now }).prune()],
])('finds %s by an index', async (_, index, work) => {
  expect((await plansOf(work)).join('\n')).toContain(index)
})
