import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Lease } from '../../../src/control/wire.js'
import type { Budget } from '../../../src/middleware/budget/options.js'
import { space } from '../../../src/middleware/budget/reserver.js'
import { rulesOf, scopesOf } from '../../../src/middleware/budget/rules.js'
import { type Holder, Leases, type LeasesOptions } from '../../../src/relay/quota/leases.js'
import { SqlBudgets } from '../../../src/relay/quota/sql-budgets.js'
import { openStore } from '../store/open.js'

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000]
const noon = Date.parse('2026-11-21T12:00:00Z')
const ada: Holder = { id: 'ada00000', tenant: 'red', user: 'ada' }
const daily: Budget = { name: 'daily', limit: { tokens: 1000, usd: 0.5 }, per: 'day' }

async function open({
  budgets = [daily],
  holder = ada,
  ...options
}: Partial<LeasesOptions> & { budgets?: Budget[]; holder?: Holder } = {}) {
  const sql = await openStore()
  const clock = { now: noon }
  const now = () => clock.now
  const leases = new Leases({ sql, now, ...options })
  const books = new SqlBudgets(sql, { now })
  const ask = (scope: string, least: number, wanted = least, id?: string) =>
    leases.lend(holder, budgets, { scope, least, wanted, ...(id !== undefined && { id }) })
  const lend = async (...asked: Parameters<typeof ask>): Promise<Lease> => {
    const lent = await ask(...asked)
    if (!lent.ok) throw new Error(`refused: ${JSON.stringify(lent.refusal)}`)
    return lent.lease
  }
  const settle = (id: string, spent: number, beyond?: number) =>
    leases.settle(holder, { leases: [{ id, spent, ...(beyond !== undefined && { beyond }) }] })
  const read = (scope: string) => books.read(space, scope)
  return { leases, sql, clock, ask, lend, settle, read, prune: () => leases.prune() }
}

/** As a client's own budgets name it. */
function scopeOf(budget: Budget, party: Partial<Holder> = ada, at = noon, unit = 'tokens'): string {
  const [rule] = rulesOf([budget])
  const options = { tenant: party.tenant, user: party.user, key: party.id }
  const target = { provider: { name: 'openai' }, model: 'gpt-5' }
  const scopes = rule ? scopesOf(rule, { model: 'gpt-5', options, target } as Parameters<typeof scopesOf>[1], at) : []
  return scopes.find((scope) => scope.unit === unit)?.key ?? ''
}

const scope = scopeOf(daily)
const id = (text: string) => text.padEnd(22, 'x')

it('names a scope as the budgets of a client do', () => {
  expect(scope).toBe('["daily","tokens","red"] day 2026-11-21T00:00')
})

it('lends what is wanted, at most a tenth of what is left, and tells what is taken of how much', async () => {
  const { lend, read } = await open()
  expect(await lend(scope, 1, 50)).toEqual({
    id: expect.stringMatching(/^[\w-]{22}$/),
    scope,
    amount: 50,
    ttlMs: minute,
    taken: 50,
    limit: 1000,
  })
  expect(await lend(scope, 1, 500)).toMatchObject({ amount: 95, taken: 145 })
  expect(await read(scope)).toEqual({ spent: 0, reserved: 145 })
})

it('notes until when a window is kept of which it lends', async () => {
  const { lend, sql } = await open()
  await lend(scope, 1, 50)
  expect(await sql.all('SELECT forget_at FROM budgets')).toEqual([{ forget_at: noon + 12 * hour + day }])
})

it('lends the least that is of use when a tenth is less, and refuses when less is left', async () => {
  const { lend, ask, read } = await open()
  expect(await lend(scope, 700, 800)).toMatchObject({ amount: 700, taken: 700 })
  expect(await lend(scope, 300, 300)).toMatchObject({ amount: 300, taken: 1000 })
  expect(await ask(scope, 1, 1)).toEqual({ ok: false, refusal: { taken: 1000, limit: 1000 } })
  expect(await read(scope)).toEqual({ spent: 0, reserved: 1000 })
})

