import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Connection } from '../../src/control/connection.js'
import { LeasedBudgets } from '../../src/control/leased-budgets.js'
import { mostNano } from '../../src/core/money.js'
import type { BudgetScope, Reservation, Reserved } from '../../src/core/store.js'
import { FakeRelay, key } from './relay.js'

let relay: FakeRelay
let warnings: string[]
let whenAway: 'open' | 'closed'

beforeEach(async () => {
  relay = await FakeRelay.start()
  relay.limits.set('day', 1000)
  relay.limits.set('month', 5000)
  warnings = []
  whenAway = 'closed'
})
afterEach(async () => {
  vi.useRealTimers()
  await relay.close()
})

const open = () =>
  new LeasedBudgets({
    connection: new Connection({ url: relay.url, key }),
    whenAway: () => whenAway,
    warn: (message) => warnings.push(message),
  })

/** Time is made up, and the relay answers without a socket. */
function openInMadeUpTime(): LeasedBudgets {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  const connection = new Connection({ url: relay.url, key, fetch: relay.fetch })
  return new LeasedBudgets({ connection, whenAway: () => whenAway, warn: (message) => warnings.push(message) })
}

const day: BudgetScope = { key: 'day', limit: 1000 }
const month: BudgetScope = { key: 'month', limit: 5000 }
const hour: BudgetScope = { key: 'hour', limit: mostNano }

const reserve = (budgets: LeasedBudgets, amount: number, scopes = [day], ttlMs = 3_600_000) =>
  budgets.reserve('budget', scopes, amount, { ttlMs })

function granted(reserved: Reserved): Reservation {
  if (!reserved.ok) expect.unreachable('it must be granted')
  return reserved.reservation
}

const lends = () => relay.asked.filter(({ path }) => path === '/v1/control/leases')

