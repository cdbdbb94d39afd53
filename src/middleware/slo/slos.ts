import type { Attempt } from '../../core/call.js'
import type { Emitter } from '../../core/emitter.js'
import type { ErrorCode } from '../../core/errors.js'
import type { SloObjective, SloState, SloWindow } from '../../core/slo.js'
import { isFailure } from '../circuit-breaker/options.js'
import type { Slo, SloOptions } from './options.js'
import { Tally, windows } from './tally.js'

/** Those that have been called. A leash has a few, and each costs 327 buckets. */
const mostProviders = 100

interface Held {
  readonly slo: Slo
  readonly tally: Tally
  /** Windows of objectives whose errors are spent, and of which somebody has been told. */
  readonly spent: Set<string>
}

/** Holds providers to objectives, in this process, since the leash was made. */
export class Slos {
  readonly #options: SloOptions
  readonly #emitter: Emitter
  readonly #now: () => number
  readonly #held = new Map<string, Held>()

  /** @param now milliseconds since 1970 */
  constructor(options: SloOptions, emitter: Emitter, now: () => number = Date.now) {
    this.#options = options
    this.#emitter = emitter
    this.#now = now
    emitter.on('attempt', (attempt) => this.add(attempt))
  }

  add(attempt: Attempt): void {
    const { provider, outcome, error, durationMs = 0, firstTokenMs = durationMs } = attempt
    const failed = outcome === 'error' && error !== undefined && tells(error)
    // Who left, and whose own fault it was, have found out nothing.
    if (outcome !== 'ok' && !failed) return
    const held = this.#heldAs(provider)
    if (!held) return
    const { latencyMs = Number.POSITIVE_INFINITY } = held.slo
    const now = this.#now()
    const late = firstTokenMs > latencyMs
    held.tally.add(now, { availability: failed, latency: failed ? latencyMs < Number.POSITIVE_INFINITY : late })
    if (failed || late || held.spent.size > 0) this.#tell(provider, held, now)
  }

  states(): SloState[] {
    const now = this.#now()
    return [...this.#held].flatMap(([provider, held]) => statesOf(provider, held, now))
  }

  #heldAs(provider: string): Held | undefined {
    const known = this.#held.get(provider)
    if (known) return known
    const slo = (Object.hasOwn(this.#options, provider) ? this.#options[provider] : undefined) ?? this.#options['*']
    if (!slo || this.#held.size >= mostProviders) return undefined
    const held: Held = { slo, tally: new Tally(), spent: new Set() }
    this.#held.set(provider, held)
    return held
  }

  /** Once for each time that the errors are spent; again when there were some left in between. */
  #tell(provider: string, held: Held, now: number): void {
    const { spent, slo } = held
    for (const state of statesOf(provider, held, now)) {
      const key = `${state.objective} ${state.window}`
      if (state.budgetRemaining > 0) spent.delete(key)
      else if (!spent.has(key) && state.attempts >= (slo.minimumAttempts ?? 20)) {
        spent.add(key)
        if (this.#emitter.heard('slo')) this.#emitter.emit('slo', state)
      }
    }
  }
}

function statesOf(provider: string, { slo, tally }: Held, now: number): SloState[] {
  const { availability, latencyMs, latencyShare = 0.95 } = slo
  const targets: [SloObjective, number][] = []
  if (availability !== undefined) targets.push(['availability', availability])
  if (latencyMs !== undefined) targets.push(['latency', latencyShare])
  return windows.flatMap((window) => {
    const { attempts, bad } = tally.sum(window, now)
    return targets.map(([objective, target]) => stateOf(provider, objective, window, target, attempts, bad[objective]))
  })
}

function stateOf(
  provider: string,
  objective: SloObjective,
  window: SloWindow,
  target: number,
  attempts: number,
  bad: number,
): SloState {
  const share = attempts === 0 ? 0 : bad / attempts
  const budgetRemaining = exact(1 - share / (1 - target))
  return { provider, objective, window, target, attempts, bad, compliance: 1 - share, budgetRemaining }
}

/** `1 - 0.99` is a little more than a hundredth, and so one error of a hundred would leave something. */
function exact(share: number): number {
  return Math.round(share * 1e9) / 1e9 || 0
}

/** What tells against a target does against its provider; and so does a rate limit of its own. */
const tells = (code: ErrorCode) => code === 'rate_limited' || isFailure({ code })
