import type { Target } from '../core/call.js'
import { isLeashError } from '../core/errors.js'
import { keyHeaders } from '../core/key-headers.js'
import type { Middleware } from '../core/middleware.js'
import { Recent } from '../core/recent.js'
import { targetName } from '../core/target.js'
import { roomIn } from '../protocols/rate-limit-headers.js'
import { Lane } from './pace/lane.js'

export interface PaceOptions {
  /** How long a call is held back before it is refused, in milliseconds. @defaultValue 60000 */
  readonly waitMs?: number | undefined
}

/** Targets that are remembered at once. */
const mostTargets = 1000

/**
 * Goes by what a vendor says of its limits: no more attempts go to a target than it has room for. The others are held back
 * until there is room again, or refused here, where another target may be tried. So the vendor's own 429 is mostly not met.
 */
export function pace({ waitMs = 60_000 }: PaceOptions = {}): Middleware {
  const lanes = new Recent<string, Lane>(mostTargets)

  return (next) =>
    async function pace(call) {
      if (hasKeysToChoose(call.target)) return next(call)
      const lane = lanes.getOrInsertComputed(nameOf(call.target), () => new Lane(call.target.provider.name))
      const entering = lane.enter(call, call.alternatives ? 0 : waitMs)
      const number = typeof entering === 'number' ? entering : await entering
      const began = performance.now()
      try {
        const result = await next(call)
        if (result.attempt) lane.answered(number, performance.now() - began, roomIn(result.headers))
        else lane.failed(number)
        return result
      } catch (error) {
        if (isLeashError(error) && error.code === 'rate_limited' && error.upstream)
          lane.refused(number, error.retryAfterMs, roomIn(error.upstream.headers))
        else lane.failed(number)
        throw error
      }
    }
}

/** Each key has limits of its own, and rests by itself while others go on. */
function hasKeysToChoose({ provider, origin }: Target): boolean {
  return !origin && (provider.keys?.().length ?? 0) > 1
}

/** A key of the caller's own has limits of its own. It stays in memory, and is never shown. */
function nameOf(target: Target): string {
  let name = targetName(target)
  if (!target.origin) return name
  for (const header of keyHeaders) {
    const key = target.origin.headers.get(header)
    if (key !== null) name += ` ${key}`
  }
  return name
}