describe('a reservation', () => {
  it('waits for the first slice, and is answered at once while that lasts', async () => {
    const budgets = open()
    const first = reserve(budgets, 10)
    expect(first).toBeInstanceOf(Promise)
    granted(await first)
    expect(reserve(budgets, 10)).toMatchObject({ ok: true })
  })

  it('is asked for with an id that nobody guesses', async () => {
    await reserve(open(), 10)
    expect(lends()[0]?.body).toMatchObject({ id: expect.stringMatching(/^[\w-]{22}$/), scope: 'day', least: 10 })
  })

  it('shares one question with all that come at the same time', async () => {
    const budgets = open()
    const all = await Promise.all(Array.from({ length: 20 }, () => reserve(budgets, 10)))
    expect(all.every(({ ok }) => ok)).toBe(true)
    expect(lends().length).toBeLessThan(5)
    expect(lends()[0]?.body).toMatchObject({ least: 10 })
  })

  it('is refused when less is left than it needs, and tells what is taken', async () => {
    const budgets = open()
    granted(await reserve(budgets, 600))
    const other = open()
    const refused = await reserve(other, 600)
    expect(refused).toMatchObject({ ok: false, refused: 0, balance: { reserved: 0 } })
    expect(!refused.ok && refused.balance.spent).toBe(relay.taken('day'))
  })

  it('takes from all scopes or from none', async () => {
    const budgets = open()
    granted(await reserve(budgets, 900, [month, day]))
    expect(await reserve(budgets, 200, [month, day])).toMatchObject({ ok: false, refused: 1 })
    expect(await reserve(budgets, 200, [day, month])).toMatchObject({ ok: false, refused: 0 })
    expect(budgets.read('budget', 'month').reserved).toBe(900)
  })

  it('of which some fit and some do not is granted to those that fit', async () => {
    const budgets = open()
    const all = await Promise.all([reserve(budgets, 700), reserve(budgets, 700), reserve(budgets, 200), reserve(budgets, 2000)])
    expect(all.filter(({ ok }) => ok)).toHaveLength(2)
    expect(budgets.read('budget', 'day').reserved).toBe(900)
  })

  it('that needs little is not refused for one that needs much, and was asked for before it came', async () => {
    const budgets = openInMadeUpTime()
    relay.latencyMs = 10
    const [large] = [reserve(budgets, 2000), await vi.advanceTimersByTimeAsync(5)]
    const small = reserve(budgets, 200)
    await vi.advanceTimersByTimeAsync(50)
    expect([(await large).ok, (await small).ok]).toEqual([false, true])
  })

  it('asks nobody where nobody sets a limit', async () => {
    const budgets = open()
    const reservation = granted(await reserve(budgets, 10, [hour]))
    expect(reserve(budgets, 10, [hour])).toMatchObject({ ok: true })
    budgets.settle(reservation, 25)
    expect(budgets.read('budget', 'hour')).toEqual({ spent: 25, reserved: 10 })
    expect(relay.asked).toEqual([])
  })

  it('is held to its own limit where the relay knows none', async () => {
    const mark: BudgetScope = { key: '["day","80%"]', limit: 1 }
    const budgets = open()
    budgets.settle(granted(await reserve(budgets, 1, [mark])), 1)
    expect(reserve(budgets, 1, [mark])).toEqual({ ok: false, refused: 0, balance: { spent: 1, reserved: 0 } })
    expect(lends()).toHaveLength(1)
  })

  it('is held to the relay’s limit once that knows one, and what was spent before counts', async () => {
    const team: BudgetScope = { key: 'team', limit: 1000 }
    const budgets = openInMadeUpTime()
    budgets.settle(granted(await reserve(budgets, 300, [team])), 300)
    relay.limits.set('team', 400)
    await vi.advanceTimersByTimeAsync(61_000)
    const meanwhile = granted(await reserve(budgets, 20, [team]))
    await vi.advanceTimersByTimeAsync(1000)
    expect(await reserve(budgets, 500, [team])).toMatchObject({ ok: false })
    budgets.settle(granted(await reserve(budgets, 50, [team])), 50)
    budgets.settle(meanwhile, 20)
    await budgets.close()
    expect(relay.taken('team')).toBe(370)
  })

  it('is held to a limit that the policy has set since, and to none that it has taken away', async () => {
    const budgets = openInMadeUpTime()
    const counted = { ...day, limit: mostNano }
    budgets.settle(granted(await reserve(budgets, 800, [counted])), 800)
    expect(relay.asked).toEqual([])
    budgets.settle(granted(await reserve(budgets, 900)), 100)
    await vi.advanceTimersByTimeAsync(2000)
    expect(budgets.read('budget', 'day').spent).toBeGreaterThanOrEqual(900)
    granted(await reserve(budgets, 5000, [counted]))
    await budgets.close()
    expect(relay.taken('day')).toBe(900)
  })

  it('is told once, however often the policy limits it and takes the limit away', async () => {
    const [budgets, other] = [openInMadeUpTime(), openInMadeUpTime()]
    other.settle(granted(await reserve(other, 50)), 50)
    await other.giveBack()
    for (const limit of [1000, mostNano, 1000, mostNano, 1000]) {
      budgets.settle(granted(await reserve(budgets, 10, [{ ...day, limit }])), 10)
      await vi.advanceTimersByTimeAsync(2000)
      expect(budgets.read('budget', 'day').spent).toBeGreaterThanOrEqual(60)
    }
    await budgets.close()
    await other.close()
    expect(relay.taken('day')).toBe(100)
  })

  it('is told once, where the relay did not know of it for a while', async () => {
    const budgets = openInMadeUpTime()
    for (const known of [true, false, true, true, false, true, true]) {
      if (known) relay.limits.set('day', 1000)
      else relay.limits.delete('day')
      budgets.settle(granted(await reserve(budgets, 200)), 10)
      await vi.advanceTimersByTimeAsync(70_000)
    }
    await budgets.close()
    expect(relay.taken('day')).toBe(70)
  })

  it('that was not limited yet counts when it is settled under a limit', async () => {
    const budgets = openInMadeUpTime()
    const underWay = granted(await reserve(budgets, 100, [{ ...day, limit: mostNano }]))
    budgets.settle(granted(await reserve(budgets, 10)), 10)
    budgets.settle(underWay, 90)
    await vi.advanceTimersByTimeAsync(2000)
    await budgets.close()
    expect(relay.taken('day')).toBe(100)
  })

  it('that was not limited yet is told also when it is settled long after all else', async () => {
    const budgets = openInMadeUpTime()
    const underWay = granted(await reserve(budgets, 100, [{ ...day, limit: mostNano }]))
    budgets.settle(granted(await reserve(budgets, 10)), 10)
    await vi.advanceTimersByTimeAsync(120_000)
    budgets.settle(underWay, 90)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(relay.taken('day')).toBe(100)
  })

  it('asks one at a time, and until it is answered, for a limit that the relay did not know', async () => {
    const team: BudgetScope = { key: 'team', limit: 1000 }
    const budgets = openInMadeUpTime()
    granted(await reserve(budgets, 300, [team]))
    relay.limits.set('team', 400)
    relay.fail = () => ({ status: 503 })
    await vi.advanceTimersByTimeAsync(61_000)
    const before = lends().length
    for (let at = 0; at < 5; at++) granted(await reserve(budgets, 10, [team]))
    expect(lends().length - before).toBe(1)
    relay.fail = () => undefined
    await vi.advanceTimersByTimeAsync(30_000)
    granted(await reserve(budgets, 10, [team]))
    await vi.advanceTimersByTimeAsync(1000)
    expect(await reserve(budgets, 500, [team])).toMatchObject({ ok: false })
  })

  it('of anything but a whole number is refused', () => {
    expect(() => reserve(open(), 0.5)).toThrow(/^\[invalid_config\]/)
    expect(() => reserve(open(), -1)).toThrow(/^\[invalid_config\]/)
  })

  it('fails when the relay does not take the key, whatever becomes of calls otherwise', async () => {
    whenAway = 'open'
    relay.fail = () => ({ status: 401 })
    const budgets = open()
    for (let time = 0; time < 2; time++)
      await expect(reserve(budgets, 1)).rejects.toMatchObject({ code: 'authentication_failed' })
  })
})

