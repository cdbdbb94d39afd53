import type { Call, Result } from '../../core/call.js'
import { atEnd, leave } from '../../core/ending.js'
import { LeashError } from '../../core/errors.js'
import type { Next } from '../../core/middleware.js'
import { LinkedAbort } from '../../core/signals.js'
import type { MaybePromise } from '../../core/store.js'
import { targetName } from '../../core/target.js'

export interface Rules {
  /** Milliseconds after which the first attempt is late. */
  readonly delayMs: number
  /** The second attempt; undefined when there may be none now. */
  readonly second: () => MaybePromise<Call | undefined>
  /** How long an attempt took to answer; or how long it had not, when the other one was quicker. */
  readonly took: (call: Call, ms: number) => void
}

interface Runner {
  readonly call: Call
  readonly abort: LinkedAbort
  readonly began: number
  failure?: { readonly error: unknown }
}

/** One attempt, and a second one beside it when it is late. The first answer wins; the other attempt is stopped with it. */
export class Race {
  readonly #next: Next
  readonly #rules: Rules
  readonly #runners: Runner[] = []
  readonly #finish = Promise.withResolvers<Result>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #over = false

  constructor(next: Next, rules: Rules) {
    this.#next = next
    this.#rules = rules
  }

  /** @throws LeashError when all attempts failed: the first attempt's */
  run(first: Call): Promise<Result> {
    this.#timer = setTimeout(this.#late, this.#rules.delayMs)
    this.#start(first)
    return this.#finish.promise
  }

  readonly #late = async (): Promise<void> => {
    try {
      const second = await this.#rules.second()
      if (second && !this.#over) this.#start(second)
    } catch {
      // The first attempt goes on.
    }
  }

  #start(call: Call): void {
    // The timer stops in the same tick, and not only when the attempt has noticed.
    const runner: Runner = { call, abort: new LinkedAbort(call.signal, this.#stopTimer), began: performance.now() }
    this.#runners.push(runner)
    this.#run(runner).then(
      (result) => this.#answered(runner, result),
      (error) => this.#failed(runner, error),
    )
  }

  readonly #stopTimer = (): void => clearTimeout(this.#timer)

  async #run({ call, abort }: Runner): Promise<Result> {
    return this.#next({ ...call, signal: abort.signal })
  }

  #answered(winner: Runner, result: Result): void {
    if (this.#over) {
      leave(result)
      return
    }
    this.#end()
    for (const runner of this.#runners) {
      if (runner.failure) continue
      this.#rules.took(runner.call, performance.now() - runner.began)
      if (runner !== winner) runner.abort.abort(this.#overtaken(runner, winner))
    }
    this.#finish.resolve(atEnd(result, () => winner.abort.release()))
  }

  #failed(runner: Runner, error: unknown): void {
    runner.abort.release()
    runner.failure = { error }
    if (this.#runners.some(({ failure }) => !failure)) return
    this.#end()
    const [first = runner] = this.#runners
    this.#finish.reject(first.failure?.error)
  }

  /** Behind it stands what tells against a target that was late, where it was another one that answered. */
  #overtaken(loser: Runner, winner: Runner): LeashError {
    const [target, other] = [targetName(loser.call.target), targetName(winner.call.target)]
    const late = loser === this.#runners[0] && target !== other
    return new LeashError('aborted', 'Another attempt of this call answered first.', {
      ...(late && { cause: new LeashError('timeout', `"${target}" was late, and "${other}" answered first.`) }),
    })
  }

  #end(): void {
    this.#over = true
    this.#stopTimer()
  }
}