it('lends in the unit of the scope: US dollars as nano-dollars', async () => {
  const { lend } = await open()
  expect(await lend(scopeOf(daily, ada, noon, 'usd'), 1, 10 ** 9)).toMatchObject({ amount: 50_000_000, limit: 500_000_000 })
})

it('books what was spent when a lease is settled, and lends the rest again at once', async () => {
  const { lend, settle, read } = await open()
  const { id } = await lend(scope, 600)
  await settle(id, 250)
  expect(await read(scope)).toEqual({ spent: 250, reserved: 0 })
  expect(await lend(scope, 750)).toMatchObject({ taken: 1000 })
})

it('books what was spent beyond a lease, also over the limit, and then lends nothing more', async () => {
  const { lend, settle, read, ask } = await open()
  const { id } = await lend(scope, 900)
  await settle(id, 900, 300)
  expect(await read(scope)).toEqual({ spent: 1200, reserved: 0 })
  expect(await ask(scope, 1)).toEqual({ ok: false, refusal: { taken: 1200, limit: 1000 } })
})

it('counts a lease that nobody has settled as spent when its time is over, until the client says otherwise', async () => {
  const { lend, settle, read, clock } = await open({ ttlMs: second })
  const { id } = await lend(scope, 400)
  clock.now += second
  expect(await read(scope)).toEqual({ spent: 400, reserved: 0 })
  await settle(id, 100)
  expect(await read(scope)).toEqual({ spent: 100, reserved: 0 })
})

it('counts a settlement that is said again by the least spent and the most beyond, in any order', async () => {
  const { lend, settle, read } = await open()
  const { id } = await lend(scope, 500)
  await settle(id, 400)
  await settle(id, 250, 20)
  await settle(id, 400)
  await settle(id, 250, 20)
  await settle(id, 300, 10)
  expect(await read(scope)).toEqual({ spent: 270, reserved: 0 })
})

it('takes a settlement that says the same lease twice as said one after the other', async () => {
  const { leases, lend, read } = await open()
  const { id } = await lend(scope, 500)
  await leases.settle(ada, {
    leases: [
      { id, spent: 400, beyond: 5 },
      { id, spent: 100 },
    ],
  })
  expect(await read(scope)).toEqual({ spent: 105, reserved: 0 })
})

it('lends once by an id that is asked for twice, and answers the same', async () => {
  const { lend, read, clock } = await open()
  const first = await lend(scope, 100, 100, id('a'))
  clock.now += second
  const again = await lend(scope, 100, 100, id('a'))
  expect(first.id).toBe(id('a'))
  expect(again).toEqual({ ...first, ttlMs: minute - second })
  expect(await read(scope)).toEqual({ spent: 0, reserved: 100 })
})

it('lends nothing more by an id whose lease is settled or over', async () => {
  const { lend, ask, settle, read, clock } = await open({ ttlMs: second })
  await lend(scope, 100, 100, id('a'))
  await settle(id('a'), 40)
  expect(await ask(scope, 1, 1, id('a'))).toEqual({ ok: false, refusal: { taken: 40, limit: 1000 } })
  await lend(scope, 100, 100, id('b'))
  clock.now += second
  expect(await ask(scope, 1, 1, id('b'))).toEqual({ ok: false, refusal: { taken: 140, limit: 1000 } })
  expect(await read(scope)).toEqual({ spent: 140, reserved: 0 })
})

it('never lends what was settled before it was asked for', async () => {
  const { ask, settle, read } = await open()
  await settle(id('a'), 0)
  expect(await ask(scope, 10, 10, id('a'))).toEqual({ ok: false, refusal: { taken: 0, limit: 1000 } })
  await settle(id('a'), 10)
  expect(await read(scope)).toEqual({ spent: 0, reserved: 0 })
})

it('refuses an id that is asked for another scope', async () => {
  const { ask } = await open()
  await ask(scope, 1, 1, id('a'))
  const other = scopeOf(daily, ada, noon, 'usd')
  await expect(ask(other, 1, 1, id('a'))).rejects.toMatchObject({ code: 'invalid_request', status: 409, param: 'id' })
})

