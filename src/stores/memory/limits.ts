import { Recent } from '../../core/recent.js'
import { nameIn } from '../../core/space.js'
import type { Limit, Limits, Taken } from '../../core/store.js'
import { type Counter, counterFor } from './counters.js'

/** Nothing here waits, so a take is one step that no other call can come between. */
export class MemoryLimits implements Limits {
  readonly #counters: Recent<string, Counter>

  constructor(maxKeys: number) {
    this.#counters = new Recent(maxKeys)
  }

  take(space: string, limits: readonly Limit[]): Taken {
    const at = Date.now()
    const counted = limits.map((limit) => ({ limit, counter: this.#counter(space, limit) }))
    const waits = counted.map(({ limit, counter }) => counter.wait(limit, at))
    const refused = waits.findIndex((wait) => wait > 0)
    if (refused === -1) for (const { limit, counter } of counted) counter.add(limit, at)
    const states = counted.map(({ limit, counter }) => counter.state(limit, at))
    if (refused === -1) return { ok: true, retryAfterMs: 0, states, at }
    return { ok: false, refused, retryAfterMs: Math.max(...waits), states, at }
  }

  adjust(space: string, limits: readonly Limit[], at: number): void {
    const now = Date.now()
    for (const limit of limits) {
      const counter = this.#counter(space, limit)
      if (limit.amount > 0) counter.add(limit, now)
      else counter.giveBack({ ...limit, amount: -limit.amount }, at, now)
    }
  }

  #counter(space: string, limit: Limit): Counter {
    const key = `${limit.algorithm} ${limit.windowMs} ${nameIn(space, limit.key)}`
    return this.#counters.getOrInsertComputed(key, () => counterFor(limit))
  }
}
