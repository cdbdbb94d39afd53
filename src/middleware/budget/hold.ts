import type { Target } from '../../core/call.js'
import type { Balance } from '../../core/store.js'
import { Measurements } from './bounds.js'
import type { Scope } from './rules.js'
import type { Ticket } from './ticket.js'

/** What one call has set aside and spent, over all of its attempts. */
export class Hold {
  /** Of the budgets that the call has for itself, by their keys. */
  readonly #own = new Map<string, Balance>()
  /** Budgets that have counted the call as a request, by their keys. */
  readonly #counted = new Set<string>()
  readonly measured = new Measurements()
  /** For attempts that may come. */
  #ahead: Ticket[] = []
  #ended = false

  own(scope: Scope): Balance {
    return this.#own.get(scope.lasting) ?? { spent: 0, reserved: 0 }
  }

  reserve(scope: Scope, amount: number): void {
    const { spent, reserved } = this.own(scope)
    this.#own.set(scope.lasting, { spent, reserved: reserved + amount })
  }

  settle(scope: Scope, amount: number, actual: number): void {
    const { spent, reserved } = this.own(scope)
    this.#own.set(scope.lasting, { spent: spent + actual, reserved: reserved - amount })
  }

  /** @returns whether it has not been counted there yet */
  count(scope: Scope): boolean {
    if (this.#counted.has(scope.key)) return false
    this.#counted.add(scope.key)
    return true
  }

  uncount(scope: Scope): void {
    this.#counted.delete(scope.key)
  }

  /** Keeps what was set aside for an attempt that is about to be sent. */
  keep(ticket: Ticket): void {
    if (this.#ended) ticket.release()
    else this.#ahead.push(ticket)
  }

  /** What was kept for an attempt at this target. One of them may have come to nothing, and the call have gone on to another. */
  taken(target: Target): Ticket | undefined {
    const at = this.#ahead.findIndex(({ call }) => call.target === target)
    return at < 0 ? undefined : this.#ahead.splice(at, 1)[0]
  }

  /** The call is over: what was not sent by now never will be. Its report may be kept, and this with it. */
  end(): void {
    this.#ended = true
    this.measured.forget()
    for (const ticket of this.#ahead) ticket.release()
    this.#ahead = []
  }
}
