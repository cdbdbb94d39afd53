import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Connection } from '../../src/control/connection.js'
import { LeasedBudgets } from '../../src/control/leased-budgets.js'
import type { Reservation } from '../../src/core/store.js'
import { type Failure, FakeRelay, key } from './relay.js'

let relay: FakeRelay
beforeEach(async () => {
  relay = await FakeRelay.start()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
})
afterEach(async () => {
  vi.useRealTimers()
  await relay.close()
})

const limit = 1000
const keys = ['a', 'b']

type Step =
  | { readonly kind: 'reserve'; readonly client: number; readonly amount: number; readonly both: boolean; readonly ttlMs: number }
  /** By its place among the open ones; `share` of the amount was used. */
  | { readonly kind: 'settle'; readonly place: number; readonly share: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'fail'; readonly how: Failure; readonly times: number; readonly which: string }

const steps = (mostUsed: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('reserve' as const),
          client: fc.nat(1),
          amount: fc.integer({ min: 1, max: 600 }),
          both: fc.boolean(),
          ttlMs: fc.constantFrom(4000, 3_600_000),
        }),
      },
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constant('settle' as const),
          place: fc.nat(20),
          share: fc.double({ min: 0, max: mostUsed, noNaN: true }),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(0, 10, 20, 300, 1100, 6000) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('fail' as const),
          how: fc.constantFrom<Failure[]>(
            'down',
            'lost',
            'hang',
            { status: 503 },
            { status: 429, headers: { 'retry-after': '1' } },
          ),
          times: fc.integer({ min: 1, max: 4 }),
          which: fc.constantFrom('/v1/control/leases', '/v1/control/leases/settle', ''),
        }),
      },
    ),
    { maxLength: 60 },
  )

interface Open {
  readonly client: LeasedBudgets
  readonly reservation: Reservation
}

/** Two clients of one relay, and what they have truly set aside and spent. */
class Storm {
  readonly clients: LeasedBudgets[]
  readonly open: Open[] = []
  readonly spent = new Map(keys.map((scope) => [scope, 0]))
  readonly #pending = new Set<Promise<void>>()

  constructor() {
    relay.leases.clear()
    relay.most.clear()
    relay.ttlMs = 5000
    relay.latencyMs = 5
    relay.fail = () => undefined
    for (const scope of keys) relay.limits.set(scope, limit)
    this.clients = [0, 1].map(
      () =>
        new LeasedBudgets({
          connection: new Connection({ url: relay.url, key, fetch: relay.fetch }),
          whenAway: () => 'closed',
          warn: () => {},
        }),
    )
  }

  async run(step: Step): Promise<void> {
    if (step.kind === 'reserve') this.#reserve(step)
    else if (step.kind === 'settle') this.#settle(step)
    else if (step.kind === 'wait') await vi.advanceTimersByTimeAsync(step.ms)
    else {
      let times = step.times
      relay.fail = ({ path }) => (path.startsWith(step.which) && times-- > 0 ? step.how : undefined)
    }
  }

  /** Set aside and spent of a scope, by both. */
  used(scope: string): number {
    const open = this.open.filter(({ reservation }) => reservation.keys.includes(scope))
    return open.reduce((sum, { reservation }) => sum + reservation.amount, this.spent.get(scope) ?? 0)
  }

  /** Everything ends well. */
  async end(): Promise<void> {
    relay.fail = () => undefined
    await vi.advanceTimersByTimeAsync(10_000)
    await Promise.all(this.#pending)
    while (this.open.length > 0) this.#settle({ place: 0, share: 0.5 })
    await vi.advanceTimersByTimeAsync(60_000)
    const closed = Promise.all(this.clients.map((client) => client.close()))
    await vi.advanceTimersByTimeAsync(1000)
    await closed
  }

  #reserve({ client: at, amount, both, ttlMs }: Extract<Step, { kind: 'reserve' }>): void {
    const client = this.clients[at]
    if (!client) return
    const scopes = (both ? keys : keys.slice(0, 1)).map((scope) => ({ key: scope, limit }))
    const work = (async () => client.reserve('budget', scopes, amount, { ttlMs }))().then(
      (reserved) => {
        if (reserved.ok) this.open.push({ client, reservation: reserved.reservation })
      },
      (error) => expect(error.code).toBe('overloaded'),
    )
    this.#pending.add(work)
  }

  #settle({ place, share }: { readonly place: number; readonly share: number }): void {
    const [one] = this.open.splice(place % Math.max(1, this.open.length), 1)
    if (!one) return
    const actual = Math.floor(one.reservation.amount * share)
    for (const scope of one.reservation.keys) this.spent.set(scope, (this.spent.get(scope) ?? 0) + actual)
    one.client.settle(one.reservation, actual)
  }
}

describe('however calls, failures and lost answers fall together', () => {
  it('clients never use more than they were lent, and all of it is settled in the end', async () => {
    await fc.assert(
      fc.asyncProperty(steps(1), async (all) => {
        const storm = new Storm()
        for (const step of all) {
          await storm.run(step)
          for (const scope of keys) {
            expect(storm.used(scope)).toBeLessThanOrEqual(relay.taken(scope))
            expect(relay.taken(scope)).toBeLessThanOrEqual(limit)
          }
        }
        await storm.end()
        for (const scope of keys) {
          expect(relay.most.get(scope) ?? 0).toBeLessThanOrEqual(limit)
          expect(relay.taken(scope)).toBe(storm.spent.get(scope))
        }
        expect(relay.lent().filter(({ spent }) => spent === undefined)).toEqual([])
      }),
      { numRuns: 150 },
    )
  })

  it('calls that use more than was set aside for them are told of to the last', async () => {
    await fc.assert(
      fc.asyncProperty(steps(5), async (all) => {
        const storm = new Storm()
        for (const step of all) await storm.run(step)
        await storm.end()
        for (const scope of keys) expect(relay.taken(scope)).toBe(storm.spent.get(scope))
      }),
      { numRuns: 100 },
    )
  })
})
