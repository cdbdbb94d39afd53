/** The client against the relay itself. */
import { expect, it, vi } from 'vitest'
import { openControl, type RelayControl } from '../../src/control/control.js'
import type { BudgetScope } from '../../src/core/store.js'
import { windowAt } from '../../src/middleware/budget/windows.js'
import { until } from '../helpers/mock.js'
import { openRelay, type TestRelay, temporaryFolder } from '../relay/helpers.js'
import { linesOf } from './lines.js'

const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

const open = (relay: TestRelay, over: object = {}): RelayControl =>
  openControl({ url: relay.url, key: relay.call, publicKey: relay.publicKey, folder: temporaryFolder(), ...over })

/** As the budgets of a leash name it. */
function scopeOf(limit: number): BudgetScope {
  const { name, endsAt = 0 } = windowAt('day', Date.now())
  return { key: `["all","requests","default"] ${name}`, limit, endsAt }
}

const withBudget = (requests: number) => ({ budgets: [{ name: 'all', limit: { requests }, per: 'day' as const }] })

it('holds to the policy that the relay signs, and hears of another at once', async () => {
  const relay = await openRelay('http://127.0.0.1:9', { policy: { maxAttempts: 2 } })
  const control = open(relay)
  expect((await control.ready()).policy).toEqual({ maxAttempts: 2 })
  const heard = vi.fn()
  control.onPolicy(({ policy }) => heard(policy))
  await relay.ask('PUT', '/v1/admin/tenants/default/policy', { maxAttempts: 5 })
  await soon(() => expect(heard).toHaveBeenCalledWith({ maxAttempts: 5 }))
  await control.close()
})

it('keeps many clients within one budget, and what they did not use is there for the next', async () => {
  const limit = 500
  const relay = await openRelay('http://127.0.0.1:9', { policy: withBudget(limit) })
  const clients = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const control = open(relay)
      await control.ready()
      return control
    }),
  )
  let granted = 0
  let used = 0
  const calls = Array.from({ length: 900 }, async (_, at) => {
    const { budgets } = clients[at % 3] ?? expect.unreachable()
    const reserved = await budgets.reserve('budget', [scopeOf(limit)], 1, { ttlMs: 60_000 })
    if (!reserved.ok) return
    granted++
    await new Promise((resolve) => setTimeout(resolve, at % 7))
    const actual = at % 5 === 0 ? 0 : 1
    used += actual
    await budgets.settle(reserved.reservation, actual)
  })
  await Promise.all(calls)
  await Promise.all(clients.map((control) => control.close()))
  expect(used).toBeLessThanOrEqual(limit)
  expect(granted).toBeGreaterThan(limit / 2)
  const next = open(relay)
  await next.ready()
  const left = await next.budgets.reserve('budget', [scopeOf(limit)], limit - used, { ttlMs: 60_000 })
  expect(left).toMatchObject({ ok: true })
  expect(await next.budgets.reserve('budget', [scopeOf(limit)], 1, { ttlMs: 60_000 })).toMatchObject({
    ok: false,
    balance: { spent: used, reserved: limit - used },
  })
  await next.close()
})

it('brings the ledger’s lines to the relay, each once', async () => {
  const relay = await openRelay('http://127.0.0.1:9')
  let lost = 1
  const losing: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init)
    if (String(input).endsWith('/v1/usage') && lost-- > 0) throw new TypeError('fetch failed')
    return answer
  }
  const control = open(relay, { fetch: losing })
  await control.ready()
  await control.sink(linesOf(750).map((line) => ({ ...line, at: Date.now() })))
  const brought = async () => (await relay.ask('GET', '/v1/admin/usage')).body.rows[0]?.attempts
  // A client that is closed has five seconds for it, which a busy machine may want to itself.
  await until(async () => (await brought()) >= 750)
  await control.close()
  expect(await brought()).toBe(750)
})
