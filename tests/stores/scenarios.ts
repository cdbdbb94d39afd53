/** What every store must do, whatever is behind it. */
import { describe, expect, it, vi } from 'vitest'
import type { Algorithm, BudgetScope, Budgets, Limit, Reservation, Store } from '../../src/core/store.js'

const algorithms: readonly Algorithm[] = ['token-bucket', 'fixed-window', 'sliding-window']
const hour = 3_600_000
/** So long that no test sees its end. */
const age = 10 ** 11

let spaces = 0
/** No test sees what another has left. */
const fresh = () => `test ${process.pid} ${spaces++}`
const soon = <T>(check: () => Promise<T>) => vi.waitFor(check, { timeout: 10_000, interval: 5 })

/** @param make a store that shares its state with the others that it made */
export function storeScenarios(make: () => Store): void {
  describe('values', () => {
    it('gives back what was set, text as text and bytes as bytes', async () => {
      const store = make()
      const key = fresh()
      for (const value of ['text', '', 'ünï\u{1f600}', Uint8Array.of(), Uint8Array.of(0, 255, 13, 10)]) {
        await store.set(key, value)
        expect(await store.get(key)).toEqual(value)
      }
    })

    it('knows nothing of a key that was not set', async () => {
      expect(await make().get(fresh())).toBeUndefined()
    })

    it('forgets a value when its time is over, and not before it is deleted otherwise', async () => {
      const store = make()
      const [brief, lasting] = [fresh(), fresh()]
      await store.set(brief, 'a', 30)
      await store.set(lasting, 'b', hour)
      await soon(async () => expect(await store.get(brief)).toBeUndefined())
      expect(await store.get(lasting)).toBe('b')
      await store.delete(lasting)
      expect(await store.get(lasting)).toBeUndefined()
    })

    it('lets a later value without a time outlive an earlier one with one', async () => {
      const store = make()
      const [key, brief] = [fresh(), fresh()]
      await store.set(key, 'a', 30)
      await store.set(key, 'b')
      await store.set(brief, 'c', 30)
      await soon(async () => expect(await store.get(brief)).toBeUndefined())
      expect(await store.get(key)).toBe('b')
    })

    it('clears what begins so and nothing else, also where a key looks like a pattern', async () => {
      const store = make()
      const prefix = `${fresh()} [a*]?`
      for (let at = 0; at < 2500; at++) await store.set(`${prefix}${at}`, 'x')
      const other = fresh()
      await store.set(other, 'x')
      await store.set(prefix.replace('[a*]?', 'aXY'), 'x')
      expect(await store.clear(prefix)).toBe(2500)
      expect(await store.get(`${prefix}7`)).toBeUndefined()
      expect(await store.get(other)).toBe('x')
      expect(await store.get(prefix.replace('[a*]?', 'aXY'))).toBe('x')
    })

    it('counts what was there and what was not', async () => {
      const store = make()
      const before = await store.stats()
      const key = fresh()
      await store.get(key)
      await store.set(key, 'x')
      await store.get(key)
      await store.get(key)
      const { hits, misses } = await store.stats()
      expect([hits - before.hits, misses - before.misses]).toEqual([2, 1])
    })
  })

  describe.each(algorithms)('a limit by %s', (algorithm) => {
    const of = (amount: number, over: Partial<Limit> = {}): Limit => ({
      key: 'k',
      algorithm,
      limit: 10,
      windowMs: age,
      amount,
      ...over,
    })
    const remaining = async (store: Store, space: string, over: Partial<Limit> = {}) =>
      Math.round((await store.take(space, [of(0, over)])).states[0]?.remaining ?? Number.NaN)

    it('lets so much pass and no more, and says what is left', async () => {
      const store = make()
      const space = fresh()
      const first = await store.take(space, [of(7)])
      expect(first).toMatchObject({ ok: true, retryAfterMs: 0 })
      expect(first.states[0]?.remaining).toBeCloseTo(3)
      expect(first.states[0]?.resetMs).toBeGreaterThan(0)
      const second = await store.take(space, [of(4)])
      expect(second).toMatchObject({ ok: false, refused: 0 })
      expect(second.retryAfterMs).toBeGreaterThan(0)
      expect(second.retryAfterMs).toBeLessThanOrEqual(1.05 * age)
      expect(second.states[0]?.remaining).toBeCloseTo(3)
      expect(await store.take(space, [of(3)])).toMatchObject({ ok: true })
    })

    it('lets pass again after the time that it names', async () => {
      const store = make()
      const space = fresh()
      const brief = { windowMs: 200 }
      await store.take(space, [of(10, brief)])
      await soon(async () => {
        const { ok, retryAfterMs } = await store.take(space, [of(5, brief)])
        if (!ok) expect(retryAfterMs).toBeLessThanOrEqual(210)
        expect(ok).toBe(true)
      })
    })

    it('says of more than the limit that it never passes', async () => {
      const { ok, retryAfterMs, states } = await make().take(fresh(), [of(11)])
      expect({ ok, retryAfterMs }).toEqual({ ok: false, retryAfterMs: Number.POSITIVE_INFINITY })
      expect(states[0]).toEqual({ remaining: 10, resetMs: 0 })
    })

    it('takes from all limits or from none', async () => {
      const store = make()
      const space = fresh()
      const [wide, narrow] = [
        { key: 'wide', limit: 100 },
        { key: 'narrow', limit: 1 },
      ]
      expect(await store.take(space, [of(1, wide), of(1, narrow)])).toMatchObject({ ok: true })
      expect(await store.take(space, [of(1, wide), of(1, narrow)])).toMatchObject({ ok: false, refused: 1 })
      expect(await store.take(space, [of(1, narrow), of(1, wide)])).toMatchObject({ ok: false, refused: 0 })
      expect(await remaining(store, space, wide)).toBe(99)
    })

    it('counts by space, by key and by window', async () => {
      const store = make()
      const [one, other] = [fresh(), fresh()]
      await store.take(one, [of(10)])
      expect(await remaining(store, other)).toBe(10)
      expect(await remaining(store, one, { key: 'another' })).toBe(10)
      expect(await remaining(store, one, { windowMs: age / 2 })).toBe(10)
    })

    it('takes spaces and keys that look like parts of its own', async () => {
      const store = make()
      const names = ['}', '{', '{}', '{a}b', 'a:b', 'a b', '', '\ud800', 'ü', '*']
      const space = fresh()
      for (const name of names) {
        expect(await store.take(`${space}${name}`, [of(10, { key: name })])).toMatchObject({ ok: true })
        expect(await store.take(`${space}${name}`, [of(1, { key: name })])).toMatchObject({ ok: false })
      }
    })

    it('charges what was used beyond the take, into debt, which holds up the next', async () => {
      const store = make()
      const space = fresh()
      const { at } = await store.take(space, [of(2)])
      await store.adjust(space, [of(13)], at)
      const { ok, states } = await store.take(space, [of(0.5)])
      expect(ok).toBe(false)
      expect(states[0]?.remaining).toBe(0)
      await store.adjust(space, [of(-6)], at)
      expect(await remaining(store, space)).toBe(1)
    })

    it('gives back what was not used, and never more than the limit', async () => {
      const store = make()
      const space = fresh()
      const { at } = await store.take(space, [of(8)])
      await store.adjust(space, [of(-5)], at)
      expect(await remaining(store, space)).toBe(7)
      await store.adjust(space, [of(-50)], at)
      expect(await remaining(store, space)).toBe(10)
      expect(await store.take(space, [of(11)])).toMatchObject({ ok: false })
    })

    it('goes on counting when the limit becomes another', async () => {
      const store = make()
      const space = fresh()
      await store.take(space, [of(8)])
      expect(await remaining(store, space, { limit: 5 })).toBe(algorithm === 'token-bucket' ? 2 : 0)
      expect(await store.take(space, [of(3, { limit: 5 })])).toMatchObject({ ok: false })
    })

    it('lets exactly as many pass as it may when a thousand come at once', async () => {
      const stores = [make(), make(), make()]
      const space = fresh()
      const takes = await Promise.all(
        Array.from({ length: 1000 }, (_, at) =>
          stores[at % 3]?.take(space, [of(1, { limit: 137 }), of(3, { key: 'other', limit: 1000 })]),
        ),
      )
      expect(takes.filter((taken) => taken?.ok)).toHaveLength(137)
    })
  })

  budgetScenarios(make)
}