it('tells no other key of a lease by its id', async () => {
  const { leases, lend } = await open()
  await lend(scope, 100, 100, id('a'))
  const asked = leases.lend({ ...ada, id: 'bob00000' }, [daily], { id: id('a'), scope, least: 1, wanted: 1 })
  await expect(asked).rejects.toMatchObject({ code: 'invalid_request', status: 409, param: 'id' })
})

it('forgets the id of a lease that it has refused', async () => {
  const { ask, lend, settle } = await open()
  const all = await lend(scope, 1000)
  expect(await ask(scope, 10, 10, id('a'))).toMatchObject({ ok: false })
  await settle(all.id, 0)
  expect(await lend(scope, 10, 10, id('a'))).toMatchObject({ amount: 10 })
})

it('lets nobody settle the leases of another key or tenant', async () => {
  const { leases, lend, read } = await open()
  const { id } = await lend(scope, 500)
  for (const other of [
    { ...ada, id: 'bob00000' },
    { ...ada, tenant: 'blue' },
  ])
    await leases.settle(other, { leases: [{ id, spent: 0 }] })
  expect(await read(scope)).toEqual({ spent: 0, reserved: 500 })
})

it('keeps the same id of two tenants apart', async () => {
  const { leases } = await open()
  const lend = (tenant: string) =>
    leases.lend({ id: 'same0000', tenant }, [daily], { id: id('a'), scope: scopeOf(daily, { tenant }), least: 10, wanted: 10 })
  expect(await lend('red')).toMatchObject({ ok: true })
  expect(await lend('blue')).toMatchObject({ ok: true, lease: { taken: 10 } })
})

it.each([
  ['tenant', { budget: daily, party: { tenant: 'blue' } }],
  ['user', { budget: { ...daily, by: 'user' } as const, party: { ...ada, user: 'bob' } }],
  ['user', { budget: { ...daily, by: 'user' } as const, party: { id: ada.id, tenant: ada.tenant } }],
  ['key', { budget: { ...daily, by: 'key' } as const, party: { ...ada, id: 'bob00000' } }],
])('refuses a budget of another %s than that of the key', async (what, { budget, party }) => {
  const { ask } = await open({ budgets: [budget] })
  await expect(ask(scopeOf(budget, party), 1)).rejects.toMatchObject({
    code: 'permission_denied',
    message: expect.stringContaining(what),
  })
})

it('lends of a budget of any user to a key that is nobody’s own, and of one that all tenants share', async () => {
  const byUser: Budget = { ...daily, by: ['user', 'model'] }
  const shared: Budget = { name: 'shared', limit: { tokens: 100 }, per: 'month', shared: true }
  const { lend } = await open({ budgets: [byUser, shared], holder: { id: 'service0', tenant: 'red' } })
  for (const user of ['ada', 'bob']) expect(await lend(scopeOf(byUser, { tenant: 'red', user }), 10)).toMatchObject({ taken: 10 })
  expect(await lend(scopeOf(shared, { tenant: 'red' }), 10)).toMatchObject({
    scope: '["shared","tokens"] month 2026-11-01T00:00',
  })
})

it.each([
  ['of no budget of the policy', scopeOf({ ...daily, name: 'other' })],
  ['in a unit that the budget does not count', scopeOf(daily).replace('tokens', 'requests')],
  ['that each call has for itself', scopeOf({ ...daily, name: 'own', per: 'call' })],
  ['that a client counts for itself', '["daily","usd","red"] in the hour 2026-11-21T12:00'],
  ['that is a mark', '["[\\"daily\\",\\"usd\\",\\"red\\"] day 2026-11-21T00:00","50%"]'],
  ['that is no scope', 'daily'],
])('knows nothing of a scope %s', async (_, name) => {
  const { ask } = await open({ budgets: [daily, { ...daily, name: 'own', per: 'call' }] })
  await expect(ask(name, 1)).rejects.toMatchObject({ code: 'not_found', status: 404, param: 'scope' })
})

