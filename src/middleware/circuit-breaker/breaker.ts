import type { Call, Target } from '../../core/call.js'
import type { Emitter } from '../../core/emitter.js'
import { isLeashError, type LeashError } from '../../core/errors.js'
import type { BreakerReason, BreakerState, TargetHealth } from '../../core/health.js'
import { compact } from '../../core/json.js'
import type { MaybePromise, Values } from '../../core/store.js'
import { targetName } from '../../core/target.js'
import { Circuit } from './circuit.js'
import { type BreakerOptions, isFailure, type Rules, usual } from './options.js'
import { heldOpen, isOpen, rests } from './refusals.js'
import { briefly, Shared } from './shared.js'

/** What is remembered of one call while it is under way. */
export interface Pass {
  readonly name: string
  readonly circuit: Circuit | undefined
  readonly epoch: number
  readonly began: number
  /** It finds out whether the target answers again. */
  readonly trial: boolean
  /** Attempts in the report before it. */
  readonly attempts: number
}

interface Forced {
  readonly state: 'open' | 'closed'
  readonly since: number
}

/** Less than this, and a target was given no chance to answer before the call's deadline. */
const aChanceMs = 1000

/** Models are named by callers, who may make up as many as they like. */
const mostCircuits = 1000

/** The breakers of all targets. */
export class Breaker {
  readonly #rules: Rules
  readonly #counts: (error: LeashError) => boolean
  readonly #whenAllOpen: 'fail' | 'least-bad'
  readonly #emitter: Emitter | undefined
  readonly #shared: Shared | undefined
  readonly #circuits = new Map<string, Circuit>()
  /** By the name of a target or of a provider. */
  readonly #forced = new Map<string, Forced>()

  constructor(options: BreakerOptions = {}, emitter?: Emitter, store?: Values) {
    const { counts = isFailure, whenAllOpen = 'fail', ...rules } = options
    this.#rules = { ...usual, ...compact(rules) }
    this.#counts = counts
    this.#whenAllOpen = whenAllOpen
    this.#emitter = emitter
    this.#shared = store && new Shared(store)
  }

  /**
   * At once, but for what other processes know of a target that this one has not called yet.
   *
   * @throws LeashError `circuit_open` when nothing is to be sent there now
   */
  admit(call: Call): MaybePromise<Pass> {
    const name = targetName(call.target)
    if (!this.#shared || this.#heldAs(name) !== undefined) return this.#admit(call, name)
    const now = Date.now()
    const circuit = this.#circuitOf(name, now)
    if (circuit.state === 'closed') this.#shared.look(name, circuit, now)
    return circuit.firstLook ? this.#admitAfter(circuit.firstLook, call, name, circuit) : this.#admit(call, name)
  }

  async #admitAfter(look: Promise<void>, call: Call, name: string, circuit: Circuit): Promise<Pass> {
    await briefly(look, call)
    circuit.firstLook = undefined
    return this.#admit(call, name)
  }

  #admit(call: Call, name: string): Pass {
    const now = Date.now()
    const circuit = this.#circuits.get(name)
    const forced = this.#heldAs(name)
    if (forced === 'open') throw heldOpen(name)
    let trial = false
    if (circuit && forced === undefined) {
      if (call.alternatives && circuit.isResting(now)) throw rests(name, circuit.restsUntil - now)
      if (circuit.admits(now)) trial = circuit.state === 'half-open'
      else if (call.alternatives || this.#whenAllOpen === 'fail') throw isOpen(name, circuit.until - now)
    }
    // What is held closed is not judged.
    const epoch = forced ? -1 : (circuit?.epoch ?? 0)
    return { name, circuit, epoch, began: now, trial, attempts: call.report.attempts.length }
  }

  /** The target has shown whether it answers, or a stream begins: the next trial may come. */
  begun({ circuit, trial, epoch }: Pass): void {
    if (trial) circuit?.trialEnds(epoch)
  }

