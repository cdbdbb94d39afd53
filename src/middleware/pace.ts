import type { Call, Target } from '../core/call.js'
import { isLeashError, LeashError } from '../core/errors.js'
import type { Middleware } from '../core/middleware.js'
import { Recent } from '../core/recent.js'
import { sleep, timeLeft } from '../core/signals.js'
import { targetName } from '../core/target.js'
import { exhaustedMs } from '../protocols/rate-limit-headers.js'

export interface PaceOptions {
  /** How long a call is held back at most before it is refused, in milliseconds. @defaultValue 60000 */
  readonly waitMs?: number
}

/** However long a vendor says that it takes: after so many milliseconds one call asks again. */
const longestMs = 60_000

/** Targets that are held back at once. */
const mostTargets = 1000

/** A key of the caller's own has limits of its own. It stays in memory, and is never shown. */
const keyHeaders = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']

/**
 * Goes by what a vendor says of its limits: when nothing remains, further calls to that target are held back until there is
 * room again, or refused here, where another target may be tried. So the vendor's own 429 is mostly not met.
 */
export function pace({ waitMs = 60_000 }: PaceOptions = {}): Middleware {
  /** By target, in milliseconds since 1970. */
  const readyAt = new Recent<string, number>(mostTargets)

  function learn(target: Target, ms: number): void {
    if (ms > 0) readyAt.set(nameOf(target), Date.now() + Math.min(ms, longestMs))
  }

  async function hold(call: Call): Promise<void> {
    const name = nameOf(call.target)
    for (;;) {
      const left = (readyAt.get(name) ?? 0) - Date.now()
      if (left <= 0) return readyAt.delete(name)
      if (call.alternatives || left > waitMs || left >= timeLeft(call.deadline)) throw notYet(call.target, left)
      await sleep(left, call.signal)
    }
  }

  return (next) =>
    async function pace(call) {
      if (readyAt.size > 0) await hold(call)
      try {
        const result = await next(call)
        if (result.attempt) learn(call.target, exhaustedMs(result.headers))
        return result
      } catch (error) {
        if (isLeashError(error) && error.code === 'rate_limited' && error.upstream)
          learn(call.target, error.retryAfterMs ?? exhaustedMs(error.upstream.headers))
        throw error
      }
    }
}

function nameOf(target: Target): string {
  const keys = target.origin ? keyHeaders.flatMap((name) => target.origin?.headers.get(name) ?? []) : []
  return [targetName(target), ...keys].join(' ')
}

function notYet(target: Target, retryAfterMs: number): LeashError {
  return new LeashError(
    'rate_limited',
    `"${target.provider.name}" has said that nothing remains of its limit for this model. Send the call again in ${retryAfterMs} ms.`,
    { retryable: true, retryAfterMs },
  )
}
