import type { BreakerReason, BreakerState } from '../../core/health.js'
import type { Rules } from './options.js'
import { Window } from './window.js'

/** A failure as the rules see it. */
export interface Failure {
  readonly timedOut: boolean
  readonly retryAfterMs: number | undefined
}

type Changed = (circuit: Circuit, from: BreakerState, because: BreakerReason) => void

/** The breaker of one target. It runs no timer: that its time is up is seen by the call that comes next. */
export class Circuit {
  readonly #rules: Rules
  readonly #changed: Changed
  readonly window: Window
  state: BreakerState = 'closed'
  since: number
  /** When an open one is tried again. */
  until = 0
  /** The vendor asked to be left alone so long: those who can go elsewhere do. */
  restsUntil = 0
  #restsSince = 0
  /** Counts the changes. What a call comes to tells nothing of the state after the next change. */
  epoch = 0
  /** When it was last asked what other processes know of it. */
  lookedAt = 0
  /** What they know is not there yet: calls wait for it, but not for long. */
  firstLook: Promise<void> | undefined
  #inRow = 0
  #lastFailure = 0
  #trials = 0
  #lastTrial = 0

  constructor(rules: Rules, now: number, changed: Changed) {
    this.#rules = rules
    this.#changed = changed
    this.window = new Window(rules.windowMs)
    this.since = now
  }

  /** Whether a call may go to the target. One that may is a trial when the state is half-open. */
  admits(now: number): boolean {
    if (this.state === 'closed') return true
    if (this.state === 'open') {
      if (!this.isDue(now)) return false
      this.#become('half-open', 'cooldown', now)
    }
    // A trial that nobody hears of again must not keep the target closed off for ever.
    if (this.#trials >= this.#rules.trials && Math.abs(now - this.#lastTrial) < this.#rules.cooldownMs) return false
    this.#trials++
    this.#lastTrial = now
    return true
  }

  /** Whether the time of an open one is up. A clock that was set back must not keep it shut until it has caught up. */
  isDue(now: number): boolean {
    return now >= this.until || now < this.since
  }

  isResting(now: number): boolean {
    return now < this.restsUntil && now >= this.#restsSince
  }

  answered(epoch: number, now: number, slow: boolean): void {
    if (epoch !== this.epoch) return
    this.#inRow = 0
    const counts = this.window.at(now)
    counts.calls++
    if (slow) counts.slow++
    if (this.state !== 'closed') this.#close(now)
    else if (slow) this.#judge(now, undefined)
  }

  failed(epoch: number, began: number, now: number, { timedOut, retryAfterMs }: Failure): void {
    if (epoch !== this.epoch) return
    const counts = this.window.at(now)
    counts.calls++
    counts.failures++
    if (timedOut) counts.timeouts++
    // Calls that ran at the same time ran into the same trouble: in a row are those that began after the last one failed.
    if (began >= this.#lastFailure) {
      this.#inRow++
      this.#lastFailure = now
    }
    if (this.state === 'half-open') this.#open('trial', now, retryAfterMs)
    else if (this.state === 'closed') this.#judge(now, retryAfterMs)
  }

  /** The call was left, after it had got something of an answer. */
  left(): void {
    this.#inRow = 0
  }

  /** Lets the next trial in. */
  trialEnds(epoch: number): void {
    if (epoch === this.epoch && this.#trials > 0) this.#trials--
  }

  rest(now: number, retryAfterMs: number): void {
    this.restsUntil = now + Math.min(retryAfterMs, this.#rules.retryAfterCapMs)
    this.#restsSince = now
  }

  /** Never longer than it would by itself: another process may have another clock. */
  openUntil(until: number, because: BreakerReason, now: number): void {
    const { cooldownMs, retryAfterCapMs } = this.#rules
    this.until = Math.min(until, now + Math.max(cooldownMs, retryAfterCapMs))
    this.#become('open', because, now)
  }

  /** As if nothing had been. Nobody is told. */
  reset(now: number): void {
    this.window.clear()
    this.#inRow = 0
    this.restsUntil = 0
    this.#enter('closed', now)
  }

  #judge(now: number, retryAfterMs: number | undefined): void {
    const because = this.#verdict(now)
    if (because) this.#open(because, now, retryAfterMs)
  }

  #verdict(now: number): BreakerReason | undefined {
    const rules = this.#rules
    if (this.#inRow >= rules.consecutive) return 'consecutive'
    const { calls, failures, timeouts, slow } = this.window.sum(now)
    if (calls < rules.minimumCalls) return undefined
    if (failures > calls * rules.errorRate) return 'errors'
    if (timeouts > calls * rules.timeoutRate) return 'timeouts'
    if (slow > calls * rules.slowRate) return 'slow'
    return undefined
  }

  #open(because: BreakerReason, now: number, retryAfterMs = 0): void {
    this.openUntil(now + Math.max(this.#rules.cooldownMs, retryAfterMs), because, now)
  }

  /** What led to the opening must not lead to the next one. */
  #close(now: number): void {
    const from = this.state
    this.reset(now)
    this.#changed(this, from, 'trial')
  }

  #become(state: BreakerState, because: BreakerReason, now: number): void {
    const from = this.state
    this.#enter(state, now)
    this.#changed(this, from, because)
  }

  #enter(state: BreakerState, now: number): void {
    this.state = state
    this.since = now
    this.epoch++
    this.#trials = 0
  }
}
