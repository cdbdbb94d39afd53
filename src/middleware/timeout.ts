import type { Timeouts } from '../core/call.js'
import { defined } from '../core/defined.js'
import type { Middleware } from '../core/middleware.js'
import { guarded } from './timeout/slow-stream.js'

export interface TimeoutOptions extends Timeouts {
  /** For the whole call: all attempts, all waiting, the whole stream, in milliseconds. */
  readonly deadlineMs?: number | undefined
  /** Other limits for attempts at single providers, by name. A call's own limits win. */
  readonly providers?: Readonly<Record<string, Timeouts>> | undefined
}

/**
 * What the clock of an attempt cannot know by itself: the limits of each provider, and how fast a stream is. The clock
 * stands in the transport, where each phase begins and ends, so that an attempt has one timer and no stream is wrapped for it.
 */
export function timeout(providers: TimeoutOptions['providers'] = {}): Middleware {
  return (next) =>
    function timeout(call) {
      const timeouts = defined<Timeouts>(call.timeouts, providers[call.target.provider.name], call.options.timeouts)
      const timed = { ...call, timeouts }
      return timeouts.slowStream && call.stream ? guarded(next, timed, timeouts.slowStream) : next(timed)
    }
}