it('takes no budget of one space for that of another, however their names are cut', async () => {
  const budgets = open()
  const own = [{ key: 'bc', limit: mostNano }]
  granted(await budgets.reserve('a', own, 7, { ttlMs: 60_000 }))
  expect(budgets.read('a', 'bc')).toMatchObject({ reserved: 7 })
  expect(budgets.read('ab', 'c')).toMatchObject({ reserved: 0 })
})

/** One after the other, in a window that ends then. */
async function reserveInEach(budgets: LeasedBudgets, names: readonly string[], endsAt: number, limit = 10): Promise<void> {
  for (const key of names) budgets.settle(granted(await reserve(budgets, 1, [{ key, limit, endsAt }])), 1)
}
const names = (letter: string, count: number) => Array.from({ length: count }, (_, at) => `${letter}${at}`)

it('holds to so many budgets of its own at most, and forgets those that are over for whoever comes then', async () => {
  const budgets = openInMadeUpTime()
  const endsAt = Date.now() + 1000
  await reserveInEach(budgets, names('own', 50_000), endsAt)
  const more = () => reserve(budgets, 1, [{ key: 'more', limit: 10, endsAt }])
  expect(more).toThrow('[overloaded] This process holds to 50000 budgets already.')
  expect(budgets.read('budget', 'more')).toEqual({ spent: 0, reserved: 0 })
  vi.setSystemTime(endsAt + 24 * 3_600_000)
  granted(await more())
  expect(budgets.read('budget', 'own0')).toEqual({ spent: 0, reserved: 0 })
})

it('refuses nobody for what is only counted: that makes room', async () => {
  const budgets = openInMadeUpTime()
  const endsAt = Date.now() + 1000
  await reserveInEach(budgets, names('counted', 50_001), endsAt, mostNano)
  expect(budgets.read('budget', 'counted0')).toEqual({ spent: 0, reserved: 0 })
  expect(budgets.read('budget', 'counted50000')).toEqual({ spent: 1, reserved: 0 })
})

it('forgets what the relay was told of windows that are over, as others come', async () => {
  const budgets = openInMadeUpTime()
  for (const name of [...names('early', 1000), ...names('late', 1001)]) relay.limits.set(name, 10)
  const endsAt = Date.now() + 60_000
  await reserveInEach(budgets, names('early', 1000), endsAt)
  await vi.advanceTimersByTimeAsync(120_000)
  expect(budgets.read('budget', 'early0')).toMatchObject({ spent: 1 })
  await reserveInEach(budgets, names('late', 1001), endsAt + 120_000)
  expect(budgets.read('budget', 'early0')).toEqual({ spent: 0, reserved: 0 })
  expect(budgets.read('budget', 'late0')).toMatchObject({ spent: 1 })
})