/** What everybody must do who sets money aside, whatever is behind it. */
export function budgetScenarios(make: () => Budgets): void {
  describe('budgets', () => {
    const scope = (over: Partial<BudgetScope> = {}): BudgetScope => ({ key: 'team', limit: 1000, ...over })
    const reserve = async (
      store: Budgets,
      space: string,
      amount: number,
      scopes = [scope()],
      ttlMs = hour,
    ): Promise<Reservation> => {
      const reserved = await store.reserve(space, scopes, amount, { ttlMs })
      if (!reserved.ok) throw new Error('refused')
      return reserved.reservation
    }

    it('sets aside, settles on what was spent, and gives the rest back', async () => {
      const store = make()
      const space = fresh()
      const reservation = await reserve(store, space, 600)
      expect(await store.read(space, 'team')).toEqual({ spent: 0, reserved: 600 })
      await store.settle(reservation, 250)
      expect(await store.read(space, 'team')).toEqual({ spent: 250, reserved: 0 })
    })

    it('refuses what would pass a limit, with what is there, and then sets nothing aside anywhere', async () => {
      const store = make()
      const space = fresh()
      const scopes = [scope(), scope({ key: 'user', limit: 100 })]
      await store.settle(await reserve(store, space, 60, scopes), 50)
      expect(await store.reserve(space, scopes, 51, { ttlMs: hour })).toEqual({
        ok: false,
        refused: 1,
        balance: { spent: 50, reserved: 0 },
      })
      expect(await store.read(space, 'team')).toEqual({ spent: 50, reserved: 0 })
      expect(await store.reserve(space, scopes, 50, { ttlMs: hour })).toMatchObject({
        ok: true,
        balances: [
          { spent: 50, reserved: 50 },
          { spent: 50, reserved: 50 },
        ],
      })
    })

    it('releases as if nothing had been', async () => {
      const store = make()
      const space = fresh()
      await store.release(await reserve(store, space, 1000))
      expect(await store.read(space, 'team')).toEqual({ spent: 0, reserved: 0 })
      await reserve(store, space, 1000)
    })

    it('counts the first settle of a reservation alone, by whichever process', async () => {
      const [one, other] = [make(), make()]
      const space = fresh()
      const reservation = await reserve(one, space, 500)
      await other.settle(reservation, 100)
      await one.settle(reservation, 300)
      await one.release(reservation)
      expect(await one.read(space, 'team')).toEqual({ spent: 100, reserved: 0 })
    })

    it('books what was spent beyond the reservation, also over the limit', async () => {
      const store = make()
      const space = fresh()
      await store.settle(await reserve(store, space, 900), 1200)
      expect(await store.read(space, 'team')).toEqual({ spent: 1200, reserved: 0 })
      expect(await store.reserve(space, [scope()], 0, { ttlMs: hour })).toMatchObject({ ok: false })
    })

    it('sets nothing aside for what costs nothing, and settles it', async () => {
      const store = make()
      const space = fresh()
      const reservation = await reserve(store, space, 0)
      expect(await store.read(space, 'team')).toEqual({ spent: 0, reserved: 0 })
      await store.settle(reservation, 7)
      expect(await store.read(space, 'team')).toEqual({ spent: 7, reserved: 0 })
    })

    it.each([
      ['spent', 400, 100],
      ['returned', 0, 100],
    ] as const)('counts an expired reservation as %s, and corrects it when it is settled late', async (expired, spent, late) => {
      const store = make()
      const space = fresh()
      const lasting = await reserve(store, space, 50)
      const reserved = await store.reserve(space, [scope()], 400, { ttlMs: 20, expired })
      if (!reserved.ok) throw new Error('refused')
      await soon(async () => expect(await store.read(space, 'team')).toEqual({ spent, reserved: 50 }))
      await store.settle(reserved.reservation, late)
      await store.settle(reserved.reservation, late)
      expect(await store.read(space, 'team')).toEqual({ spent: late, reserved: 50 })
      await store.settle(lasting, 0)
      expect(await store.read(space, 'team')).toEqual({ spent: late, reserved: 0 })
    })

    it('settles a reservation of nothing after it has expired', async () => {
      const store = make()
      const space = fresh()
      const free = await reserve(store, space, 0, [scope()], 1)
      const paid = await reserve(store, space, 5, [scope()], 1)
      await soon(async () => expect(await store.read(space, 'team')).toEqual({ spent: 5, reserved: 0 }))
      await store.settle(free, 3)
      await store.settle(paid, 4)
      expect(await store.read(space, 'team')).toEqual({ spent: 7, reserved: 0 })
    })

    it('makes room by what has expired when somebody else reserves', async () => {
      const store = make()
      const space = fresh()
      const options = { ttlMs: 20, expired: 'returned' } as const
      await store.reserve(space, [scope()], 1000, options)
      await soon(async () => expect(await store.reserve(space, [scope()], 1000, options)).toMatchObject({ ok: true }))
    })

    it('keeps the numbers of a window that has just ended, and of one that goes on', async () => {
      const store = make()
      const space = fresh()
      const scopes = [scope({ key: 'october', endsAt: Date.now() - 1000 }), scope({ key: 'november', endsAt: Date.now() + hour })]
      await store.settle(await reserve(store, space, 10, scopes), 8)
      expect(await store.read(space, 'october')).toEqual({ spent: 8, reserved: 0 })
      expect(await store.read(space, 'november')).toEqual({ spent: 8, reserved: 0 })
    })

    it('is exact up to the largest amount there is', async () => {
      const store = make()
      const space = fresh()
      const most = Number.MAX_SAFE_INTEGER
      const scopes = [scope({ limit: most })]
      await store.settle(await reserve(store, space, most - 1, scopes), most - 2)
      await reserve(store, space, 1, scopes)
      expect(await store.read(space, 'team')).toEqual({ spent: most - 2, reserved: 1 })
      expect(await store.reserve(space, scopes, 2, { ttlMs: hour })).toMatchObject({ ok: false })
      await reserve(store, space, 1, scopes)
    })

    it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
      'refuses the amount %s, which is no money',
      async (amount) => {
        const store = make()
        const space = fresh()
        const reservation = await reserve(store, space, 1)
        const wrong = { code: 'invalid_config' }
        await expect(async () => store.reserve(space, [scope()], amount, { ttlMs: hour })).rejects.toMatchObject(wrong)
        await expect(async () => store.reserve(space, [scope({ limit: amount })], 1, { ttlMs: hour })).rejects.toMatchObject(
          wrong,
        )
        await expect(async () => store.settle(reservation, amount)).rejects.toMatchObject(wrong)
      },
    )

    it('never lets spent and reserved pass the limit, however many come at once', async () => {
      const stores = [make(), make(), make()]
      const space = fresh()
      const scopes = [scope({ key: 'org', limit: 5000 }), scope({ key: 'team', limit: 3000 })]
      let spent = 0
      await Promise.all(
        Array.from({ length: 1000 }, async (_, at) => {
          const store = stores[at % 3] ?? make()
          const reserved = await store.reserve(space, scopes, 10, { ttlMs: hour })
          if (!reserved.ok) return
          for (const [index, { limit }] of scopes.entries()) {
            const { spent = 0, reserved: open = 0 } = reserved.balances[index] ?? {}
            expect(spent + open).toBeLessThanOrEqual(limit)
          }
          const actual = at % 11
          spent += actual
          await store.settle(reserved.reservation, actual)
        }),
      )
      expect(await stores[0]?.read(space, 'team')).toEqual({ spent, reserved: 0 })
      expect(await stores[0]?.read(space, 'org')).toEqual({ spent, reserved: 0 })
    })
  })
}
