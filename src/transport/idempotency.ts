/**
 * Keys by which a server knows that it has had a request before, for those that declare a header for them.
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
import type { Call } from '../core/call.js'
import { LeashError } from '../core/errors.js'
import { hidden } from '../core/hidden.js'
import { withHeader } from '../core/with-header.js'

/** What a key stands for. Sent again with anything else in it, a server refuses the key. */
type Sent = Pick<Call, 'body' | 'hedged'> & { readonly provider: string; readonly model: string }

const sentBy = hidden<Sent[]>()

/** Chance that no other process has. Made by the first call that needs it: some runtimes have none before. */
let origin: string | undefined

/** The call with its key: the same one in each try at a target, the caller's own where there is one. */
export function identified(call: Call, header: string): Call {
  const { report, options, here } = call
  // A copy for comparison has a key of its own: the caller's is that of the call it is a copy of.
  const own = report.mirrorOf === undefined ? (options.idempotencyKey ?? here?.headers.get(header)) : undefined
  if (own != null && !/^[!-~]{1,255}$/.test(own))
    throw new LeashError('invalid_request', 'An `idempotencyKey` is made of 1 to 255 visible ASCII characters.')
  origin ??= crypto.randomUUID()
  const place = placeOf(call)
  const key = `${own ?? `leash-${origin}-${call.id}`}${place === 0 ? '' : `-${place + 1}`}`
  return withHeader(call, header, key)
}

/** Another target or body, or a second try beside the first, is another request: its key is another one, made of the first. */
function placeOf({ report, target, body, hedged }: Call): number {
  const all = sentBy.get(report) ?? []
  sentBy.set(report, all)
  const sent: Sent = { provider: target.provider.name, model: target.model, body, ...(hedged && { hedged }) }
  const place = all.findIndex(
    (other) =>
      other.provider === sent.provider && other.model === sent.model && other.body === sent.body && other.hedged === sent.hedged,
  )
  return place === -1 ? all.push(sent) - 1 : place
}