describe('a settlement', () => {
  it('replaces what was set aside by what was spent, and what is left serves the next', async () => {
    const budgets = open()
    const reservation = granted(await reserve(budgets, 1000))
    budgets.settle(reservation, 100)
    const before = lends().length
    expect(reserve(budgets, 900)).toMatchObject({ ok: true })
    expect(lends()).toHaveLength(before)
  })

  it('counts once', async () => {
    const budgets = open()
    const reservation = granted(await reserve(budgets, 100))
    budgets.settle(reservation, 40)
    budgets.settle(reservation, 90)
    budgets.release(reservation)
    await budgets.close()
    expect(relay.taken('day')).toBe(40)
  })

  it('of what was spent while the relay was away is told, also where nothing was ever lent', async () => {
    whenAway = 'open'
    relay.fail = () => 'down'
    const budgets = open()
    const reservation = granted(await reserve(budgets, 100))
    budgets.settle(reservation, 40)
    relay.fail = () => undefined
    await vi.waitFor(() => expect(relay.taken('day')).toBeGreaterThan(0), { timeout: 5000, interval: 20 })
    await budgets.close()
    expect(relay.taken('day')).toBe(40)
  })

  it('of that is told when the leash is closed, at the latest', async () => {
    whenAway = 'open'
    relay.fail = () => 'down'
    const budgets = openInMadeUpTime()
    budgets.settle(granted(await reserve(budgets, 100)), 40)
    relay.fail = () => undefined
    // It is left in peace no longer, and has not been told yet.
    vi.advanceTimersByTime(600)
    await budgets.close()
    expect(relay.taken('day')).toBe(40)
  })

  it('of more than was set aside is told beyond what was lent, once nothing else is left', async () => {
    const budgets = open()
    budgets.settle(granted(await reserve(budgets, 1000)), 1300)
    await budgets.close()
    expect(relay.taken('day')).toBe(1300)
  })

  it('after the slice has ended corrects what was told of it', async () => {
    relay.ttlMs = 5000
    const budgets = openInMadeUpTime()
    const reservation = granted(await reserve(budgets, 800))
    await vi.advanceTimersByTimeAsync(6000)
    expect(relay.lent().every(({ spent }) => spent !== undefined)).toBe(true)
    expect(relay.taken('day')).toBe(800)
    budgets.settle(reservation, 30)
    await vi.advanceTimersByTimeAsync(2000)
    expect(relay.taken('day')).toBe(30)
  })

  it('that comes after the leash was closed is told all the same', async () => {
    const budgets = openInMadeUpTime()
    const reservation = granted(await reserve(budgets, 800))
    await budgets.close()
    expect(relay.taken('day')).toBe(800)
    budgets.settle(reservation, 30)
    await vi.advanceTimersByTimeAsync(2000)
    expect(relay.taken('day')).toBe(30)
  })

  it('that never comes counts as spent when the reservation expires, and corrects that when it comes late', async () => {
    const budgets = openInMadeUpTime()
    const reservation = granted(await reserve(budgets, 300, [day], 10_000))
    await vi.advanceTimersByTimeAsync(12_000)
    expect(budgets.read('budget', 'day')).toMatchObject({ reserved: 0 })
    await budgets.close()
    expect(relay.taken('day')).toBe(300)
    budgets.settle(reservation, 120)
    await vi.advanceTimersByTimeAsync(2000)
    expect(relay.taken('day')).toBe(120)
  })

  it('that never comes counts as spent also where nobody sets a limit', async () => {
    const budgets = openInMadeUpTime()
    granted(await reserve(budgets, 10, [hour], 10_000))
    await vi.advanceTimersByTimeAsync(12_000)
    expect(budgets.read('budget', 'hour')).toEqual({ spent: 10, reserved: 0 })
  })

  it('of what expires as returned gives it back', async () => {
    const budgets = openInMadeUpTime()
    granted(await budgets.reserve('budget', [day], 300, { ttlMs: 10_000, expired: 'returned' }))
    await vi.advanceTimersByTimeAsync(12_000)
    await budgets.close()
    expect(relay.taken('day')).toBe(0)
  })
})

