/** Rate limits of requests that are no calls to a model: the policy's own, counted apart from those of calls. */
import type { Call } from '../../core/call.js'
import { callId } from '../../core/id.js'
import type { Middleware } from '../../core/middleware.js'
import { onceFor } from '../../core/once-for.js'
import type { Provider } from '../../core/provider.js'
import { createReport } from '../../core/report.js'
import type { Identity } from '../../engine.js'
import type { RateLimit } from '../../middleware/rate-limit/options.js'
import { rateLimit } from '../../middleware/rate-limit.js'
import { memory } from '../../stores/memory.js'

/** What nobody can count the tokens of is held to the number of requests alone. */
const limiterOf = onceFor((limits: readonly RateLimit[]): Middleware => {
  const counted = limits.flatMap(({ limit: { requests }, ...rest }) =>
    requests === undefined ? [] : [{ ...rest, limit: { requests } }],
  )
  return counted.length > 0 ? rateLimit(counted, { store: memory() }) : (next) => next
})

/** @throws LeashError `rate_limited` */
export async function admit(
  limits: readonly RateLimit[],
  { provider, identity, signal }: { readonly provider: Provider; readonly identity: Identity; readonly signal: AbortSignal },
): Promise<void> {
  if (limits.length === 0) return
  const id = callId()
  const call: Call = {
    id,
    protocol: '',
    model: '',
    stream: false,
    body: {},
    headers: {},
    target: { provider, model: '' },
    options: identity,
    timeouts: {},
    attempt: 1,
    report: createReport(id, undefined),
    signal,
  }
  await limiterOf(limits)(async () => ({ stream: false, status: 200, headers: new Headers(), body: {} }))(call)
}
