import { expect, it } from 'vitest'
import { LeashLLM } from '../../../src/index.js'
import type { Budget } from '../../../src/middleware/budget/options.js'
import { space } from '../../../src/middleware/budget/reserver.js'
import { rulesOf } from '../../../src/middleware/budget/rules.js'
import { Policies } from '../../../src/relay/policy/policies.js'
import { SqlBudgets } from '../../../src/relay/quota/sql-budgets.js'
import type { Sql } from '../../../src/relay/store/sql.js'
import { BudgetWatch } from '../../../src/relay/usage/budget-watch.js'
import type { Notice } from '../../../src/relay/webhooks/events.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay } from '../helpers.js'
import { asBudgets } from '../quota/as-budgets.js'
import { openReceiver } from '../receiver.js'
import { openStore } from '../store/open.js'

const mock = useMock()
const noon = Date.parse('2026-11-21T12:00:00Z')
const dollar = 1_000_000_000

async function open(budgets: Budget[]) {
  const sql = await openStore()
  const now = () => noon
  const policies = new Policies({ sql, now, usual: { budgets } })
  const notices: Notice[] = []
  const make = () => new BudgetWatch({ sql, policies, now, publish: async (notice) => void notices.push(notice) })
  const books = asBudgets(new SqlBudgets(sql, { now }))
  const spend = async (key: string, amount: number, endsAt = noon + 1000) => {
    const scopes = [{ key, limit: Number.MAX_SAFE_INTEGER, endsAt }]
    const reserved = await books.reserve(space, scopes, amount, { ttlMs: 1000 })
    if (reserved.ok) await books.settle(reserved.reservation, amount)
  }
  return { sql, policies, notices, watch: make(), make, spend }
}

const today = 'day 2026-11-21T00:00'

it('tells of each threshold that is passed once, of whose budget it is and of how much', async () => {
  const { notices, watch, spend } = await open([{ name: 'daily', limit: { usd: 10 }, per: 'day' }])
  const key = `["daily","usd","red"] ${today}`
  await spend(key, 4.99 * dollar)
  await watch.look()
  expect(notices).toEqual([])
  await spend(key, 0.01 * dollar)
  await watch.look()
  await watch.look()
  expect(notices).toEqual([
    {
      type: 'budget.threshold',
      tenant: 'red',
      once: expect.any(String),
      data: { budget: 'daily', of: { tenant: 'red' }, unit: 'usd', percent: 50, spent: '5', limit: '10', window: today },
    },
  ])
  await spend(key, 5 * dollar)
  await watch.look()
  expect(notices.slice(1).map(({ data }) => data.percent)).toEqual([80, 100])
})

it('measures each unit of a budget by its own limit', async () => {
  const { notices, watch, spend } = await open([{ name: 'daily', limit: { usd: 10, tokens: 100 }, per: 'day', thresholds: [90] }])
  await spend(`["daily","usd","red"] ${today}`, 9 * dollar)
  await spend(`["daily","tokens","red"] ${today}`, 89)
  await spend(`["daily","requests","red"] ${today}`, 1000)
  await watch.look()
  expect(notices.map(({ data: { unit, spent, limit } }) => ({ unit, spent, limit }))).toEqual([
    { unit: 'usd', spent: '9', limit: '10' },
  ])
})

it('tells of a budget that is used up by whose it is, of how much and for how long, and once', async () => {
  const { notices, watch } = await open([{ name: 'daily', limit: { usd: 10 }, per: 'day', by: 'user' }])
  const scope = `["daily","usd","red","ada"] ${today}`
  const refused = { tenant: 'red', scope, taken: 9.5 * dollar, limit: 10 * dollar }
  await watch.refused(refused)
  await watch.refused(refused)
  const data = { tenant: 'red', budget: 'daily', unit: 'usd', taken: '9.5', limit: '10', window: today }
  expect(notices).toEqual([
    {
      type: 'budget.exhausted',
      tenant: 'red',
      once: expect.any(String),
      data: { ...data, of: { tenant: 'red', user: 'ada' } },
    },
  ])
})

