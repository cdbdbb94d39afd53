import type { Timeouts } from '../core/call.js'
import type { Middleware } from '../core/middleware.js'

/**
 * Limits how long one attempt may take, phase by phase; a call's own limits win. The clock itself stands in the
 * transport, where each phase begins and ends, so that an attempt has one timer and a stream is not wrapped for it.
 */
export function timeout(timeouts: Timeouts): Middleware {
  return (next) =>
    function timeout(call) {
      return next({ ...call, timeouts: { ...timeouts, ...call.timeouts } })
    }
}
