/** Several keys of one provider: which of them goes next, and which one rests. */
import { LeashError } from '../core/errors.js'
import type { KeyInUse, KeyState } from '../core/provider.js'
import { roomIn } from '../protocols/rate-limit-headers.js'
import type { KeysOptions } from './options.js'
import { type KeySource, PoolKey } from './pool-key.js'

type NamedKey = KeyInUse & Pick<KeyState, 'name'>

export interface TakenKey {
  readonly secret: string
  readonly key: NamedKey
}

/** A vendor's `Retry-After` is kept to for at most a day: a header gone wrong must not retire a key. */
const longestCooldownMs = 24 * 60 * 60 * 1000

/** Of what remains a vendor tells by the way, and often when all of it is free again: so much later the key is tried again. */
const longestPauseMs = 60_000

/**
 * Steps of this part of a circle never bunch up, wherever they begin (the three-distance theorem). So the calls of one
 * process split evenly, and so do those of a thousand processes that make one call each.
 */
const golden = (Math.sqrt(5) - 1) / 2

export class KeyPool {
  readonly #provider: string
  readonly #keys: readonly PoolKey[]
  readonly #options: { readonly [option in keyof KeysOptions]-?: NonNullable<KeysOptions[option]> }
  #turn = Math.random()

  constructor(
    provider: string,
    keys: readonly KeySource[],
    { strategy = 'weighted', cooldownMs = 10_000, disableMs = 300_000 }: KeysOptions = {},
  ) {
    this.#provider = provider
    this.#keys = keys.map((key) => new PoolKey(key))
    this.#options = { strategy, cooldownMs, disableMs }
  }

  states(): readonly KeyState[] {
    const now = Date.now()
    return this.#keys.map((key) => key.state(now))
  }

  /** @throws LeashError `rate_limited` when every key rests, `authentication_failed` or `permission_denied` when the vendor refused them all */
  async take(model: string): Promise<TakenKey> {
    const passed = new Set<PoolKey>()
    let failure: unknown
    for (let key = this.#choose(model, passed); key; key = this.#choose(model, passed)) {
      passed.add(key)
      key.underway++
      try {
        const read = key.read()
        const secret = typeof read === 'string' ? read : await read
        // Asked again: another call may have been refused while it was being read.
        if (key.serves(model, secret, Date.now())) return { secret, key: this.#use(key, secret, model) }
      } catch (error) {
        failure ??= error
      }
      key.underway--
    }
    // A rest may have ended in this very moment.
    if (failure === undefined && this.#waitMs(model) === 0) return this.take(model)
    throw this.#nobody(model, failure)
  }

  #choose(model: string, passed: ReadonlySet<PoolKey>): PoolKey | undefined {
    const now = Date.now()
    let free = this.#keys.filter((key) => !passed.has(key) && key.mayServe(model, now))
    if (this.#options.strategy === 'least-used') {
      const load = ({ underway, weight }: PoolKey) => underway / weight
      const least = Math.min(...free.map(load))
      free = free.filter((key) => load(key) === least)
    }
    this.#turn = (this.#turn + golden) % 1
    let at = this.#turn * free.reduce((sum, { weight }) => sum + weight, 0)
    return free.find(({ weight }) => (at -= weight) < 0) ?? free.at(-1)
  }

  #use(key: PoolKey, secret: string, model: string): NamedKey {
    key.uses++
    let over = false
    return {
      name: key.name,
      answered: (headers) => {
        const room = this.#keys.length > 1 ? roomIn(headers) : undefined
        if (room?.remaining !== 0 || room.resetMs === 0) return
        key.rest(model, { state: 'cooling', until: Date.now() + Math.min(room.resetMs, longestPauseMs) })
      },
      failed: (error) => {
        // With no other to turn to, the vendor is asked each time, as it is with a single key.
        if (this.#keys.length < 2 || !this.#rest(key, secret, model, error)) return undefined
        const wait = this.#waitMs(model, error.retryable ? undefined : key)
        return Number.isFinite(wait) ? wait : undefined
      },
      done() {
        if (!over) key.underway--
        over = true
      },
    }
  }

  /** @returns whether the key is to blame */
  #rest(key: PoolKey, secret: string, model: string, { code, status, retryAfterMs }: LeashError): boolean {
    const { cooldownMs, disableMs } = this.#options
    const now = Date.now()
    if (code === 'rate_limited') {
      key.rest(model, { state: 'cooling', until: now + Math.min(retryAfterMs ?? cooldownMs, longestCooldownMs) })
      return true
    }
    // A 403 may be about the model, or about what the prompt says. By any other status it is the account's bill, whatever the model.
    const isDenied = code === 'permission_denied'
    if (code === 'authentication_failed' || (isDenied && status !== 403)) key.refuse(secret, now + disableMs)
    else if (isDenied) key.rest(model, { state: 'disabled', until: now + disableMs })
    else return false
    return true
  }

  /** Milliseconds until the first key is ready that the vendor did not refuse; `Infinity` where there is none. */
  #waitMs(model: string, except?: PoolKey): number {
    const now = Date.now()
    const waits = this.#keys.map((key) => {
      const rest = key === except ? undefined : key.restFor(model, now)
      if (key === except || rest?.state === 'disabled') return Number.POSITIVE_INFINITY
      return rest ? after(rest.until, now) : 0
    })
    return Math.min(...waits)
  }

  /** What to throw when no key can be had. */
  #nobody(model: string, failure: unknown): unknown {
    const now = Date.now()
    const rests = this.#keys.flatMap((key) => key.restFor(model, now) ?? [])
    const cooling = rests.filter(({ state }) => state === 'cooling')
    const pool = `Every key of "${this.#provider}"`
    if (cooling.length > 0) {
      const retryAfterMs = after(Math.min(...cooling.map(({ until }) => until)), now)
      return new LeashError(
        'rate_limited',
        `${pool} rests for a rate limit of the vendor, the first of them for ${seconds(retryAfterMs)} more. Wait so long, add a key, or send the call elsewhere.`,
        { retryable: true, retryAfterMs },
      )
    }
    if (failure !== undefined) return failure
    const whole = this.#keys.some((key) => key.isRefused(now))
    const next = Math.min(...rests.map(({ until }) => until)) - now
    const when = Number.isFinite(next) ? ` The first is tried again in ${seconds(next)}.` : ''
    return whole
      ? new LeashError('authentication_failed', `${pool} was refused by the vendor. Check or replace them.${when}`)
      : new LeashError('permission_denied', `${pool} was refused by the vendor for this model. Check what they permit.${when}`)
  }
}

/** One more than is left: a timer may fire a millisecond before its time. */
function after(until: number, now: number): number {
  return Math.ceil(until - now) + 1
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1000))} s`
}
