import type { Call } from '../core/call.js'
import { atEnd } from '../core/ending.js'
import type { Middleware } from '../core/middleware.js'
import { Gate, type Slot } from './concurrency/gate.js'

export interface ConcurrencyOptions {
  /** Most calls at the same time, in this process. */
  readonly total?: number | undefined
  /** The same for each tenant; calls without a tenant count as one tenant. */
  readonly tenant?: number | undefined
  /** The same for each provider, or for single providers by name. */
  readonly provider?: number | Readonly<Record<string, number>> | undefined
  /** What happens to a call when there are too many. */
  readonly queue?: {
    /** Most calls that may wait for the same limit; further ones are refused. @defaultValue 1000 */
    readonly max?: number
    /** The longest wait of a call, in milliseconds; 0: none. @defaultValue 30000 */
    readonly waitMs?: number
  }
}

/** Bounds the calls of the leash and of each tenant. A call keeps its place until its answer, or its stream, is complete. */
export function concurrency({ total, tenant, queue }: ConcurrencyOptions): Middleware {
  return held(queue, ({ options }) => [
    ...(tenant === undefined
      ? []
      : [{ name: options.tenant === undefined ? 'calls without a tenant' : `tenant ${options.tenant}`, limit: tenant }]),
    ...(total === undefined ? [] : [{ name: 'this process', limit: total }]),
  ])
}

/**
 * Bounds the calls at each provider, retries of a call and hedges at the same target within its one place. Where another
 * target may be tried, a call does not wait here.
 */
export function providerConcurrency({ provider, queue }: ConcurrencyOptions): Middleware {
  const limitOf = (name: string) =>
    typeof provider === 'object' ? (Object.hasOwn(provider, name) ? provider[name] : undefined) : provider
  return held(queue, ({ target }) => {
    const limit = limitOf(target.provider.name)
    return limit === undefined ? [] : [{ name: `provider ${target.provider.name}`, limit }]
  })
}

function held(
  { max = 1000, waitMs = 30_000 }: ConcurrencyOptions['queue'] = {},
  slotsOf: (call: Call) => readonly Slot[],
): Middleware {
  const gate = new Gate(max)
  return (next) =>
    async function concurrency(call) {
      const { signal, deadline, alternatives, options } = call
      const entering = gate.enter(slotsOf(call), {
        priority: options.priority,
        waitMs: alternatives ? 0 : waitMs,
        signal,
        deadline,
      })
      const leave = entering instanceof Promise ? await entering : entering
      try {
        return atEnd(await next(call), leave)
      } catch (error) {
        leave()
        throw error
      }
    }
}
