import { LeashError } from '../../core/errors.js'
import type { Middleware } from '../../core/middleware.js'
import type { FallbackDeps } from '../fallback.js'
import { tooDear } from './cost.js'

/**
 * Holds a call to its `maxCostUsd` at each attempt that nobody has looked at who chose its target: a retry, or one at another
 * target beside or in the stead of the first.
 */
export function heldToCost(deps: Pick<FallbackDeps, 'prices' | 'capabilities'>): Middleware {
  return (next) =>
    async function heldToCost(call) {
      const why = await tooDear(call.target, call, deps)
      if (why !== undefined) throw new LeashError('budget_exceeded', `${why} Raise it, or ask for less.`)
      return next(call)
    }
}
