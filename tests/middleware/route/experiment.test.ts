import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Goal } from '../../../src/core/experiment.js'
import { Experiment, type Outcome } from '../../../src/middleware/route/experiment.js'
import { normal, randomOf } from './random.js'

const two = ['a/x', 'b/y']

/** How a variant does, drawn by chance. */
interface Quality {
  readonly failures?: number
  readonly latencyMs?: number
  readonly costUsd?: number
}

function outcome({ failures = 0, latencyMs = 1000, costUsd = 0.01 }: Quality, random: () => number): Outcome {
  if (random() < failures) return { failed: true }
  // Latencies have a long tail: their logarithms make the bell.
  return { failed: false, latencyMs: latencyMs * Math.exp(0.6 * normal(random)), costUsd: costUsd * (0.5 + random()) }
}

/** Runs it until it has a winner, or for so many calls. */
function run(experiment: Experiment, qualities: readonly Quality[], calls: number, random: () => number): number {
  for (let call = 0; call < calls; call++) {
    const variant = call % qualities.length
    if (experiment.add(variant, outcome(qualities[variant] ?? {}, random))) return call + 1
  }
  return calls
}

describe('an experiment', () => {
  test('has shares that add up to 1, whatever the weights', () => {
    const weights = fc
      .array(fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 1000, noNaN: true })), { minLength: 2, maxLength: 8 })
      .filter((all) => all.some((weight) => weight > 0))
    fc.assert(
      fc.property(weights, (weights) => {
        const names = weights.map((_, index) => `a/${index}`)
        const { variants } = new Experiment('it', {}, names, weights).state()
        expect(variants.map(({ target }) => target)).toEqual(names)
        expect(variants.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
        expect(variants.every(({ share }, index) => share > 0 === (weights[index] ?? 0) > 0)).toBe(true)
      }),
    )
  })

  test.each<[Goal, Quality]>([
    ['latency', { latencyMs: 600 }],
    ['cost', { costUsd: 0.006 }],
    ['errors', { failures: 0.02 }],
  ])('finds the variant that is better by %s', (goal, better) => {
    const usual = { failures: 0.15 }
    const experiment = new Experiment('it', { goal }, two, [1, 1])
    run(experiment, [usual, { ...usual, ...better }], 4000, randomOf(1))
    expect(experiment.state().winner).toBe('b/y')
  })

  test('finds the variant with the higher score', () => {
    const random = randomOf(3)
    const experiment = new Experiment('it', { goal: 'score' }, two, [1, 1])
    let decided = 0
    for (let at = 0; at < 500; at++)
      for (const variant of [0, 1]) if (experiment.score(variant, 3 + (variant === 0 ? 0.5 : 0) + normal(random))) decided++
    expect([experiment.state().winner, decided]).toEqual(['a/x', 1])
  })

  test('of two that are the same finds a winner no oftener than its confidence allows, however long it is watched', () => {
    const confidence = 0.9
    const runs = 600
    // Looked at after every call, half of them would have one.
    const allowed = 1 - confidence + 3 * Math.sqrt(((1 - confidence) * confidence) / runs)
    for (const goal of ['latency', 'cost', 'errors'] as const) {
      let wrong = 0
      for (let seed = 0; seed < runs; seed++) {
        const experiment = new Experiment('it', { goal, confidence, minimumSample: 30 }, two, [1, 1])
        run(experiment, [{ failures: 0.2 }, { failures: 0.2 }], 1000, randomOf(seed))
        if (experiment.state().winner) wrong++
      }
      expect(wrong / runs).toBeLessThanOrEqual(allowed)
    }
  })

  test('of five that are the same does so no oftener', () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    let wrong = 0
    for (let seed = 0; seed < 200; seed++) {
      const experiment = new Experiment('it', { goal: 'latency', confidence: 0.9, minimumSample: 30 }, names, [1, 1, 1, 1, 1])
      run(
        experiment,
        names.map(() => ({})),
        1500,
        randomOf(seed),
      )
      if (experiment.state().winner) wrong++
    }
    expect(wrong / 200).toBeLessThanOrEqual(0.1 + 3 * Math.sqrt((0.1 * 0.9) / 200))
  })

  test('does not look before the minimum, and then at each doubling only', () => {
    const experiment = new Experiment('it', { goal: 'cost', minimumSample: 10 }, two, [1, 1])
    const looks: number[] = []
    for (let call = 1; call <= 200; call++) {
      experiment.add(call % 2, { failed: false, costUsd: 1 })
      if (experiment.state().looks > looks.length) looks.push(call)
    }
    expect(looks).toEqual([20, 40, 80, 160])
  })

  test('waits for the variant that is seen least', () => {
    const experiment = new Experiment('it', { goal: 'cost', minimumSample: 10 }, two, [1, 1])
    for (let call = 0; call < 500; call++) experiment.add(0, { failed: false, costUsd: 1 })
    expect(experiment.state().looks).toBe(0)
    for (let call = 0; call < 10; call++) experiment.add(1, { failed: false, costUsd: 2 })
    expect(experiment.state()).toMatchObject({ looks: 1, winner: 'a/x' })
  })

  test('lets nobody win who is cheap and fast because it answers less', () => {
    for (const goal of ['cost', 'latency'] as const) {
      const experiment = new Experiment('it', { goal }, two, [1, 1])
      run(experiment, [{ costUsd: 0.001, latencyMs: 10, failures: 0.6 }, {}], 4000, randomOf(5))
      expect(experiment.state().winner).toBeUndefined()
    }
  })

  test('among three needs a winner that beats both others', () => {
    const names = ['a', 'b', 'c']
    const close = new Experiment('it', { goal: 'latency' }, names, [1, 1, 1])
    run(close, [{ latencyMs: 500 }, { latencyMs: 500 }, { latencyMs: 2000 }], 6000, randomOf(11))
    expect(close.state().winner).toBeUndefined()
    const clear = new Experiment('it', { goal: 'latency' }, names, [1, 1, 1])
    run(clear, [{ latencyMs: 900 }, { latencyMs: 500 }, { latencyMs: 2000 }], 6000, randomOf(11))
    expect(clear.state().winner).toBe('b')
  })

  test('does not wait for a variant that gets no calls', () => {
    const experiment = new Experiment('it', { goal: 'cost', minimumSample: 10 }, ['a', 'b', 'c'], [1, 1, 0])
    for (let call = 0; call < 10; call++) for (const at of [0, 1]) experiment.add(at, { failed: false, costUsd: 1 + at })
    expect(experiment.state().winner).toBe('a')
  })

  test('without a goal only measures', () => {
    const experiment = new Experiment('it', { name: 'other' }, two, [1, 1])
    run(experiment, [{ failures: 1 }, {}], 2000, randomOf(1))
    expect(experiment.state()).toMatchObject({
      name: 'other',
      looks: 0,
      variants: [{ calls: 1000, errors: 1000 }, { errors: 0 }],
    })
    expect(experiment.state()).not.toHaveProperty('winner')
  })

  test('keeps its winner, and only an automatic one takes all calls', () => {
    const wins = (automatic: boolean) => {
      const experiment = new Experiment('it', { goal: 'errors', automatic }, two, [1, 1])
      expect(experiment.settled).toBeUndefined()
      run(experiment, [{ failures: 0.5 }, {}], 4000, randomOf(1))
      expect(run(experiment, [{}, { failures: 1 }], 4000, randomOf(1))).toBe(4000)
      expect(experiment.state().winner).toBe('b/y')
      return experiment.settled
    }
    expect([wins(true), wins(false)]).toEqual([1, undefined])
  })
})