describe('a slice', () => {
  it('is given back when it ends, as far as nothing is set aside from it', async () => {
    relay.ttlMs = 5000
    const budgets = openInMadeUpTime()
    budgets.settle(granted(await reserve(budgets, 10)), 10)
    expect(relay.taken('day')).toBeGreaterThanOrEqual(10)
    await vi.advanceTimersByTimeAsync(7000)
    expect(relay.taken('day')).toBe(10)
  })

  it('is not used any more when it has ended', async () => {
    relay.ttlMs = 5000
    const budgets = openInMadeUpTime()
    budgets.release(granted(await reserve(budgets, 500)))
    vi.setSystemTime(Date.now() + 5001)
    const before = lends().length
    const second = reserve(budgets, 500)
    expect(second).toBeInstanceOf(Promise)
    await second
    expect(lends().length).toBeGreaterThan(before)
  })

  it('is given back when the leash is closed', async () => {
    const budgets = open()
    budgets.settle(granted(await reserve(budgets, 10)), 7)
    await budgets.close()
    expect(relay.taken('day')).toBe(7)
    await expect((async () => reserve(budgets, 10))()).rejects.toThrow(/leash is closed/)
  })

  it('that is used up is told of within a second, while others go on', async () => {
    const budgets = openInMadeUpTime()
    for (let at = 0; at < 4; at++) budgets.settle(granted(await reserve(budgets, 100)), 100)
    await vi.advanceTimersByTimeAsync(1500)
    expect(relay.lent().filter(({ spent, amount }) => spent === amount).length).toBeGreaterThan(0)
  })

  it('is as large as what two seconds use', async () => {
    relay.limits.set('day', 1_000_000)
    relay.share = 1
    const budgets = openInMadeUpTime()
    for (let at = 0; at < 1000; at++) {
      budgets.settle(granted(await reserve(budgets, 10, [{ ...day, limit: 1_000_000 }])), 10)
      await vi.advanceTimersByTimeAsync(5)
    }
    const wanted = lends().map(({ body }) => (body as { wanted: number }).wanted)
    expect(wanted[0]).toBe(20)
    expect(Math.max(...wanted)).toBeGreaterThan(2000)
    expect(Math.max(...wanted)).toBeLessThanOrEqual(4000)
    expect(wanted.length).toBeLessThan(20)
  })

  it('is followed by the next before it is used up, so that no call waits', async () => {
    relay.limits.set('day', 1_000_000)
    relay.share = 1
    const budgets = openInMadeUpTime()
    let waits = 0
    for (let at = 0; at < 200; at++) {
      const reserved = reserve(budgets, 10, [{ ...day, limit: 1_000_000 }])
      if (reserved instanceof Promise) waits++
      budgets.settle(granted(await reserved), 10)
      await vi.advanceTimersByTimeAsync(10)
    }
    expect(waits).toBeLessThan(5)
  })

  it('of a budget that is spent is not asked for again and again ahead of need', async () => {
    const budgets = openInMadeUpTime()
    granted(await reserve(budgets, 1000))
    const before = lends().length
    for (let at = 0; at < 10; at++) {
      granted(await reserve(budgets, 0))
      await vi.advanceTimersByTimeAsync(10)
    }
    expect(lends()).toHaveLength(before + 1)
  })
})

