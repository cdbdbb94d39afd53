/** The three ways to count against a limit, in memory. `redis/limits.lua.ts` has the same in Lua; one suite of tests holds both to each other. */
import type { Limit, LimitState } from '../../core/store.js'

/** One way to count within one window. The limit itself comes with each call: options may change, and the count goes on. */
export interface Counter {
  /** Milliseconds until the amount could be taken: 0 for now, `Infinity` for never. */
  wait(limit: Limit, now: number): number
  /** Over the limit if need be. */
  add(limit: Limit, now: number): void
  /** Takes back `amount`, which was taken at `takenAt`. */
  giveBack(limit: Limit, takenAt: number, now: number): void
  state(limit: Limit, now: number): LimitState
}

export function counterFor({ algorithm, windowMs }: Limit): Counter {
  if (algorithm === 'token-bucket') return new TokenBucket(windowMs)
  if (algorithm === 'fixed-window') return new FixedWindow(windowMs)
  return new SlidingWindow(windowMs)
}

class TokenBucket implements Counter {
  readonly #windowMs: number
  /**
   * What is left, times the window: so a millisecond refills a whole number, and whole numbers stay exact. Below 0 when more
   * was used than there was.
   */
  #level = Number.POSITIVE_INFINITY
  #at = 0

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  wait({ limit, amount }: Limit, now: number): number {
    if (amount > limit) return Number.POSITIVE_INFINITY
    this.#refill(limit, now)
    return Math.max(0, Math.ceil((amount * this.#windowMs - this.#level) / limit))
  }

  add({ limit, amount }: Limit, now: number): void {
    this.#refill(limit, now)
    this.#level -= amount * this.#windowMs
  }

  giveBack({ limit, amount }: Limit, _: number, now: number): void {
    this.#refill(limit, now)
    this.#level = Math.min(limit * this.#windowMs, this.#level + amount * this.#windowMs)
  }

  state({ limit }: Limit, now: number): LimitState {
    this.#refill(limit, now)
    return {
      remaining: Math.max(0, this.#level / this.#windowMs),
      resetMs: Math.ceil((limit * this.#windowMs - this.#level) / limit),
    }
  }

  /** A clock that was set back refills nothing until it moves on. */
  #refill(limit: number, now: number): void {
    if (now > this.#at) this.#level += (now - this.#at) * limit
    this.#level = Math.min(limit * this.#windowMs, this.#level)
    this.#at = now
  }
}

class FixedWindow implements Counter {
  readonly #windowMs: number
  #window = 0
  #count = 0

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  wait({ limit, amount }: Limit, now: number): number {
    if (amount > limit) return Number.POSITIVE_INFINITY
    this.#turn(now)
    return this.#count + amount <= limit ? 0 : this.#end(now)
  }

  add({ amount }: Limit, now: number): void {
    this.#turn(now)
    this.#count += amount
  }

  giveBack({ amount }: Limit, takenAt: number, now: number): void {
    this.#turn(now)
    if (Math.floor(takenAt / this.#windowMs) === this.#window) this.#count = Math.max(0, this.#count - amount)
  }

  state({ limit }: Limit, now: number): LimitState {
    this.#turn(now)
    return { remaining: Math.max(0, limit - this.#count), resetMs: this.#count > 0 ? this.#end(now) : 0 }
  }

  /** Not back by one, for clocks are put right by a little; but a clock that was far ahead must not shut everybody out so long. */
  #turn(now: number): void {
    const window = Math.floor(now / this.#windowMs)
    if (window === this.#window || window === this.#window - 1) return
    this.#window = window
    this.#count = 0
  }

  #end(now: number): number {
    return (this.#window + 1) * this.#windowMs - now
  }
}

/** A window is counted in so many parts: a part counts until all of it has left the window. */
const partsOfWindow = 20

class SlidingWindow implements Counter {
  readonly #partMs: number
  readonly #parts: number
  /** By part of time, the oldest first. */
  readonly #counts = new Map<number, number>()
  #part = 0

  constructor(windowMs: number) {
    this.#partMs = Math.ceil(windowMs / partsOfWindow)
    this.#parts = Math.ceil(windowMs / this.#partMs)
  }

  wait({ limit, amount }: Limit, now: number): number {
    if (amount > limit) return Number.POSITIVE_INFINITY
    this.#turn(now)
    let over = this.#used() + amount - limit
    if (over <= 0) return 0
    for (const [part, count] of this.#counts) {
      over -= count
      if (over <= 0) return this.#leaves(part, now)
    }
    return this.#leaves(this.#part, now)
  }

  add({ amount }: Limit, now: number): void {
    this.#turn(now)
    if (amount > 0) this.#counts.set(this.#part, (this.#counts.get(this.#part) ?? 0) + amount)
  }

  giveBack({ amount }: Limit, takenAt: number, now: number): void {
    this.#turn(now)
    const part = Math.floor(takenAt / this.#partMs)
    const count = this.#counts.get(part)
    if (count !== undefined) this.#counts.set(part, Math.max(0, count - amount))
  }

  state({ limit }: Limit, now: number): LimitState {
    this.#turn(now)
    const used = this.#used()
    return { remaining: Math.max(0, limit - used), resetMs: used > 0 ? this.#leaves(this.#part, now) : 0 }
  }

  /** Back by more than the window only, as a fixed one. */
  #turn(now: number): void {
    const part = Math.floor(now / this.#partMs)
    if (part < this.#part - this.#parts) {
      this.#counts.clear()
      this.#part = part
      return
    }
    this.#part = Math.max(this.#part, part)
    for (const part of this.#counts.keys()) {
      if (part >= this.#part - this.#parts) return
      this.#counts.delete(part)
    }
  }

  #leaves(part: number, now: number): number {
    return (part + this.#parts + 1) * this.#partMs - now
  }

  #used(): number {
    let used = 0
    for (const count of this.#counts.values()) used += count
    return used
  }
}
