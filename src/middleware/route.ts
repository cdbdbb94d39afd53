import type { Call, Result, Target } from '../core/call.js'
import type { CapabilitiesOf } from '../core/capabilities.js'
import type { Emitter } from '../core/emitter.js'
import { LeashError } from '../core/errors.js'
import type { ExperimentState } from '../core/experiment.js'
import type { Lazy } from '../core/lazy.js'
import type { Middleware, Next } from '../core/middleware.js'
import { type Nano, parseUsd } from '../core/money.js'
import type { PriceBook } from '../core/price.js'
import type { MaybePromise } from '../core/store.js'
import { protocolNamed } from '../protocols/index.js'
import { type Choice, choose } from './route/choose.js'
import { tooDear, usd } from './route/cost.js'
import { misfit } from './route/fits.js'
import { type Group, groupOf } from './route/group.js'
import { Learner, type Subject } from './route/learn.js'
import type { Routes } from './route/options.js'
import { Asked } from './route/request.js'

export interface RouterDeps {
  readonly emitter: Emitter
  /** Loaded by the first call that asks what something costs. */
  readonly prices?: Lazy<PriceBook> | undefined
  /** Loaded by the first call that not every model may take. */
  readonly capabilities?: Lazy<CapabilitiesOf> | undefined
  /** From 0 to below 1. @defaultValue Math.random */
  readonly random?: () => number
  /** Milliseconds, by a clock that nobody sets. @defaultValue performance.now */
  readonly now?: () => number
}

/** Chooses a target for each call that asks for a route, and holds each call to its `maxCostUsd`. */
export class Router {
  readonly #groups: ReadonlyMap<string, Group>
  readonly #deps: RouterDeps
  readonly #random: () => number
  readonly #learner: Learner

  constructor(routes: Routes, deps: RouterDeps) {
    const { random = Math.random, now = () => performance.now() } = deps
    this.#groups = new Map(
      Object.entries(routes).flatMap(([name, route]) => (typeof route === 'string' ? [] : [[name, groupOf(name, route)]])),
    )
    this.#deps = deps
    this.#random = random
    this.#learner = new Learner({ ...deps, now })
  }

  readonly middleware: Middleware = (next) => {
    const router = this
    return async function route(call) {
      const { route } = call.target
      const group = route && router.#groups.get(route.name)
      const weighing = router.#weigh(call, group)
      const weighed = weighing instanceof Promise ? await weighing : weighing
      if (group) return router.#send(group, route.targets, weighed, next)
      const dear = dearAt(call.target, weighed)
      if (dear !== undefined) throw overBudget(weighed.most ?? 0, [`"${call.model.slice(0, 100)}" ${dear}`])
      return next(call)
    }
  }

  experiments(): ExperimentState[] {
    return [...this.#groups.values()].flatMap(({ experiment }) => experiment?.state() ?? [])
  }

  /** @returns false when the call was in no experiment, or is too long ago */
  score(callId: string, value: number): boolean {
    if (!Number.isFinite(value)) throw new LeashError('invalid_config', 'A score is a finite number; the higher, the better.')
    return this.#learner.score(callId, value)
  }

  /** At once where all that it takes is at hand. */
  #weigh(call: Call, group: Group | undefined): MaybePromise<Weighed> {
    const protocol = protocolNamed(call.protocol)
    if (protocol instanceof Promise) return protocol.then(({ lens }) => this.#weighed(new Asked(call, lens), group))
    return this.#weighed(new Asked(call, protocol?.lens), group)
  }

  #weighed(asked: Asked, group: Group | undefined): MaybePromise<Weighed> {
    const { maxCostUsd, prefer = group?.prefer } = asked.call.options
    const most = maxCostUsd === undefined ? undefined : parseUsd(maxCostUsd)
    const counts = most !== undefined || prefer === 'cost' || group?.experiment !== undefined
    const prices = counts ? this.#deps.prices : undefined
    const can = most === undefined && asked.isPlain ? undefined : this.#deps.capabilities
    if ((!prices || prices.value) && (!can || can.value)) return { asked, most, prices: prices?.value, can: can?.value }
    const loading = Promise.all([prices?.get().catch(() => undefined), can?.get().catch(() => undefined)])
    return loading.then(([prices, can]) => ({ asked, most, prices, can }))
  }

  #send(group: Group, targets: readonly Target[], weighed: Weighed, next: Next): Promise<Result> {
    const { asked, most, prices } = weighed
    const { call } = asked
    const { fitting, passed } = this.#sift(group, targets, weighed)
    if (fitting.length === 0) throw nobody(group, passed, most)
    const choice = choose(group, fitting, targets, asked, { prices, latencies: this.#learner.latencies, random: this.#random })
    this.#tell(call, group, choice, passed)
    const others = group.fallback ? choice.others.map((other) => group.names[other] ?? '') : undefined
    const fallback = call.options.fallback ?? others
    const target = targets[choice.index] ?? call.target
    const sent = { ...call, target, ...(fallback && { options: { ...call.options, fallback } }) }
    return this.#learner.send(sent, next, subjectOf(group, fitting, choice, call))
  }

  /** Who can take the call, and why the others cannot. */
  #sift(group: Group, targets: readonly Target[], weighed: Weighed): Sifted {
    const fitting: number[] = []
    const passed: Passed[] = []
    let unready: number | undefined
    for (const [index, target] of targets.entries()) {
      const given = group.targets[index]
      if (!given || group.weights[index] === 0) continue
      const name = given.model
      const why = misfit(given, weighed.asked, weighed.can?.(target) ?? {})
      const dear = why === undefined ? dearAt(target, weighed) : undefined
      if (why !== undefined) passed.push({ name, why })
      else if (dear !== undefined) passed.push({ name, why: dear, isDear: true })
      else if (target.origin || target.provider.missing() === undefined) fitting.push(index)
      else {
        unready ??= index
        passed.push({ name, why: 'it is not ready' })
      }
    }
    // It says itself what it lacks.
    return fitting.length === 0 && unready !== undefined ? { fitting: [unready], passed: [] } : { fitting, passed }
  }

  #tell(call: Call, { name, names }: Group, { index, why }: Choice, passed: readonly Passed[]): void {
    const aside = passed.length > 0 ? `; passed over ${passed.map(({ name, why }) => `${name} (${why})`).join(', ')}` : ''
    const chosen = { name, target: names[index] ?? '', why: `${why}${aside}` }
    call.report.route = chosen
    const { emitter } = this.#deps
    if (emitter.heard('route')) emitter.emit('route', { ...chosen, callId: call.id })
  }
}