  /** @param tookMs until the answer, or the begin of the stream */
  answered({ name, circuit, epoch }: Pass, tookMs: number): void {
    const now = Date.now()
    ;(circuit ?? this.#circuitOf(name, now)).answered(epoch, now, tookMs > this.#rules.slowMs)
  }

  /** The caller left a stream that had begun. */
  left({ circuit }: Pass): void {
    circuit?.left()
  }

  failed(pass: Pass, call: Call, error: unknown): void {
    // Without an attempt the target was not even asked: a limit of ours, or a layer of the user's, has refused.
    if (!isLeashError(error) || !wasAsked(call, pass.attempts)) return
    const now = Date.now()
    const failure = behind(error)
    const { code, status, retryAfterMs } = failure
    const timedOut = code === 'timeout' || code === 'deadline_exceeded'
    const counts = this.#counts(failure) && !(code === 'deadline_exceeded' && now - pass.began < aChanceMs)
    const rests = (status === 429 || code === 'overloaded') && retryAfterMs !== undefined
    if (!counts && !rests) return
    const circuit = pass.circuit ?? this.#circuitOf(pass.name, now)
    if (rests) {
      circuit.rest(now, retryAfterMs)
      this.#shared?.rests(pass.name, circuit)
    }
    if (counts) circuit.failed(pass.epoch, pass.began, now, { timedOut, retryAfterMs })
  }

  /** What a call there would meet. */
  state(target: Target): BreakerState {
    return this.#stateOf(targetName(target))
  }

  /**
   * Where to go when all of the targets are open: the one that would be tried soonest, by a call without `alternatives`.
   * Undefined when they are not, or when the options say to fail instead.
   */
  leastBad(targets: () => readonly Target[]): Target | undefined {
    if (this.#whenAllOpen === 'fail') return undefined
    const names = targets().map((target) => ({ target, name: targetName(target) }))
    if (names.some(({ name }) => this.#stateOf(name) !== 'open')) return undefined
    const until = (name: string) => this.#circuits.get(name)?.until ?? 0
    return names
      .filter(({ name }) => this.#heldAs(name) === undefined)
      .reduce<(typeof names)[number] | undefined>(
        (best, other) => (best && until(best.name) <= until(other.name) ? best : other),
        undefined,
      )?.target
  }

  /** @param name of a target, or of a provider for all of its models */
  hold(name: string, state: 'open' | 'closed' | 'auto'): void {
    const now = Date.now()
    const from = this.#stateOf(name)
    if (state === 'auto') this.#forced.delete(name)
    else this.#forced.set(name, { state, since: now })
    // Whoever holds it closed, or lets go of it, knows better than what was counted before.
    if (state !== 'open') this.#forget(name, now)
    const to = state === 'open' ? 'open' : 'closed'
    if (from !== to) this.#tell(name, from, to, 'forced')
  }

  health(): TargetHealth[] {
    const names = new Set([...this.#circuits.keys(), ...this.#forced.keys()])
    return [...names].map((name) => this.#healthOf(name, Date.now()))
  }

  #healthOf(target: string, now: number): TargetHealth {
    const circuit = this.#circuits.get(target)
    const forced = this.#forcing(target)
    const state = forced?.state ?? stateOf(circuit, now)
    const { calls = 0, failures = 0 } = circuit?.window.sum(now) ?? {}
    return {
      target,
      state,
      since: forced?.since ?? circuit?.since ?? now,
      calls,
      failures,
      errorRate: calls === 0 ? 0 : failures / calls,
      ...(circuit && !forced && state === 'open' && { until: circuit.until }),
      ...(circuit && !forced && circuit.isResting(now) && { restsUntil: circuit.restsUntil }),
      ...(forced && { forced: forced.state }),
    }
  }

  #stateOf(name: string): BreakerState {
    return this.#heldAs(name) ?? stateOf(this.#circuits.get(name), Date.now())
  }

  #heldAs(name: string): 'open' | 'closed' | undefined {
    return this.#forced.size > 0 ? this.#forcing(name)?.state : undefined
  }

  #forcing(name: string): Forced | undefined {
    return this.#forced.get(name) ?? this.#forced.get(name.split('/', 1)[0] ?? name)
  }

  #circuitOf(name: string, now: number): Circuit {
    const known = this.#circuits.get(name)
    if (known) return known
    if (this.#circuits.size >= mostCircuits) this.#forgetOne()
    const circuit = new Circuit(this.#rules, now, (circuit, from, because) => {
      this.#tell(name, from, circuit.state, because, circuit.until)
      if (because !== 'shared') this.#shared?.tell(name, circuit)
    })
    this.#circuits.set(name, circuit)
    return circuit
  }

  #forget(name: string, now: number): void {
    for (const [other, circuit] of this.#circuits) {
      if (other !== name && !other.startsWith(`${name}/`)) continue
      circuit.reset(now)
      this.#shared?.forget(other)
    }
  }

  /** The oldest that is closed, else the oldest. */
  #forgetOne(): void {
    let [name] = this.#circuits.keys()
    for (const [other, { state }] of this.#circuits) {
      if (state !== 'closed') continue
      name = other
      break
    }
    if (name !== undefined) this.#circuits.delete(name)
  }

  #tell(target: string, from: BreakerState, to: BreakerState, because: BreakerReason, until?: number): void {
    if (!this.#emitter?.heard('breaker')) return
    this.#emitter.emit('breaker', { target, from, to, because, ...(to === 'open' && until !== undefined && { until }) })
  }
}

/** Another target may be asked beside it, and its attempts stand in the same report. */
function wasAsked({ report, hedged }: Call, before: number): boolean {
  return report.attempts.slice(before).some((attempt) => attempt.hedged === hedged)
}

/** What stopped it may stand behind that it was: another target has answered, for this one was late. */
function behind(error: LeashError): LeashError {
  return error.code === 'aborted' && isLeashError(error.cause) ? error.cause : error
}

/** That the time of an open one is up is only noted when a call comes. */
function stateOf(circuit: Circuit | undefined, now: number): BreakerState {
  if (!circuit) return 'closed'
  return circuit.state === 'open' && circuit.isDue(now) ? 'half-open' : circuit.state
}