it.each([
  ['is written in another way', scope.replace('daily', '\\u0064aily')],
  ['is of a length that nobody needs', scopeOf({ ...daily, by: 'user' }, { ...ada, user: 'x'.repeat(3000) })],
])('refuses a scope that %s, and sets nobody free by that', async (_, name) => {
  const { ask } = await open()
  await expect(ask(name, 1)).rejects.toMatchObject({ code: 'invalid_request', param: 'scope' })
})

it('refuses a name that is longer than anybody needs, and does not call it unknown', async () => {
  const byTag: Budget = { ...daily, by: 'tag:team' }
  const { ask } = await open({ budgets: [byTag] })
  const name = (team: string) => `${JSON.stringify(['daily', 'tokens', 'red', team])} day 2026-11-21T00:00`
  const rest = 2000 - name('').length
  expect(await ask(name('x'.repeat(rest)), 1)).toMatchObject({ ok: true })
  await expect(ask(name('x'.repeat(rest + 1)), 1)).rejects.toMatchObject({ code: 'invalid_request', param: 'scope' })
})

it('takes names with anything in them', async () => {
  const byTag: Budget = { ...daily, by: 'tag:team' }
  const { ask } = await open({ budgets: [byTag] })
  for (const team of ['] day 2026-11-21T00:00', '"', '\\', '\0', '\ud800', 'ü\u{1f600}', '']) {
    const name = `${JSON.stringify(['daily', 'tokens', 'red', team])} day 2026-11-21T00:00`
    expect(await ask(name, 1)).toMatchObject({ ok: true, lease: { scope: name, taken: 1 } })
  }
})

it('sends who asks by an older policy back to fetch it, and sets no budget free by that', async () => {
  const { ask } = await open()
  await expect(ask(scopeOf({ ...daily, by: 'user' }), 1)).rejects.toMatchObject({
    code: 'invalid_request',
    status: 409,
    param: 'scope',
  })
  await expect(ask(scopeOf({ ...daily, shared: true }), 1)).rejects.toMatchObject({ code: 'invalid_request', status: 409 })
})

it.each([
  ['takes', 'that has just ended', minute - 1, -1],
  ['refuses', 'that has ended longer ago', minute, -1],
  ['takes', 'that begins at once', hour - minute, hour],
  ['refuses', 'that does not begin so soon', hour - minute - 1, hour],
  ['refuses', 'of yesterday', 0, -day],
] as const)('%s the window of a clock %s', async (what, _, now, client) => {
  const hourly: Budget = { ...daily, per: 'hour' }
  const { ask, clock } = await open({ budgets: [hourly] })
  clock.now = noon + now
  const asked = ask(scopeOf(hourly, ada, noon + client), 1)
  if (what === 'takes') expect(await asked).toMatchObject({ ok: true })
  else await expect(asked).rejects.toMatchObject({ code: 'invalid_request', param: 'scope' })
})

it('lends as much as is asked for of a budget that only warns', async () => {
  const warning: Budget = { ...daily, action: 'warn' }
  const { lend } = await open({ budgets: [warning] })
  expect(await lend(scopeOf(warning), 5000, 100_000)).toMatchObject({ amount: 100_000 })
})

it('goes by the limit of the policy that holds now', async () => {
  const { leases, lend } = await open()
  await lend(scope, 500)
  const stricter = [{ ...daily, limit: { tokens: 400 } }]
  expect(await leases.lend(ada, stricter, { scope, least: 1, wanted: 1 })).toEqual({
    ok: false,
    refusal: { taken: 500, limit: 400 },
  })
  const wider = [{ ...daily, limit: { tokens: 2000 } }]
  expect(await leases.lend(ada, wider, { scope, least: 1, wanted: 1000 })).toMatchObject({ lease: { amount: 150, limit: 2000 } })
})