/** What is known of a call before it goes anywhere. */
interface Weighed {
  readonly asked: Asked
  /** What it may cost. */
  readonly most: Nano | undefined
  /** Present when somebody wants to know what it would. */
  readonly prices: PriceBook | undefined
  /** Present when not every model may be able to take it. */
  readonly can: CapabilitiesOf | undefined
}

interface Passed {
  readonly name: string
  readonly why: string
  readonly isDear?: boolean
}

interface Sifted {
  /** By their index. */
  readonly fitting: readonly number[]
  readonly passed: readonly Passed[]
}

function dearAt(target: Target, { asked, most, prices, can }: Weighed): string | undefined {
  return most === undefined ? undefined : tooDear(target, asked, most, prices, can?.(target).maxOutput)
}

/** Only a call that each variant could have had tells which is better; one that has a wish of its own was not dealt by chance. */
function subjectOf(
  { experiment, weights }: Group,
  fitting: readonly number[],
  { index }: Choice,
  { options }: Call,
): Subject | undefined {
  if (!experiment || options.prefer !== undefined) return undefined
  const running = weights.filter((weight) => weight > 0).length
  return fitting.length === running ? { experiment, variant: index } : undefined
}

function nobody({ name }: Group, passed: readonly Passed[], most: Nano | undefined): LeashError {
  const list = passed.map(({ name, why }) => `${name} (${why})`)
  if (most !== undefined && passed.some(({ isDear }) => isDear)) return overBudget(most, list)
  return new LeashError(
    'unsupported',
    `No target of the route "${name}" can take this call: ${list.join(', ')}. Add one that can, or change the call.`,
  )
}

function overBudget(most: Nano, list: readonly string[]): LeashError {
  return new LeashError(
    'budget_exceeded',
    `\`maxCostUsd\` of ${usd(most)} leaves no target for this call: ${list.join(', ')}. Raise it, shorten the prompt, or let the answer have fewer tokens.`,
  )
}
