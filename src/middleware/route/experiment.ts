import type { ExperimentState, Goal, VariantState } from '../../core/experiment.js'
import { Moments, Quantiles } from './metrics.js'
import type { ExperimentOptions } from './options.js'
import { type Sample, twoProportions, welch } from './significance.js'

/** What became of one call, as far as is known. */
export interface Outcome {
  readonly failed: boolean
  readonly latencyMs?: number
  readonly costUsd?: number
}

class Variant {
  calls = 0
  errors = 0
  readonly latencyMs = new Moments()
  readonly latencies = new Quantiles()
  readonly costUsd = new Moments()
  readonly score = new Moments()

  constructor(
    readonly target: string,
    readonly share: number,
  ) {}

  sampled(goal: Goal): number {
    return goal === 'errors' ? this.calls : this[measure[goal]].count
  }
}

const measure = { cost: 'costUsd', latency: 'latencyMs', score: 'score' } as const

/**
 * Variants measured side by side, and compared for a goal.
 *
 * To look at the numbers after every call and stop when they please would find a winner where there is none. So they
 * are compared when the smallest sample has reached the minimum, and then whenever it has doubled; the k-th look may err
 * with a chance of (1 - confidence) / 2ᵏ, which over all looks adds up to no more than 1 - confidence. Among more than two
 * variants the winner must beat each other one, with that chance divided by the number of others (Bonferroni).
 */
export class Experiment {
  readonly name: string
  readonly #route: string
  readonly #options: ExperimentOptions
  readonly #variants: readonly Variant[]
  /** Those that get calls. */
  readonly #running: readonly Variant[]
  #looks = 0
  #nextLook: number
  #winner: Variant | undefined

  constructor(route: string, options: ExperimentOptions, targets: readonly string[], weights: readonly number[]) {
    const sum = weights.reduce((sum, weight) => sum + weight, 0)
    this.name = options.name ?? route
    this.#route = route
    this.#options = options
    this.#variants = targets.map((target, index) => new Variant(target, (weights[index] ?? 0) / sum))
    this.#running = this.#variants.filter(({ share }) => share > 0)
    this.#nextLook = Math.max(2, options.minimumSample ?? 100)
  }

  /** The index of the target that all calls go to; undefined as long as they are dealt by weight. */
  get settled(): number | undefined {
    return this.#options.automatic && this.#winner ? this.#variants.indexOf(this.#winner) : undefined
  }

  /** @returns whether this measurement has decided it */
  add(variant: number, { failed, latencyMs, costUsd }: Outcome): boolean {
    const measured = this.#variants[variant]
    if (!measured) return false
    measured.calls++
    if (failed) measured.errors++
    if (latencyMs !== undefined) {
      measured.latencyMs.add(latencyMs)
      measured.latencies.add(latencyMs)
    }
    if (costUsd !== undefined) measured.costUsd.add(costUsd)
    return this.#look()
  }

  /** @returns as {@link Experiment.add} */
  score(variant: number, value: number): boolean {
    this.#variants[variant]?.score.add(value)
    return this.#look()
  }

  state(): ExperimentState {
    const { goal } = this.#options
    return {
      name: this.name,
      route: this.#route,
      ...(goal && { goal }),
      variants: this.#variants.map(stateOf),
      looks: this.#looks,
      ...(this.#winner && { winner: this.#winner.target }),
    }
  }

  #look(): boolean {
    const { goal, confidence = 0.95 } = this.#options
    if (!goal || this.#winner || this.#running.length < 2) return false
    if (Math.min(...this.#running.map((variant) => variant.sampled(goal))) < this.#nextLook) return false
    this.#looks++
    this.#nextLook *= 2
    const chance = (1 - confidence) / 2 ** this.#looks / (this.#running.length - 1)
    this.#winner = this.#running.find((one) =>
      this.#running.every((other) => other === one || (beats(one, other, goal, chance) && !failsMore(one, other, chance))),
    )
    return this.#winner !== undefined
  }
}

function beats(one: Variant, other: Variant, goal: Goal, chance: number): boolean {
  if (goal === 'errors') return failsMore(other, one, chance)
  const [a, b]: Sample[] = [one[measure[goal]], other[measure[goal]]]
  if (!a || !b) return false
  return (goal === 'score' ? a.mean > b.mean : a.mean < b.mean) && welch(a, b) < chance
}

/** Cheap and fast is also who answers nothing: nobody wins who fails more often than another, as surely. */
function failsMore(one: Variant, other: Variant, chance: number): boolean {
  const [a, b] = [one, other].map(({ calls, errors }) => ({ count: calls, cases: errors }))
  return a !== undefined && b !== undefined && a.cases * b.count > b.cases * a.count && twoProportions(a, b) < chance
}

function stateOf({ target, share, calls, errors, latencyMs, latencies, costUsd, score }: Variant): VariantState {
  return {
    target,
    share,
    calls,
    errors,
    ...(latencyMs.count > 0 && {
      latencyMs: { mean: latencyMs.mean, p50: latencies.at(0.5) ?? 0, p95: latencies.at(0.95) ?? 0 },
    }),
    ...(costUsd.count > 0 && { costUsd: { mean: costUsd.mean } }),
    ...(score.count > 0 && { score: { count: score.count, mean: score.mean } }),
  }
}