it.each([
  ['scope', {}],
  ['scope', { scope: '', least: 1, wanted: 1 }],
  ['least', { scope, least: 0, wanted: 1 }],
  ['least', { scope, least: 1.5, wanted: 2 }],
  ['least', { scope, least: '1', wanted: 2 }],
  ['wanted', { scope, least: 2, wanted: 1 }],
  ['wanted', { scope, least: 1, wanted: 2 ** 53 }],
  ['id', { scope, least: 1, wanted: 1, id: 'short' }],
])('refuses a request whose %s is malformed', async (param, request) => {
  const { leases } = await open()
  await expect(leases.lend(ada, [daily], request)).rejects.toMatchObject({ code: 'invalid_request', param })
})

it.each([
  ['id', [{ spent: 1 }]],
  ['spent', [{ id: id('a'), spent: -1 }]],
  ['beyond', [{ id: id('a'), spent: 1, beyond: 0.5 }]],
  ['leases', Array.from({ length: 1000 }, () => ({ id: id('a'), spent: 0 }))],
])('refuses a settlement whose %s is malformed, and settles nothing of it', async (param, others) => {
  const { leases, lend, read } = await open()
  const lease = await lend(scope, 100)
  const settlement = { leases: [{ id: lease.id, spent: 0 }, ...others] }
  await expect(leases.settle(ada, settlement)).rejects.toMatchObject({ code: 'invalid_request', param })
  expect(await read(scope)).toEqual({ spent: 0, reserved: 100 })
})

it.each([[undefined], [{}], [{ leases: 'all' }], [[]]])('refuses a settlement that is none: case %#', async (settlement) => {
  const { leases } = await open()
  await expect(leases.settle(ada, settlement)).rejects.toMatchObject({ code: 'invalid_request', param: 'leases' })
})

it('forgets a lease a day after its end, and not before', async () => {
  const { lend, prune, settle, clock, read } = await open({ budgets: [{ ...daily, per: 'total' }] })
  const total = scopeOf({ ...daily, per: 'total' })
  const first = await lend(total, 100)
  clock.now += minute + day - 1
  await prune()
  await settle(first.id, 10)
  expect(await read(total)).toEqual({ spent: 10, reserved: 0 })
  const second = await lend(total, 100)
  clock.now += minute + day
  await prune()
  await settle(second.id, 0)
  expect(await read(total)).toEqual({ spent: 110, reserved: 0 })
})

const clients = fc.array(
  fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ least: fc.integer({ min: 1, max: 200 }), more: fc.integer({ min: 0, max: 400 }) }) },
      { weight: 3, arbitrary: fc.record({ which: fc.nat(5), share: fc.integer({ min: 0, max: 100 }) }) },
      { weight: 1, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 2 * minute }) }) },
    ),
    { maxLength: 12 },
  ),
  { minLength: 1, maxLength: 4 },
)

it('never lets settled and leased pass the limit, however many ask, settle, settle again and die', async () => {
  let round = 0
  const { leases, clock, read } = await open()
  await fc.assert(
    fc.asyncProperty(clients, async (plans) => {
      const budget: Budget = { name: `round ${round++}`, limit: { tokens: 1000 }, per: 'total' }
      const name = scopeOf(budget)
      const check = async () => {
        const { spent, reserved } = await read(name)
        expect(Math.min(spent, reserved)).toBeGreaterThanOrEqual(0)
        expect(spent + reserved).toBeLessThanOrEqual(1000)
      }
      const play = async (plan: (typeof plans)[number], holder: Holder) => {
        const mine: Lease[] = []
        for (const step of plan) {
          if ('wait' in step) clock.now += step.wait
          else if ('least' in step) {
            const lent = await leases.lend(holder, [budget], { scope: name, least: step.least, wanted: step.least + step.more })
            if (lent.ok) mine.push(lent.lease)
          } else {
            const lease = mine[step.which % Math.max(1, mine.length)]
            if (lease)
              await leases.settle(holder, { leases: [{ id: lease.id, spent: Math.floor((lease.amount * step.share) / 100) }] })
          }
          await check()
        }
      }
      await Promise.all(plans.map((plan, at) => play(plan, { id: `client ${at}`, tenant: 'red' })))
    }),
    { numRuns: 25 },
  )
})
