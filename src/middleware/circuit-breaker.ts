import { atEnd } from '../core/ending.js'
import type { Middleware } from '../core/middleware.js'
import type { Breaker } from './circuit-breaker/breaker.js'

/**
 * Sends nothing to a target that is down, until a trial has shown that it is up again. What counts is what a call came to,
 * retries and all: a target that answers at the second try is not down. A trial is made once, without retries.
 */
export function circuitBreaker(breaker: Breaker): Middleware {
  return (next) =>
    async function circuitBreaker(call) {
      const admitted = breaker.admit(call)
      const pass = admitted instanceof Promise ? await admitted : admitted
      const began = performance.now()
      try {
        const result = await next(pass.trial ? { ...call, options: { ...call.options, maxRetries: 0 } } : call)
        const tookMs = performance.now() - began
        breaker.begun(pass)
        if (result.stream) {
          return atEnd(result, (ending) => {
            if (ending === 'cancelled') breaker.left(pass)
            else if (ending) breaker.failed(pass, call, ending)
            else breaker.answered(pass, tookMs)
          })
        }
        breaker.answered(pass, tookMs)
        return result
      } catch (error) {
        breaker.begun(pass)
        breaker.failed(pass, call, error)
        throw error
      }
    }
}