describe('a relay that is away', () => {
  it('is not missed while what was lent lasts', async () => {
    const budgets = open()
    budgets.release(granted(await reserve(budgets, 500)))
    relay.fail = () => 'down'
    for (let at = 0; at < 5; at++) granted(await reserve(budgets, 100))
    await expect(reserve(budgets, 900)).rejects.toMatchObject({ code: 'overloaded', retryable: true })
  })

  it('lets calls pass where its policy says so, tells of it once, and is told of what they spent', async () => {
    whenAway = 'open'
    relay.fail = () => 'down'
    const budgets = openInMadeUpTime()
    for (let at = 0; at < 3; at++) budgets.settle(granted(await reserve(budgets, 100)), 60)
    expect(warnings).toEqual([expect.stringContaining('held to no shared budget')])
    relay.fail = () => undefined
    await vi.advanceTimersByTimeAsync(5000)
    budgets.release(granted(await reserve(budgets, 10)))
    await budgets.close()
    expect(relay.taken('day')).toBe(180)
  })

  it('lets calls pass without taking from what is left of its last slice', async () => {
    whenAway = 'open'
    const budgets = open()
    granted(await reserve(budgets, 100))
    relay.fail = () => 'down'
    const passed = granted(await reserve(budgets, 900))
    expect(budgets.read('budget', 'day')).toMatchObject({ reserved: 100 })
    budgets.release(passed)
    expect(budgets.read('budget', 'day')).toMatchObject({ reserved: 100 })
    expect(reserve(budgets, 50)).toMatchObject({ ok: true })
  })

  it('is left in peace for a while', async () => {
    relay.fail = () => ({ status: 503 })
    const budgets = open()
    for (let at = 0; at < 10; at++) await expect(reserve(budgets, 1)).rejects.toThrow()
    expect(lends()).toHaveLength(1)
  })

  it('is asked less and less often', async () => {
    const budgets = openInMadeUpTime()
    granted(await reserve(budgets, 10))
    relay.fail = () => ({ status: 429 })
    const before = lends().length
    for (let at = 0; at < 18; at++) {
      await Promise.resolve(reserve(budgets, 900)).catch(() => {})
      await vi.advanceTimersByTimeAsync(3000)
    }
    expect(lends().length - before).toBeLessThan(10)
  })

  it('is told of what was used as soon as it is back', async () => {
    relay.ttlMs = 2000
    const budgets = openInMadeUpTime()
    budgets.settle(granted(await reserve(budgets, 100)), 60)
    relay.fail = () => 'down'
    await vi.advanceTimersByTimeAsync(20_000)
    expect(relay.taken('day')).toBeGreaterThanOrEqual(100)
    relay.fail = () => undefined
    await vi.advanceTimersByTimeAsync(60_000)
    expect(relay.taken('day')).toBe(60)
  })

  it('whose answer was lost is asked again, by the same id', async () => {
    let count = 0
    relay.fail = () => (count++ === 0 ? 'lost' : undefined)
    granted(await reserve(open(), 100))
    const ids = lends().map(({ body }) => (body as { id: string }).id)
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(1)
    expect(relay.lent()).toHaveLength(1)
  })

  it('whose answers are lost altogether gets back what it has lent unseen', async () => {
    relay.fail = ({ path }) => (path.endsWith('/leases') ? 'lost' : undefined)
    const budgets = open()
    await expect(reserve(budgets, 100)).rejects.toMatchObject({ code: 'overloaded' })
    expect(relay.taken('day')).toBe(200)
    await budgets.close()
    expect(relay.taken('day')).toBe(0)
  })

  it('gets that back also where nobody asks for anything afterwards', async () => {
    relay.fail = ({ path }) => (path.endsWith('/leases') ? 'lost' : 'down')
    const budgets = openInMadeUpTime()
    await expect(reserve(budgets, 100)).rejects.toMatchObject({ code: 'overloaded' })
    await vi.advanceTimersByTimeAsync(5000)
    expect(relay.taken('day')).toBe(200)
    relay.fail = () => undefined
    await vi.advanceTimersByTimeAsync(60_000)
    expect(relay.taken('day')).toBe(0)
  })

  it('that answers with no lease is one that lends nothing', async () => {
    const budgets = new LeasedBudgets({
      connection: new Connection({ url: relay.url, key, fetch: async () => Response.json({ amount: -1 }) }),
      whenAway: () => 'closed',
      warn: () => {},
    })
    await expect(reserve(budgets, 1)).rejects.toMatchObject({ code: 'overloaded', cause: { code: 'upstream_malformed' } })
  })

  it('that takes a question for wrong leaves others in peace, and says why', async () => {
    relay.fail = ({ body }) => ((body as { scope: string }).scope === 'day' ? { status: 400 } : undefined)
    const budgets = open()
    await expect(reserve(budgets, 1)).rejects.toThrow(/^\[overloaded\] Nothing is lent. The relay answered 400/)
    expect(await reserve(budgets, 1, [month])).toMatchObject({ ok: true })
  })

  it('and in whose place somebody else answers 404 sets no budget free', async () => {
    relay.fail = () => ({ status: 404 })
    await expect(reserve(open(), 1)).rejects.toThrow()
  })
})
