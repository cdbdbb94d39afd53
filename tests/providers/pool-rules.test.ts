/** What holds for a pool whatever happens, on a clock of our own. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LeashError } from '../../src/core/errors.js'
import { KeyPool } from '../../src/providers/key-pool.js'
import type { KeysOptions } from '../../src/providers/options.js'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const make = (count: number, options?: KeysOptions) =>
  new KeyPool(
    'test',
    Array.from({ length: count }, (_, index) => ({
      name: `key ${index + 1}`,
      weight: index + 1,
      read: () => `secret ${index + 1}`,
      changes: false,
    })),
    options,
  )
const limited = (retryAfterMs: number) => new LeashError('rate_limited', 'Slow down.', { retryable: true, retryAfterMs })
const unknown = () => new LeashError('authentication_failed', 'Who are you?')

type Step =
  | { readonly does: 'call'; readonly model: string; readonly fate: 'ok' | 'unknown' | number }
  | { readonly does: 'wait'; readonly ms: number }

const model = fc.constantFrom('m1', 'm2')
const steps = fc.array(
  fc.oneof(
    fc.record({
      does: fc.constant('call' as const),
      model,
      fate: fc.oneof(fc.constantFrom('ok' as const, 'unknown' as const), fc.integer({ min: 0, max: 2000 })),
    }),
    fc.record({ does: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 800 }) }),
  ),
  { maxLength: 60 },
)

/** Plays the steps against a pool and a plain list of rests; the two must agree about who may serve. */
async function play(pool: KeyPool, names: readonly string[], script: readonly Step[]): Promise<void> {
  const rests = new Map<string, number>()
  const restsUntil = (name: string, model: string) => Math.max(rests.get(`${name} ${model}`) ?? 0, rests.get(name) ?? 0)
  for (const step of script) {
    if (step.does === 'wait') {
      vi.advanceTimersByTime(step.ms)
      continue
    }
    const now = Date.now()
    const free = names.filter((name) => restsUntil(name, step.model) <= now)
    const taken = await pool.take(step.model).catch((error: LeashError) => error)
    if (taken instanceof LeashError) {
      expect(free).toEqual([])
      const coolingUntil = names
        .filter((name) => (rests.get(name) ?? 0) <= now)
        .map((name) => rests.get(`${name} ${step.model}`) ?? 0)
      // As soon as the first is ready, and not before; refused keys do not count.
      if (coolingUntil.length > 0)
        expect(taken).toMatchObject({ code: 'rate_limited', retryAfterMs: Math.min(...coolingUntil) - now + 1 })
      else expect(taken).toMatchObject({ code: 'authentication_failed', retryable: false })
      continue
    }
    const { name } = taken.key
    expect(free, `${name} rests`).toContain(name)
    if (step.fate === 'unknown') {
      rests.set(name, now + 300_000)
      taken.key.failed(unknown())
    } else if (step.fate !== 'ok') {
      const place = `${name} ${step.model}`
      rests.set(place, Math.max(rests.get(place) ?? 0, now + step.fate))
      const wait = taken.key.failed(limited(step.fate))
      const ready = names.filter((name) => (rests.get(name) ?? 0) <= now).map((name) => restsUntil(name, step.model))
      const first = Math.min(...ready)
      expect(wait).toBe(first <= now ? 0 : first - now + 1)
    }
    taken.key.done()
  }
}

test('no key is used before its rest is over, and none is refused a call after it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 4 }),
      fc.constantFrom('weighted' as const, 'least-used' as const),
      steps,
      async (count, strategy, script) => {
        vi.setSystemTime(1_000_000)
        const names = Array.from({ length: count }, (_, index) => `key ${index + 1}`)
        await play(make(count, { strategy }), names, script)
      },
    ),
    { numRuns: 300 },
  )
})

