/** One module in one leash: its life, its time, and how it does. */
import type { Call } from '../core/call.js'
import { isLeashError, LeashError } from '../core/errors.js'
import { abortError, onStop } from '../core/signals.js'
import { pause } from '../core/timers.js'
import { Nonsense } from './actions.js'
import { type Applies, compileWhen } from './conditions.js'
import { Meter, type ModuleMetrics } from './metrics.js'
import type { Module, ModuleHealth, ModuleKind } from './module.js'

/** `ready`: no call is in it just now. `draining`: those that are in it go to their end. */
export type ModuleState = 'loading' | 'ready' | 'running' | 'draining' | 'stopped' | 'failed'

export interface ModuleStatus {
  readonly name: string
  readonly version: string
  readonly kind: ModuleKind
  readonly priority: number
  readonly state: ModuleState
  /** As its own `health` last told; without one, and before it is asked, whether it can take calls. */
  readonly health: ModuleHealth
  readonly lastError?: { readonly at: number; readonly message: string }
  readonly metrics: ModuleMetrics
}

/** A function of a module that has failed, in words without anything of the call. */
export class ModuleFailure extends Error {
  override readonly name = 'ModuleFailure'
  readonly isTimeout: boolean

  constructor(message: string, isTimeout = false) {
    super(message)
    this.isTimeout = isTimeout
  }
}

/** The time of one function of a module. */
export class Time {
  #controller: AbortController | undefined
  #reason: unknown

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  end(reason: LeashError): void {
    this.#reason = reason
    this.#controller?.abort(reason)
  }
}

type Stops = Pick<Call, 'signal' | 'deadline'>

/** A module may open connections before it is ready. */
const startMs = 30_000
/** Runs that were given up and go on all the same: with so many, the module is not asked any more until some are over. */
const mostAbandoned = 100

export class Slot {
  readonly module: Module
  readonly meter = new Meter()
  applies: Applies = () => true
  #life: 'loading' | 'ready' | 'draining' | 'stopped' | 'failed' = 'loading'
  #uses = 0
  #drained: AbortController | undefined
  #health: ModuleHealth | undefined
  #asked: Promise<void> | undefined
  #lacks = false
  #lastError: ModuleStatus['lastError']

  constructor(module: Module) {
    this.module = module
  }

  get state(): ModuleState {
    return this.#life === 'ready' && this.#uses > 0 ? 'running' : this.#life
  }

  /** It has not started for what it needs, and may once that is there. */
  get isLacking(): boolean {
    return this.#lacks && this.#life === 'failed'
  }

  /** Calls are in it. */
  get isUsed(): boolean {
    return this.#uses > 0
  }

