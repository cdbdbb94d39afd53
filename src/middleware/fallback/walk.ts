import type { Call, Loss, Result, Target } from '../../core/call.js'
import { type ErrorCode, isLeashError, LeashError } from '../../core/errors.js'
import type { Next } from '../../core/middleware.js'
import { timeLeft } from '../../core/signals.js'
import { targetName } from '../../core/target.js'
import { attemptsLeft, keepingAttempts } from '../attempts-left.js'
import type { FallbackDeps, FallbackOptions } from '../fallback.js'
import { tellMove } from '../tell-move.js'
import { tooDear } from './cost.js'
import { type Failed, failureOf } from './failure.js'
import { type Need, needOf } from './need.js'
import { type Looked, refusalIn } from './refusal.js'
import { isOfTheCall, triggered } from './triggers.js'

/** A place on the way: a target, or a name that leads to none. */
type Stop = { readonly name: string } & ({ readonly target: Target } | { readonly error: LeashError })

/** One call on its way from target to target. */
export class Walk {
  readonly #call: Call
  readonly #stops: readonly Stop[]
  readonly #rules: FallbackOptions
  readonly #isWorth: (error: LeashError) => boolean
  readonly #deps: FallbackDeps
  readonly #failed: Failed[] = []
  /** An answer that was a refusal, and what its translation lost: for when nobody has a better one. */
  #refused: { readonly result: Result; readonly warnings: readonly Loss[] } | undefined
  #need: Promise<Need> | undefined
  /** The largest window, in tokens, that turned out too small. */
  #exceeded: number | undefined
  #note: string | undefined

  constructor(call: Call, models: readonly string[], rules: FallbackOptions, deps: FallbackDeps) {
    this.#call = call
    const stops = stopsOf(call, models, deps)
    const least = deps.leastBad?.(() => stops.flatMap((stop) => ('target' in stop ? stop.target : [])))
    this.#stops = least ? [stopAt(least)] : stops
    this.#rules = rules
    this.#isWorth = triggered(rules.on)
    this.#deps = deps
  }

  async run(next: Next): Promise<Result> {
    const [first] = this.#stops
    const asked = targetName(this.#call.target)
    if (first && first.name !== asked) this.#tell(asked, first.name, 'circuit_open')
    for (const [index, stop] of this.#stops.entries()) {
      const from = this.#failed.at(-1)
      if (from) {
        if (attemptsLeft(this.#call) <= 0 || timeLeft(this.#call.deadline) === 0 || (await this.#isTooDear(stop))) break
        this.#tell(from.name, stop.name, from.error.code)
      }
      const answer = await this.#try(stop, this.#stops.slice(index + 1), next)
      if ('stream' in answer) return answer
      if (!this.#isWorth(answer.error)) break
    }
    return this.#end()
  }

  #end(): Result {
    const last = this.#failed.at(-1)?.error
    if (!this.#refused || (last && isOfTheCall(last))) throw failureOf(this.#failed, this.#note)
    this.#call.report.warnings.push(...this.#refused.warnings)
    return this.#refused.result
  }

  async #try(stop: Stop, following: readonly Stop[], next: Next): Promise<Result | Failed> {
    const { report } = this.#call
    const sent = report.attempts.length
    const warned = report.warnings.length
    try {
      if ('error' in stop) throw stop.error
      await this.#checkWindow(stop.target)
      const answer = await next(this.#callFor(stop.target, following))
      const { result, refusal }: Looked = this.#rules.refusals ? await refusalIn(answer, this.#call) : { result: answer }
      if (!refusal) return result
      this.#refused = { result, warnings: report.warnings.slice(warned) }
      throw refusal
    } catch (error) {
      if (!isLeashError(error)) throw error
      const failed = { name: stop.name, error, reached: report.attempts.length > sent }
      this.#failed.push(failed)
      if (error.code === 'context_window_exceeded' && 'target' in stop)
        this.#exceeded = Math.max(this.#exceeded ?? 0, (await this.#windowOf(stop.target)) ?? 0)
      // The report tells what the answer has lost, and this target gave none.
      report.warnings.length = warned
      return failed
    }
  }

  #callFor(target: Target, following: readonly Stop[]): Call {
    const others = following.filter((stop) => this.#couldTake(stop)).length
    const call = {
      ...this.#call,
      target,
      attempt: 1,
      alternatives: others > 0,
      // A target that could turn out too dear is no reason to give this one up.
      ...(this.#call.options.maxCostUsd === undefined && others > 0 && { elsewhere: this.#isWorth }),
    }
    return keepingAttempts(call, others)
  }

  /** One that has no key or is down is no reason to leave another sooner. */
  #couldTake(stop: Stop): boolean {
    if (!('target' in stop)) return false
    const { origin, provider } = stop.target
    return (origin !== undefined || provider.missing() === undefined) && !this.#deps.isDown?.(stop.target)
  }

  async #checkWindow(target: Target): Promise<void> {
    if (this.#exceeded === undefined) return
    const window = await this.#windowOf(target)
    if (window === undefined) return
    const { inputTokens } = await this.#needed()
    if (window > this.#exceeded && window >= inputTokens) return
    throw new LeashError(
      'context_window_exceeded',
      `The window of "${targetName(target)}", ${window} tokens, is too small for this request. Send less, or name a model with a larger one.`,
    )
  }

  async #windowOf(target: Target): Promise<number | undefined> {
    return (await this.#deps.capabilities?.get())?.(target).contextWindow
  }

  /** `maxCostUsd` holds over all targets together. */
  async #isTooDear(stop: Stop): Promise<boolean> {
    if (this.#call.options.maxCostUsd === undefined || 'error' in stop) return false
    this.#note = await tooDear(stop.target, this.#call, this.#deps, this.#needed())
    return this.#note !== undefined
  }

  #needed(): Promise<Need> {
    this.#need ??= needOf(this.#call)
    return this.#need
  }

  #tell(from: string, to: string, because: ErrorCode): void {
    tellMove(this.#call, { from, to, because }, this.#deps.emitter)
  }
}

/** Each target once, in order. */
function stopsOf(call: Call, models: readonly string[], { find }: FallbackDeps): Stop[] {
  const stops = [stopAt(call.target)]
  for (const model of models) {
    const stop = foundBy(find, model, call)
    if (stops.every(({ name }) => name !== stop.name)) stops.push(stop)
  }
  return stops
}

function stopAt(target: Target): Stop {
  return { name: targetName(target), target }
}

/** A name that leads nowhere is a target that fails: the next one may do. */
function foundBy(find: FallbackDeps['find'], model: string, call: Call): Stop {
  try {
    return stopAt(find(model, call))
  } catch (error) {
    if (isLeashError(error)) return { name: model.slice(0, 100), error }
    throw error
  }
}
