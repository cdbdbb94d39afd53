/** Calls that came to something. */
export interface Counts {
  calls: number
  failures: number
  /** Of the failures. */
  timeouts: number
  /** Of the answers. */
  slow: number
}

const slots = 12

/** What became of the calls of the last while, counted by twelfths of it: nothing is kept of a single call, and no timer runs. */
export class Window {
  readonly #slotMs: number
  readonly #slots: (Counts & { turn: number })[] = []

  constructor(windowMs: number) {
    this.#slotMs = windowMs / slots
  }

  /** The counts to add to. */
  at(now: number): Counts {
    const turn = Math.floor(now / this.#slotMs)
    const slot = this.#slots[turn % slots]
    if (slot?.turn === turn) return slot
    const fresh = { turn, calls: 0, failures: 0, timeouts: 0, slow: 0 }
    this.#slots[turn % slots] = fresh
    return fresh
  }

  sum(now: number): Readonly<Counts> {
    const since = Math.floor(now / this.#slotMs) - slots
    const sum = { calls: 0, failures: 0, timeouts: 0, slow: 0 }
    for (const slot of this.#slots) {
      if (slot === undefined || slot.turn <= since) continue
      sum.calls += slot.calls
      sum.failures += slot.failures
      sum.timeouts += slot.timeouts
      sum.slow += slot.slow
    }
    return sum
  }

  clear(): void {
    this.#slots.length = 0
  }
}
