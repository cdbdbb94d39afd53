import type { Timeouts } from '../core/call.js'
import { LeashError } from '../core/errors.js'
import { abortError, deadlineError, timeLeft } from '../core/signals.js'

const phases = {
  attemptMs: 'The upstream did not answer in time',
  firstTokenMs: 'The stream did not begin in time',
  idleMs: 'The stream fell silent',
} as const

type Phase = keyof typeof phases

/**
 * The clock of one attempt. It gives the signal that the transport listens to, and knows afterwards why it fired:
 * the caller's wish, the call's deadline, or a phase that took too long.
 */
export class Clock {
  readonly #controller = new AbortController()
  readonly #parent: AbortSignal | undefined
  readonly #timeouts: Timeouts
  readonly #deadline: number | undefined
  readonly #follow = () => this.#stopAll(this.#parent?.reason)
  #timer: ReturnType<typeof setTimeout> | undefined
  #phase: Phase = 'attemptMs'
  /** What the timer runs for. Not to be asked of the time: timers go by another clock, and may be a moment early. */
  #atDeadline = false
  /** What came while this process was busy came in time, and is read only after this timer has fired: the next one tells. */
  #looksAgain = false
  /**
   * When the read under way began, or when the stream was handed on, by the clock that nobody sets. Between two reads nobody can
   * tell whether the upstream is silent.
   */
  #waitingSince: number | undefined
  #struck: LeashError | undefined
  /** Called when the caller or a limit stops the attempt. */
  onStop: (() => void) | undefined

  constructor(timeouts: Timeouts, parent: AbortSignal | undefined, deadline: number | undefined) {
    this.#timeouts = timeouts
    this.#parent = parent
    this.#deadline = deadline
    if (parent?.aborted) this.#follow()
    else parent?.addEventListener('abort', this.#follow, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Starts the clock of a phase; the one before it stops. */
  enter(phase: Phase): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#phase = phase
    if (phase === 'idleMs') this.#waitingSince = performance.now()
    this.#arm(this.#timeouts[phase] ?? Number.POSITIVE_INFINITY)
  }

  /** Somebody waits for more. No timer is touched: the one that runs looks at the time of this when it fires. */
  waits(): void {
    if (this.#timer) this.#waitingSince = performance.now()
  }

  /** Something arrived, or was taken that had. Until more is asked for, the silence is the caller's. */
  heard(): void {
    this.#waitingSince = undefined
  }

  #arm(patience: number): void {
    const left = timeLeft(this.#deadline)
    this.#atDeadline = left <= patience
    this.#looksAgain = true
    const ms = Math.min(patience, left)
    // Longer delays than a 32-bit integer fire at once.
    if (ms !== Number.POSITIVE_INFINITY) this.#timer = setTimeout(this.#fire, Math.min(ms, 2 ** 31 - 1))
  }

  readonly #fire = (): void => {
    if (!this.#atDeadline && this.#phase === 'idleMs') {
      const silent = this.#waitingSince === undefined ? 0 : performance.now() - this.#waitingSince
      const wait = (this.#timeouts.idleMs ?? Number.POSITIVE_INFINITY) - silent
      if (wait > 0) {
        this.#arm(wait)
        return
      }
    }
    if (this.#looksAgain) {
      this.#looksAgain = false
      this.#timer = setTimeout(this.#fire)
      return
    }
    this.#struck = this.#atDeadline
      ? deadlineError()
      : new LeashError(
          'timeout',
          `${phases[this.#phase]}: timed out after ${this.#timeouts[this.#phase]} ms. Raise \`timeout\`, or send the call again.`,
          { retryable: true },
        )
    this.#stopAll(this.#struck)
  }

  #stopAll(reason: unknown): void {
    this.#controller.abort(reason)
    this.onStop?.()
  }

  /** Why a read or a request failed. */
  explain(error: unknown): LeashError | undefined {
    if (this.#struck) return this.#struck
    if (this.#parent?.aborted) return abortError(this.#parent)
    return error instanceof LeashError ? error : undefined
  }

  /** Lets go of the timer, and of the caller's signal: one that lives as long as the process must not collect a listener per call (openai-node issue 1811). */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#parent?.removeEventListener('abort', this.#follow)
  }
}
