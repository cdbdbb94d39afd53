import { LeashError } from '../../core/errors.js'
import { abortError, onStop } from '../../core/signals.js'
import type { MaybePromise } from '../../core/store.js'

/** One of so many places under a name: `tenant acme`, `provider groq`. */
export interface Slot {
  readonly name: string
  readonly limit: number
}

const priorities = ['high', 'normal', 'low'] as const
export type Priority = (typeof priorities)[number]

/** What is asked of a call that waits. */
export interface Waiting {
  /** @defaultValue 'normal' */
  readonly priority?: Priority | undefined
  /** How long it waits at most, in milliseconds; 0 for not at all. */
  readonly waitMs: number
  readonly signal?: AbortSignal | undefined
  readonly deadline?: number | undefined
}

interface Waiter {
  readonly slots: readonly Slot[]
  /** Its place among all that ever waited. */
  readonly turn: number
  enter(): void
}

/** Names that are kept without a place taken. */
const mostIdle = 100

/** Of so many that are let in, one is of the class whose first has waited longest, so that no class waits for ever. */
const fairShare = 10

/**
 * Lets in as many calls as there are places, each under all its names at once or not at all. The others wait: by class, in
 * each class in the order of their coming, and past those who wait for a place that is taken longer.
 */
export class Gate {
  readonly #max: number
  /** Places taken, by name. Names with none go when there are many: to add one anew each time costs more. */
  readonly #taken = new Map<string, number>()
  readonly #waiting: Readonly<Record<Priority, Set<Waiter>>> = { high: new Set(), normal: new Set(), low: new Set() }
  #turns = 0
  #entered = 0

  /** @param max calls that wait at most; one more is refused */
  constructor(max: number) {
    this.#max = max
  }

  /**
   * @returns what to call when the call is over, as soon as it may begin
   * @throws LeashError `overloaded` when there is no place in time, `aborted` or `deadline_exceeded` when it waits no longer
   */
  enter(slots: readonly Slot[], waiting: Waiting): MaybePromise<() => void> {
    if (waiting.signal?.aborted) throw abortError(waiting.signal)
    if (this.#fits(slots)) return this.#take(slots)
    const queued = this.#queued()
    if (waiting.waitMs === 0) throw this.#full(slots, 'this call does not wait')
    if (queued >= this.#max) throw this.#full(slots, `${queued} calls wait already`)
    return this.#wait(slots, waiting)
  }

  #wait(slots: readonly Slot[], { priority, waitMs, ...until }: Waiting): Promise<() => void> {
    const queue = this.#waiting[priority ?? 'normal']
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        slots,
        turn: this.#turns++,
        enter: () => {
          leave()
          resolve(this.#take(slots))
        },
      }
      const fail = (error: LeashError) => {
        leave()
        reject(error)
      }
      const leave = () => {
        queue.delete(waiter)
        clearTimeout(timer)
        stop()
      }
      queue.add(waiter)
      const timer = setTimeout(() => fail(this.#full(slots, `none came free within ${waitMs} ms`)), waitMs)
      const stop = onStop(until, fail)
    })
  }

  #fits(slots: readonly Slot[]): boolean {
    return slots.every(({ name, limit }) => (this.#taken.get(name) ?? 0) < limit)
  }

  #take(slots: readonly Slot[]): () => void {
    for (const { name } of slots) this.#taken.set(name, (this.#taken.get(name) ?? 0) + 1)
    let left = false
    return () => {
      if (left) return
      left = true
      for (const { name } of slots) {
        const taken = (this.#taken.get(name) ?? 0) - 1
        if (taken > 0 || this.#taken.size < mostIdle) this.#taken.set(name, taken)
        else this.#taken.delete(name)
      }
      this.#admit(slots.length)
    }
  }

  /** Each place that has come free lets in one at most. */
  #admit(most: number): void {
    for (let admitted = 0; admitted < most && this.#queued() > 0; admitted++) {
      const next = this.#next()
      if (!next) return
      this.#entered++
      next.enter()
    }
  }

  #queued(): number {
    const { high, normal, low } = this.#waiting
    return high.size + normal.size + low.size
  }

  #next(): Waiter | undefined {
    const queues = priorities.map((priority) => this.#waiting[priority])
    if (this.#entered % fairShare === fairShare - 1) queues.sort((a, b) => firstTurn(a) - firstTurn(b))
    for (const queue of queues) for (const waiter of queue) if (this.#fits(waiter.slots)) return waiter
    return undefined
  }

  #full(slots: readonly Slot[], why: string): LeashError {
    const busy = slots.find(({ name, limit }) => (this.#taken.get(name) ?? 0) >= limit) ?? slots[0]
    return new LeashError(
      'overloaded',
      `All ${busy?.limit} places for ${busy?.name} are taken, and ${why}. Send fewer calls at once, or raise \`concurrency\`.`,
      { retryable: true },
    )
  }
}

function firstTurn(queue: ReadonlySet<Waiter>): number {
  const [first] = queue
  return first?.turn ?? Number.POSITIVE_INFINITY
}