it('names what another relay has told of by the same name', async () => {
  const { notices, watch, make, spend } = await open([{ limit: { tokens: 100 }, per: 'month', thresholds: [90], name: 'm' }])
  await spend('["m","tokens","red"] month 2026-11-01T00:00', 95)
  await watch.look()
  await make().look()
  expect(new Set(notices.map(({ once }) => once)).size).toBe(1)
})

it('looks at budgets of users and for all tenants together, and at no other windows than those of now', async () => {
  const { notices, watch, spend } = await open([
    { name: 'each', limit: { requests: 10 }, per: 'day', by: ['tenant', 'user'] },
    { name: 'all', limit: { usd: 1 }, per: 'total', shared: true },
    { name: 'short', limit: { requests: 10 }, per: 'minute' },
  ])
  await spend(`["each","requests","red","ada"] ${today}`, 5)
  await spend('["each","requests","red","ada"] day 2026-11-20T00:00', 10, noon - 12 * 3_600_000)
  await spend(`["each","requests","red"] ${today}`, 10)
  await spend('["all","usd"] total', dollar / 2)
  await spend('["short","requests","red"] minute 2026-11-21T12:00', 10)
  await spend('["unknown","usd","red"] total', dollar)
  await spend('no budget at all', 1)
  await watch.look()
  expect(notices).toMatchObject([
    { data: { budget: 'all', of: {}, percent: 50 } },
    { tenant: 'red', data: { budget: 'each', of: { tenant: 'red', user: 'ada' }, percent: 50 } },
  ])
})

it("goes by the tenant's own policy where it has one", async () => {
  const { policies, notices, watch, spend } = await open([{ name: 'daily', limit: { usd: 10 }, per: 'day' }])
  await policies.set('red', { budgets: [{ name: 'daily', limit: { usd: 100 }, per: 'day' }] }, 'ada')
  await spend(`["daily","usd","red"] ${today}`, 9 * dollar)
  await spend(`["daily","usd","blue"] ${today}`, 9 * dollar)
  await watch.look()
  expect(notices.map(({ tenant }) => tenant)).toEqual(['blue', 'blue'])
})

it('tells nothing of a budget that the policy has no more, or counts by another time', async () => {
  const { policies, notices, watch, spend } = await open([{ name: 'daily', limit: { usd: 10 }, per: 'day' }])
  await policies.set('red', { budgets: [] }, 'ada')
  await policies.set('blue', { budgets: [{ name: 'daily', limit: { usd: 10 }, per: 'month' }] }, 'ada')
  await spend(`["daily","usd","red"] ${today}`, 9 * dollar)
  await spend(`["daily","usd","blue"] ${today}`, 9 * dollar)
  await watch.look()
  expect(notices).toEqual([])
})

it('tells anew of a budget whose limit has changed', async () => {
  const { policies, notices, watch, spend } = await open([])
  const key = `["daily","requests","red"] ${today}`
  const limited = (requests: number) =>
    policies.set('red', { budgets: [{ name: 'daily', limit: { requests }, per: 'day', thresholds: [80] }] }, 'ada')
  await spend(key, 90)
  for (const limit of [100, 110]) {
    await limited(limit)
    await watch.look()
    await watch.refused({ tenant: 'red', scope: key, taken: 90, limit })
    await watch.refused({ tenant: 'red', scope: key, taken: 90, limit })
  }
  expect(notices.map(({ type, data }) => [type, data.limit])).toEqual([
    ['budget.threshold', 100],
    ['budget.exhausted', 100],
    ['budget.threshold', 110],
    ['budget.exhausted', 110],
  ])
  expect(new Set(notices.map(({ once }) => once)).size).toBe(4)
})

it('looks at what a key has of its own too', async () => {
  const { policies, notices, watch, spend } = await open([])
  await policies.set('red/abcd1234', { budgets: [{ name: 'mine', limit: { requests: 10 }, per: 'day' }] }, 'ada')
  const [rule] = rulesOf((await policies.inForceFor({ tenant: 'red', id: 'abcd1234' })).policy.budgets ?? [])
  await spend(`["${rule?.name}","requests","red","abcd1234"] ${today}`, 8)
  await watch.look()
  expect(notices.map(({ tenant, data }) => [tenant, data.percent, data.of])).toEqual([
    ['red', 50, { tenant: 'red', key: 'abcd1234' }],
    ['red', 80, { tenant: 'red', key: 'abcd1234' }],
  ])
})

