import type { Call } from '../../core/call.js'
import { isLeashError, LeashError } from '../../core/errors.js'
import { formatUsd } from '../../core/money.js'
import { sleep, timeLeft } from '../../core/signals.js'
import type { Limit, MaybePromise, Store, Taken } from '../../core/store.js'
import { untilStopped } from '../../core/until-stopped.js'
import { Gate } from '../concurrency/gate.js'
import { headersOf, plain, type Standing } from './headers.js'
import type { Rule } from './rules.js'
import type { Unit } from './units.js'

/** One limit that a call is held to. */
export interface Held extends Limit {
  readonly rule: Rule
  readonly unit: Unit
}

/** Calls that may wait in one process. */
const mostWaiting = 10_000

/** Lets calls pass as their limits have room, and has those wait that may. */
export class Admission {
  readonly #store: Store
  /** Who may wait for a limit goes in the order of coming: the first waits for room, the others for the first. */
  readonly #line = new Gate(mostWaiting)

  constructor(store: Store) {
    this.#store = store
  }

  /** @throws LeashError `rate_limited` when there is no room, or not in time */
  admit(space: string, held: readonly Held[], call: Call): MaybePromise<Taken> {
    // Another target can be asked meanwhile.
    if (!call.alternatives && held.some(({ rule }) => rule.waitMs > 0)) return this.#wait(space, held, call)
    const answer = this.#ask(space, held, call)
    if (answer instanceof Promise) return answer.then((taken) => passed(held, taken))
    return passed(held, answer)
  }

  /** What is taken for a caller who has left meanwhile is given back. */
  #ask(space: string, held: readonly Held[], call: Call): MaybePromise<Taken> {
    const answer = this.#store.take(space, held)
    if (!(answer instanceof Promise)) return answer
    return untilStopped(answer, call, (taken) => {
      if (!taken.ok || !wasCounted(taken)) return
      const whole = held.map((limit) => ({ ...limit, amount: -limit.amount }))
      void this.#store.adjust(space, whole, taken.at)
    })
  }

  async #wait(space: string, held: readonly Held[], call: Call): Promise<Taken> {
    const began = Date.now()
    const patient = held.filter(({ rule }) => rule.waitMs > 0)
    const leave = await this.#enter(space, held, patient, call)
    try {
      return await this.#take(space, held, call, began)
    } finally {
      leave()
    }
  }

  async #enter(space: string, held: readonly Held[], patient: readonly Held[], call: Call): Promise<() => void> {
    const { signal, deadline } = call
    const waitMs = Math.max(...patient.map(({ rule }) => rule.waitMs))
    try {
      return await this.#line.enter(
        patient.map(({ key }) => ({ name: `${space} ${key}`, limit: 1 })),
        { waitMs, signal, deadline },
      )
    } catch (error) {
      // Others have waited as long, and are still in front.
      if (!isLeashError(error) || error.code !== 'overloaded') throw error
      throw refusal(held, patient[0], { ok: false, retryAfterMs: waitMs, states: [], at: 0 })
    }
  }

  async #take(space: string, held: readonly Held[], call: Call, began: number): Promise<Taken> {
    for (;;) {
      const answer = this.#ask(space, held, call)
      const taken = answer instanceof Promise ? await answer : answer
      if (taken.ok) return taken
      const { retryAfterMs } = taken
      const refusing = held[taken.refused ?? 0]
      const patience = (refusing?.rule.waitMs ?? 0) - (Date.now() - began)
      if (retryAfterMs > patience || retryAfterMs >= timeLeft(call.deadline)) throw refusal(held, refusing, taken)
      await sleep(retryAfterMs, call.signal)
    }
  }
}

function passed(held: readonly Held[], taken: Taken): Taken {
  if (taken.ok) return taken
  throw refusal(held, held[taken.refused ?? 0], taken)
}

/** A store that could not be asked has let the call pass, and holds nothing of it. */
export function wasCounted({ states }: Taken): boolean {
  return states.length > 0
}

/** None where the store could not be asked. */
export function standings(held: readonly Held[], { states }: Taken): Standing[] {
  return states.flatMap((state, at) => {
    const limit = held[at]
    return limit ? [{ unit: limit.unit, limit: limit.limit, ...state }] : []
  })
}

function refusal(held: readonly Held[], refusing: Held | undefined, taken: Taken): LeashError {
  const headers = headersOf(standings(held, taken))
  const { retryAfterMs } = taken
  const tooLarge = held.find(({ amount, limit }) => amount > limit)
  const why = tooLarge
    ? `${allowed(tooLarge)}, and this call alone may use ${shown(tooLarge, tooLarge.amount)}. Bound its answer, send less, or raise the limit.`
    : `${refusing ? allowed(refusing) : 'A limit allows no more'}, which are used up. Send the call again in ${retryAfterMs} ms.`
  return new LeashError('rate_limited', why, {
    headers: { ...plain(headers), ...headers },
    ...(tooLarge ? {} : { retryable: true, retryAfterMs }),
  })
}

function allowed(held: Held): string {
  return `The limit "${held.rule.name}" allows ${shown(held, held.limit)} per ${held.rule.per}`
}

function shown({ unit }: Held, amount: number): string {
  return unit === 'usd' ? `${formatUsd(amount)} US dollars` : `${amount} ${unit}`
}
