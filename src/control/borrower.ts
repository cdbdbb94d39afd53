/** Has more lent to scopes that run short: one request at a time for each, whoever needs it. */
import { LeashError } from '../core/errors.js'
import type { Lender } from './lender.js'
import type { LentScope, Outcome } from './lent-scope.js'

/** A scope of which nothing could be had is not asked for ahead of need so soon again. */
const againMs = 1000

/** A relay that does not know a scope may have an older policy than this client, for a moment. */
const unknownMs = 60_000

export class Borrower {
  readonly #lender: Lender
  /** Told of each scope that was lent something. */
  readonly #onLent: (scope: LentScope) => void
  readonly #underway = new Set<Promise<boolean | undefined>>()
  #closed = false

  constructor(lender: Lender, onLent: (scope: LentScope) => void) {
    this.#lender = lender
    this.#onLent = onLent
  }

  /** Waits until it is worth another look. Rejects when the relay does not take the key. */
  need(scope: LentScope, amount: number): Promise<Outcome> {
    if (this.#closed) throw new LeashError('invalid_config', 'This leash is closed. Make a new one with createLeash().')
    return new Promise((resolve, reject) => {
      scope.needs.push({ amount, resolve, reject })
      if (!scope.asking) void this.ahead(scope)
    })
  }

  /** Nobody waits for it yet. @returns whether the relay knows of it; undefined when it could not be asked */
  ahead(scope: LentScope): Promise<boolean | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    const work = this.#ask(scope).finally(() => this.#underway.delete(work))
    this.#underway.add(work)
    return work
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#underway)
  }

  async #ask(scope: LentScope): Promise<boolean | undefined> {
    scope.asking = true
    // What comes in the same turn is asked for together.
    await Promise.resolve()
    const { least, wanted } = scope.request()
    const sought = scope.free + least
    try {
      const lent = await this.#lender.lend(scope.key, least, wanted)
      if (lent.kind === 'lent') {
        scope.lend(lent.lease, lent.until)
        this.#onLent(scope)
      } else scope.renewAfter = Date.now() + againMs
      if (lent.kind === 'free') {
        scope.keep()
        scope.askAgainAt = Date.now() + unknownMs
      }
      if (lent.kind === 'refused') scope.taken = lent.refusal.taken
      scope.asking = false
      scope.answer(({ amount }) => {
        if (lent.kind === 'away') return lent
        // Who needs less, and came while the question was on its way, asks for himself.
        return lent.kind === 'refused' && amount >= sought ? lent : { kind: 'look' }
      })
      return lent.kind === 'away' ? undefined : lent.kind !== 'free'
    } catch (error) {
      scope.asking = false
      scope.renewAfter = Date.now() + againMs
      scope.fail(error)
      return undefined
    }
  }
}