describe('the split', () => {
  test('holds for many processes that make one call each', async () => {
    const processes = 600
    const random = vi.spyOn(Math, 'random')
    const counts = new Map<string, number>()
    for (let index = 0; index < processes; index++) {
      random.mockReturnValueOnce(index / processes)
      const { key } = await make(3).take('m')
      counts.set(key.name, (counts.get(key.name) ?? 0) + 1)
    }
    const share = (name: string) => Math.round(((counts.get(name) ?? 0) / processes) * 6)
    expect([share('key 1'), share('key 2'), share('key 3')]).toEqual([1, 2, 3])
  })

  test('holds within a few calls of any moment, from any beginning', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async (start) => {
        vi.spyOn(Math, 'random').mockReturnValueOnce(start)
        const pool = make(2)
        for (let calls = 1; calls <= 120; calls++) {
          await pool.take('m')
          const [light, heavy] = pool.states()
          expect(Math.abs((light?.uses ?? 0) - calls / 3)).toBeLessThan(3)
          expect((light?.uses ?? 0) + (heavy?.uses ?? 0)).toBe(calls)
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('the state of the keys', () => {
  test('tells who rests, for which models, and until when', async () => {
    const pool = make(3)
    const take = async (model: string, name: string) => {
      for (;;) {
        const { key } = await pool.take(model)
        if (key.name === name) return key
        key.done()
      }
    }
    ;(await take('m1', 'key 1')).failed(limited(500))
    ;(await take('m2', 'key 1')).failed(limited(700))
    ;(await take('m1', 'key 2')).failed(unknown())
    expect(pool.states()).toEqual([
      { name: 'key 1', state: 'cooling', until: 1_000_700, models: ['m1', 'm2'], uses: expect.any(Number) },
      { name: 'key 2', state: 'disabled', until: 1_300_000, uses: expect.any(Number) },
      { name: 'key 3', state: 'ready', uses: expect.any(Number) },
    ])
    vi.advanceTimersByTime(600)
    expect(pool.states()[0]).toMatchObject({ state: 'cooling', models: ['m2'] })
    vi.advanceTimersByTime(300_000)
    expect(pool.states().map(({ state }) => state)).toEqual(['ready', 'ready', 'ready'])
  })

  test('names no time for a key that never comes back', async () => {
    const pool = make(2, { disableMs: Number.POSITIVE_INFINITY })
    const { key } = await pool.take('m')
    key.failed(unknown())
    const gone = pool.states().find(({ name }) => name === key.name)
    expect(gone).toEqual({ name: key.name, state: 'disabled', uses: 1 })
  })

  test('holds no more than so many models for a key, however many are asked for', async () => {
    const pool = make(2)
    for (let index = 0; index < 1000; index++) {
      const { key } = await pool.take(`model-${index}`)
      key.failed(limited(5000))
      vi.advanceTimersByTime(1)
    }
    for (const { models } of pool.states()) {
      expect(models?.length).toBeGreaterThan(100)
      expect(models?.length).toBeLessThanOrEqual(256)
      expect(models?.at(-1)).toMatch(/^model-99\d$/)
    }
  })
})

test.each([
  ['30s', 30_000],
  ['1d', 60_000],
])('a key of which nothing remains for %s rests for that model, for a minute at most', async (reset, ms) => {
  const pool = make(2)
  const { key } = await pool.take('m')
  key.answered?.(new Headers({ 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': reset }))
  expect(pool.states().map(({ state }) => state)).toEqual(['ready', 'ready'])
  key.answered?.(new Headers({ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': reset }))
  const state = pool.states().find(({ name }) => name === key.name)
  expect(state).toMatchObject({ state: 'cooling', models: ['m'], until: 1_000_000 + ms })
})

test('a single key never rests, whatever remains of its limit', async () => {
  const pool = make(1)
  const { key } = await pool.take('m')
  key.answered?.(new Headers({ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '30s' }))
  expect((await pool.take('m')).key.name).toBe(key.name)
})

test('the longer of two rests holds, in whichever order they come', async () => {
  const pool = new KeyPool('test', [
    { name: 'a', weight: 1, read: () => 'a', changes: false },
    { name: 'b', weight: 1000, read: () => 'b', changes: false },
  ])
  const together = await Promise.all([pool.take('m'), pool.take('m')])
  const mine = together.filter(({ key }) => key.name === together[0]?.key.name)
  for (const [index, { key }] of mine.entries()) key.failed(limited(index === 0 ? 900 : 100))
  const state = pool.states().find(({ name }) => name === mine[0]?.key.name)
  expect(state?.until).toBe(1_000_900)
})

describe('a key that is read', () => {
  // Nearly all calls are its own.
  const reading = (read: () => string | Promise<string>) =>
    new KeyPool('test', [
      { name: 'read', weight: 1000, read, changes: true },
      { name: 'plain', weight: 0.001, read: () => 'plain', changes: false },
    ])

  test('and cannot be, leaves the call to another', async () => {
    const pool = reading(() => Promise.reject(new Error('the vault is sealed')))
    for (let call = 0; call < 5; call++) expect((await pool.take('m')).key.name).toBe('plain')
  })

  test('is not used when it came to rest while it was being read', async () => {
    const give: ((key: string) => void)[] = []
    const pool = reading(() => new Promise((resolve) => give.push(resolve)))
    const [slow, quick] = [pool.take('m'), pool.take('m')]
    give[1]?.('secret')
    const { key } = await quick
    expect(key.name).toBe('read')
    key.failed(limited(1000))
    give[0]?.('secret')
    expect((await slow).key.name).toBe('plain')
  })

  test('tells why it cannot be, when there is no other', async () => {
    const sealed = new LeashError('missing_key', 'The vault is sealed.')
    const pool = reading(() => Promise.reject(sealed))
    const { key } = await pool.take('m')
    key.failed(unknown())
    await expect(pool.take('m')).rejects.toBe(sealed)
  })

  test('that was refused is no reason to refuse what took its place', async () => {
    let secret = 'old'
    const pool = reading(async () => secret)
    const { key } = await pool.take('m')
    expect(key.name).toBe('read')
    secret = 'new'
    expect((await pool.take('m')).secret).toBe('new')
    key.failed(unknown())
    expect((await pool.take('m')).secret).toBe('new')
    expect(pool.states()[0]?.state).toBe('ready')
  })
})

test('no key rests until a clock that was set back has caught up', async () => {
  const pool = make(2)
  for (const error of [limited(5000), unknown()]) {
    const { key } = await pool.take('m')
    key.failed(error)
    key.done()
  }
  await expect(pool.take('m')).rejects.toMatchObject({ code: 'rate_limited' })
  vi.setSystemTime(Date.now() - 500_000)
  expect(pool.states().map(({ state }) => state)).toEqual(['ready', 'ready'])
  const { key } = await pool.take('m')
  key.failed(limited(1000))
  expect(
    pool
      .states()
      .map(({ state }) => state)
      .sort(),
  ).toEqual(['cooling', 'ready'])
})