  status(): ModuleStatus {
    const { name, version, kind, priority } = this.module
    const able = this.#life !== 'failed' && this.meter.abandoned < mostAbandoned
    const health = able
      ? (this.#health ?? { ok: true })
      : { ok: false, detail: this.#lastError?.message ?? 'Too many of its runs never end.' }
    const lastError = this.#lastError
    return {
      name,
      version,
      kind,
      priority,
      state: this.state,
      health,
      metrics: this.meter.read(),
      ...(lastError && { lastError }),
    }
  }

  /**
   * @param lacking what it needs and has not started
   * @throws ModuleFailure, or a LeashError where a package is missing or a pattern is wrong
   */
  async start(lacking?: string): Promise<void> {
    const { module } = this
    this.#lacks = lacking !== undefined
    try {
      if (lacking !== undefined) throw new ModuleFailure(`it needs "${lacking}", which has not started`)
      this.applies = await compileWhen(module.when)
      await this.#within({}, startMs, () => module.start?.(module.settings))
      this.#life = 'ready'
    } catch (error) {
      this.#life = 'failed'
      throw this.#note(error, 'start')
    }
  }

  enter(): void {
    this.#uses++
  }

  leave(): void {
    this.#uses--
    if (this.#uses === 0) this.#drained?.abort()
  }

  /** Lets the calls in it go to their end, but not for ever, and stops it. */
  async drain(ms: number): Promise<void> {
    if (this.#life === 'draining' || this.#life === 'stopped') return
    const began = this.#life !== 'failed'
    this.#life = 'draining'
    if (this.#uses > 0) {
      this.#drained = new AbortController()
      await pause(ms, this.#drained.signal)
    }
    this.#life = 'stopped'
    if (!began) return
    try {
      await this.#within({}, startMs, () => this.module.stop?.())
    } catch (error) {
      this.#note(error, 'stop')
    }
  }

  /** Runs one of the module's functions for a call. @throws ModuleFailure when it fails, LeashError when the call is to stop */
  async run<T>(stops: Stops, hook: string, work: (time: Time) => T | Promise<T>): Promise<T> {
    if (this.#life === 'failed') throw new ModuleFailure('it has not started')
    if (this.meter.abandoned >= mostAbandoned) throw new ModuleFailure('too many of its runs never end')
    const began = performance.now()
    try {
      return await this.#within(stops, this.module.timeout, work)
    } catch (error) {
      if (error instanceof Stopped) throw error.reason
      this.meter.errors++
      const failure = this.#note(error, hook)
      if (failure.isTimeout) this.meter.timeouts++
      throw failure
    } finally {
      // A condition is none of its functions.
      if (hook !== 'when') this.meter.ran(performance.now() - began)
    }
  }

  /** Asks the module itself: once, however many want to know, and not again while it has not answered. */
  ask(): Promise<void> {
    const { module } = this
    if (!module.health || this.#life !== 'ready') return Promise.resolve()
    if (!this.#asked) {
      const answer = (async () => module.health?.())()
      const over = () => {
        this.#asked = undefined
      }
      this.#asked = this.#hear(answer)
      void answer.then(over, over)
    }
    return this.#asked
  }

  async #hear(answer: Promise<ModuleHealth | boolean | undefined>): Promise<void> {
    try {
      const told = await this.#within({}, this.module.timeout, () => answer)
      this.#health =
        typeof told === 'object'
          ? { ok: told.ok === true, ...(told.detail && { detail: String(told.detail) }) }
          : { ok: told === true }
    } catch (error) {
      this.#health = { ok: false, detail: this.#note(error, 'health').message }
    }
  }

  /** An error's own words may quote a prompt: only its name is passed on, but for those of ours. */
  #note(error: unknown, hook: string): ModuleFailure {
    const failure = error instanceof ModuleFailure ? error : new ModuleFailure(`its \`${hook}\` failed: ${wordsOf(error)}`)
    this.#lastError = { at: Date.now(), message: failure.message }
    return failure
  }

  #within<T>(stops: Stops, ms: number, work: (time: Time) => T | Promise<T>): T | Promise<T> {
    const time = new Time()
    const value = work(time)
    if (!isThenable(value)) return value
    return new Promise<T>((resolve, reject) => {
      let over = false
      const settle = () => {
        clearTimeout(timer)
        forget()
        over = true
      }
      const giveUp = (reason: LeashError, error: Error) => {
        settle()
        this.meter.abandoned++
        time.end(reason)
        reject(error)
      }
      const timer = setTimeout(() => {
        const why = `it took longer than ${ms} ms`
        giveUp(new LeashError('timeout', `The module has no time left: ${why}.`), new ModuleFailure(why, true))
      }, ms)
      const stop = (error: LeashError) => giveUp(error, new Stopped(error))
      const forget = onStop(stops, stop)
      const ended = (tell: () => void) => {
        if (over) this.meter.abandoned--
        else {
          settle()
          tell()
        }
      }
      Promise.resolve(value).then(
        (value) => ended(() => resolve(value)),
        (error) => ended(() => reject(error)),
      )
      if (stops.signal?.aborted) stop(abortError(stops.signal))
    })
  }
}

/** The call itself is to stop, which is no fault of the module. */
class Stopped extends Error {
  readonly reason: LeashError
  constructor(reason: LeashError) {
    super()
    this.reason = reason
  }
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function wordsOf(error: unknown): string {
  if (isLeashError(error)) return error.detail
  if (!(error instanceof Error)) return `it threw ${typeof error}`
  return error instanceof Nonsense ? error.message : error.name
}