it('looks at every budget, however many there are', async () => {
  const { sql, notices, watch, spend } = await open([
    { name: 'each', limit: { requests: 10 }, per: 'day', by: ['tenant', 'user'] },
  ])
  const names = Array.from({ length: 10_100 }, (_, at) => `["each","requests","red","${String(at).padStart(5, '0')}"] ${today}`)
  for (let at = 0; at < names.length; at += 1000)
    await sql.run(
      `INSERT INTO budgets (space, name, spent, reserved) VALUES ${names.slice(at, at + 1000).map((_, place) => `($1, $${place + 2}, 1, 0)`)}`,
      [space, ...names.slice(at, at + 1000)],
    )
  await spend(`["each","requests","red","zoe"] ${today}`, 5)
  await watch.look()
  expect(notices.map(({ data }) => data.of)).toEqual([{ tenant: 'red', user: 'zoe' }])
})

it('asks the database a few times, however many tenants there are', async () => {
  const { sql, policies, notices, spend } = await open([{ name: 'daily', limit: { requests: 10 }, per: 'day' }])
  const tenants = Array.from({ length: 900 }, (_, at) => `t${at}`)
  const values = tenants.map((_, place) => `($1, $${place + 2}, 5, 0)`)
  const names = tenants.map((tenant) => `["daily","requests","${tenant}"] ${today}`)
  await sql.run(`INSERT INTO budgets (space, name, spent, reserved) VALUES ${values}`, [space, ...names])
  await policies.set('t7', { budgets: [{ name: 'daily', limit: { requests: 100 }, per: 'day' }] }, 'ada')
  await spend(`["daily","requests","t8"] ${today}`, 3)
  let asked = 0
  const all: Sql['all'] = (text, params) => {
    asked++
    return sql.all(text, params)
  }
  const counted = { ...sql, all, run: sql.run.bind(sql), transaction: sql.transaction.bind(sql) }
  const usual = { budgets: [{ name: 'daily', limit: { requests: 10 }, per: 'day' }] } as const
  const watched = new Policies({ sql: counted, now: () => noon, usual })
  const publish = async (notice: Notice) => void notices.push(notice)
  await new BudgetWatch({ sql: counted, policies: watched, now: () => noon, publish }).look()
  const told = new Map(notices.map(({ tenant, data }) => [tenant, data.percent]))
  expect([told.size, told.get('t0'), told.get('t7'), told.get('t8')]).toEqual([899, 50, undefined, 80])
  expect(asked).toBeLessThan(20)
})

it('tells nobody of a budget that is only tried out and has refused nobody', async () => {
  const { notices, watch } = await open([])
  const refused = { tenant: 'red', taken: 1, limit: 1 }
  await watch.refused({ ...refused, scope: `["shadow: daily","requests","red"] ${today}` })
  await watch.refused({ ...refused, scope: `["shadow: key abcd1234: daily","requests","red"] ${today}` })
  await watch.refused({ ...refused, scope: `["daily","requests","red"] ${today}` })
  expect(notices.map(({ data }) => data.budget)).toEqual(['daily'])
})

it('tells a webhook when a client is refused for want of budget', async () => {
  const receiver = await openReceiver()
  const relay = await openRelay(mock.url, {
    webhooks: { allow: ['127.0.0.1'] },
    policy: { budgets: [{ name: 'daily', limit: { requests: 1 }, per: 'day' }] },
  })
  await relay.ask('POST', '/v1/admin/webhooks', { url: receiver.url, events: ['budget.exhausted'] })
  const client = new LeashLLM({ providers: mockProviders(mock.url), relay: { url: relay.url, key: relay.call, folder: false } })
  const call = () => client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] })
  await call()
  await expect(call()).rejects.toMatchObject({ code: 'budget_exceeded' })
  await expect(call()).rejects.toMatchObject({ code: 'budget_exceeded' })
  await receiver.arrived(1)
  await client.leash.close()
  expect(receiver.received).toMatchObject([
    {
      body: {
        type: 'budget.exhausted',
        data: { budget: 'daily', of: { tenant: 'default' }, unit: 'requests', taken: 1, limit: 1 },
      },
    },
  ])
})
