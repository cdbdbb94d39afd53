import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Gate, type Priority, type Slot, type Waiting } from '../../../src/middleware/concurrency/gate.js'

afterEach(() => {
  vi.useRealTimers()
})

const one: readonly Slot[] = [{ name: 'it', limit: 1 }]

/** Who comes, who is in, and who was let in in which order. */
function visitors(gate: Gate, slots = one) {
  const entered: string[] = []
  const leave = new Map<string, () => void>()
  return {
    entered,
    async come(name: string, waiting: Partial<Waiting> = {}, own = slots): Promise<void> {
      const left = await gate.enter(own, { waitMs: 10_000, ...waiting })
      entered.push(name)
      leave.set(name, left)
    },
    /** Whoever is let in by that has entered when it resolves. */
    async go(name: string): Promise<void> {
      leave.get(name)?.()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

describe('a gate', () => {
  it('lets in at once, without a promise, as long as there is room', () => {
    const gate = new Gate(10)
    const slots = [{ name: 'it', limit: 2 }]
    const first = gate.enter(slots, { waitMs: 0 })
    expect(first).toBeTypeOf('function')
    gate.enter(slots, { waitMs: 0 })
    expect(() => gate.enter(slots, { waitMs: 0 })).toThrow(expect.objectContaining({ code: 'overloaded', status: 503 }))
    if (typeof first === 'function') first()
    expect(gate.enter(slots, { waitMs: 0 })).toBeTypeOf('function')
  })

  it('lets in one for each of the places that come free together', async () => {
    const gate = new Gate(10)
    const [left, right] = [
      { name: 'left', limit: 1 },
      { name: 'right', limit: 1 },
    ] as const
    const { come, go, entered } = visitors(gate)
    await come('both', {}, [left, right])
    for (const slot of [left, right]) void come(slot.name, {}, [slot])
    await go('both')
    expect(entered).toEqual(['both', 'left', 'right'])
  })

  it('counts a place that is left twice once', () => {
    const gate = new Gate(10)
    const leave = gate.enter(one, { waitMs: 0 })
    if (leave instanceof Promise) throw new Error('There was room.')
    leave()
    leave()
    gate.enter(one, { waitMs: 0 })
    expect(() => gate.enter(one, { waitMs: 0 })).toThrow('overloaded')
  })

  it('lets those who wait in as they came', async () => {
    const { come, go, entered } = visitors(new Gate(10))
    await come('a')
    for (const name of ['b', 'c']) void come(name)
    for (const name of ['a', 'b']) await go(name)
    expect(entered).toEqual(['a', 'b', 'c'])
  })

  it('lets the higher class in first, and each class in the order of coming', async () => {
    const { come, go, entered } = visitors(new Gate(10))
    await come('in')
    const names: [string, Priority][] = [
      ['l1', 'low'],
      ['n1', 'normal'],
      ['h1', 'high'],
      ['l2', 'low'],
      ['h2', 'high'],
      ['n2', 'normal'],
    ]
    for (const [name, priority] of names) void come(name, { priority })
    for (let at = 0; at < 6; at++) await go(entered.at(-1) ?? '')
    expect(entered).toEqual(['in', 'h1', 'h2', 'n1', 'n2', 'l1', 'l2'])
  })

  it('gives every tenth place to the class whose first has waited longest, so that none waits for ever', async () => {
    const { come, go, entered } = visitors(new Gate(100))
    await come('in')
    void come('low', { priority: 'low' })
    for (let at = 0; at < 30; at++) {
      void come(`high ${at}`, { priority: 'high' })
      await go(entered.at(-1) ?? '')
    }
    expect(entered.indexOf('low')).toBe(10)
  })

  it('lets in past somebody who waits for a place that is still taken', async () => {
    const gate = new Gate(10)
    const total = { name: 'all', limit: 2 }
    const tenant = (name: string): readonly Slot[] => [{ name, limit: 1 }, total]
    const { come, go, entered } = visitors(gate)
    await come('a1', {}, tenant('a'))
    await come('b1', {}, tenant('b'))
    void come('a2', {}, tenant('a'))
    void come('c1', {}, tenant('c'))
    await go('b1')
    expect(entered).toEqual(['a1', 'b1', 'c1'])
    await go('a1')
    expect(entered).toEqual(['a1', 'b1', 'c1', 'a2'])
  })

  it('refuses one more than may wait', async () => {
    const gate = new Gate(1)
    const { come } = visitors(gate)
    await come('in')
    const waiting = come('waits')
    expect(() => gate.enter(one, { waitMs: 1000 })).toThrow(/All 1 places for it are taken, and 1 calls wait already/)
    waiting.catch(() => {})
  })

  it('gives up after the time that a call may wait', async () => {
    vi.useFakeTimers()
    const { come } = visitors(new Gate(10))
    await come('in')
    const waiting = expect(come('waits', { waitMs: 500 })).rejects.toMatchObject({ code: 'overloaded', retryable: true })
    await vi.advanceTimersByTimeAsync(500)
    await waiting
    expect(vi.getTimerCount()).toBe(0)
  })

  it('gives up at the deadline of the call, also when it has passed already', async () => {
    vi.useFakeTimers()
    const { come } = visitors(new Gate(10))
    await come('in')
    const waiting = expect(come('waits', { deadline: Date.now() + 200 })).rejects.toMatchObject({ code: 'deadline_exceeded' })
    await vi.advanceTimersByTimeAsync(200)
    await waiting
    const late = expect(come('late', { deadline: Date.now() - 1 })).rejects.toMatchObject({ code: 'deadline_exceeded' })
    await vi.advanceTimersByTimeAsync(1)
    await late
    expect(vi.getTimerCount()).toBe(0)
  })

  it('lets go in the same tick of somebody who aborts, of their timer and of their listener', async () => {
    vi.useFakeTimers()
    const { come, go, entered } = visitors(new Gate(10))
    await come('in')
    const controller = new AbortController()
    const remove = vi.spyOn(controller.signal, 'removeEventListener')
    const failed = vi.fn()
    come('aborts', { signal: controller.signal, deadline: Date.now() + 1000 }).catch(failed)
    void come('next')
    controller.abort(new Error('enough'))
    vi.useRealTimers()
    await Promise.resolve()
    await Promise.resolve()
    expect(failed).toHaveBeenCalledWith(expect.objectContaining({ code: 'aborted' }))
    expect(remove).toHaveBeenCalled()
    await go('in')
    expect(entered).toEqual(['in', 'next'])
  })

  it('does not let in who has aborted already, and holds no place for them', () => {
    const gate = new Gate(10)
    expect(() => gate.enter(one, { waitMs: 0, signal: AbortSignal.abort() })).toThrow('aborted')
    expect(gate.enter(one, { waitMs: 0 })).toBeTypeOf('function')
  })

  it('never lets in more than there are places, and lets everybody in at last', async () => {
    const visit = fc.record({
      tenant: fc.nat(3),
      priority: fc.constantFrom<Priority>('high', 'normal', 'low'),
      turns: fc.nat(5),
      aborts: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(visit, { maxLength: 60 }), async (visits) => {
        const gate = new Gate(1000)
        const inside = new Map<string, number>()
        let [most, settled] = [0, 0]
        await Promise.all(
          visits.map(async ({ tenant, priority, turns, aborts }) => {
            const controller = new AbortController()
            if (aborts) setImmediate(() => controller.abort())
            const slots = [
              { name: `tenant ${tenant}`, limit: 2 },
              { name: 'all', limit: 5 },
            ]
            const leave = await Promise.resolve(gate.enter(slots, { priority, waitMs: 15_000, signal: controller.signal })).catch(
              () => undefined,
            )
            settled++
            if (!leave) return
            for (const { name, limit } of slots) {
              inside.set(name, (inside.get(name) ?? 0) + 1)
              most = Math.max(most, (inside.get(name) ?? 0) - limit)
            }
            for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
            for (const { name } of slots) inside.set(name, (inside.get(name) ?? 0) - 1)
            leave()
          }),
        )
        expect(most).toBeLessThanOrEqual(0)
        expect(settled).toBe(visits.length)
        for (let place = 0; place < 5; place++)
          expect(gate.enter([{ name: 'all', limit: 5 }], { waitMs: 0 })).toBeTypeOf('function')
      }),
      { numRuns: 50 },
    )
  })
})
