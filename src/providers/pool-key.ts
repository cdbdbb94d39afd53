import type { KeyState } from '../core/provider.js'

export interface Rest {
  readonly state: 'cooling' | 'disabled'
  /** Milliseconds since 1970. */
  readonly until: number
}

interface Begun {
  readonly since: number
  readonly until: number
}

/** A clock that was set back must not keep a key at rest until it has caught up. */
function holds({ since, until }: Begun, now: number): boolean {
  return since <= now && now < until
}

/** Models are named by callers: no key remembers more of them. */
const mostModels = 256

/** A key as it was configured. */
export interface KeySource {
  readonly name: string
  readonly weight: number
  readonly read: () => string | Promise<string>
  /** It is read anew for each request, and so may be another one by now. */
  readonly changes: boolean
}

/**
 * One of several keys: what it has done, and what it rests for. Vendors limit and permit by model, so a rest is for one
 * model; only a key that is no key at all rests for every one.
 */
export class PoolKey implements KeySource {
  readonly name: string
  readonly weight: number
  readonly read: () => string | Promise<string>
  readonly changes: boolean
  uses = 0
  underway = 0
  readonly #rests = new Map<string, Rest & Begun>()
  #refused: ({ readonly secret: string } & Begun) | undefined

  constructor({ name, weight, read, changes }: KeySource) {
    this.name = name
    this.weight = weight
    this.read = read
    this.changes = changes
  }

  /** The vendor does not know it, or does not bill it. */
  isRefused(now: number): boolean {
    return this.#refused !== undefined && holds(this.#refused, now)
  }

  restFor(model: string, now: number): Rest | undefined {
    const refused = this.#refused
    if (refused && holds(refused, now)) return { state: 'disabled', until: refused.until }
    return this.#restOf(model, now)
  }

  #restOf(model: string, now: number): Rest | undefined {
    const rest = this.#rests.get(model)
    return rest && holds(rest, now) ? rest : undefined
  }

  /** Whether it is worth reading: a refused one may have changed. */
  mayServe(model: string, now: number): boolean {
    return this.#restOf(model, now) === undefined && (this.changes || !this.isRefused(now))
  }

  /** The same once it is read. */
  serves(model: string, secret: string, now: number): boolean {
    if (this.#refused && this.#refused.secret !== secret) this.#refused = undefined
    return this.restFor(model, now) === undefined
  }

  refuse(secret: string, until: number): void {
    this.#refused = { secret, since: Date.now(), until }
  }

  /** Of two rests for a model the longer one holds: calls that went out together are refused together. */
  rest(model: string, rest: Rest): void {
    const now = Date.now()
    const before = this.#restOf(model, now)
    if (before && before.until > rest.until) return
    if (!before && this.#rests.size >= mostModels) this.#forget(now)
    this.#rests.set(model, { ...rest, since: now })
  }

  /** Rests that are over, and at least the oldest. */
  #forget(now: number): void {
    for (const [model, rest] of this.#rests) if (!holds(rest, now)) this.#rests.delete(model)
    const [oldest] = this.#rests.keys()
    if (oldest !== undefined && this.#rests.size >= mostModels) this.#rests.delete(oldest)
  }

  state(now: number): KeyState {
    const { name, uses } = this
    if (this.#refused && this.isRefused(now)) return { name, state: 'disabled', ...untilOf(this.#refused), uses }
    const rests = [...this.#rests].filter(([, rest]) => holds(rest, now))
    const longest = rests.map(([, rest]) => rest).reduce<Rest | undefined>((a, b) => (a && a.until >= b.until ? a : b), undefined)
    if (!longest) return { name, state: 'ready', uses }
    return { name, state: longest.state, ...untilOf(longest), models: rests.map(([model]) => model), uses }
  }
}

function untilOf({ until }: { readonly until: number }): { until?: number } {
  return until === Number.POSITIVE_INFINITY ? {} : { until }
}
