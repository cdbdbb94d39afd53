/** Modules between what the caller wrote and what leaves: one inside the other, each there for the whole way of a call. */
import type { Call, Result } from '../core/call.js'
import { isLeashError, type LeashError } from '../core/errors.js'
import type { Middleware, Next } from '../core/middleware.js'
import type { StreamEdit } from '../middleware/edited-stream.js'
import type { Tell } from '../middleware/redact/guard.js'
import type { RedactedWay } from '../middleware/redact/open.js'
import type { Session } from './session.js'
import type { Slot } from './slot.js'

export function crossings(sessionOf: (call: Call) => Session | undefined): Middleware {
  return (next) =>
    async function crossings(call) {
      const session = sessionOf(call)
      const slots = session?.crossings() ?? []
      if (!session || slots.length === 0) return next(call)
      return slots.reduceRight<Next>((inside, slot) => (call) => crossed(slot, session, call, inside), next)(call)
    }
}

async function crossed(slot: Slot, session: Session, call: Call, next: Next): Promise<Result> {
  const tell: Tell = (action, direction, found) => {
    if (action === 'block') slot.meter.blocks++
    session.tell(call, slot, direction, action, found)
  }
  let way: RedactedWay | undefined
  try {
    const sent = await session.guarded(slot, 'request', call, () => {
      way = slot.module.crossing?.(call, session.protocol, tell)
      return way && refusable(way.out())
    })
    // Looking has failed, and that is no matter.
    if (!sent || !way) {
      way?.drop()
      return await next(call)
    }
    // What was not sent has no answer to put anything back into.
    if (call.options.dryRun) return await next(allowed(sent))
    const { back } = way
    const result = await next(allowed(sent))
    if (result.stream) return back(result, (edit) => metered(edit, slot))
    const answer = await session.guarded(slot, 'response', call, () => refusable(async () => back(result)))
    return answer ? allowed(answer) : result
  } catch (error) {
    way?.drop()
    throw error
  }
}

/** A refusal is what it is there for, and no failure of its own. */
type Refusable<T> = { readonly value: T } | { readonly refusal: LeashError }

async function refusable<T>(work: Promise<T> | (() => Promise<T>)): Promise<Refusable<T>> {
  try {
    return { value: await (typeof work === 'function' ? work() : work) }
  } catch (error) {
    if (isLeashError(error) && error.code === 'policy_blocked') return { refusal: error }
    throw error
  }
}

function allowed<T>(answer: Refusable<T>): T {
  if ('refusal' in answer) throw answer.refusal
  return answer.value
}

/** Each piece of a stream is a run. */
function metered(edit: StreamEdit, { meter }: Slot): StreamEdit {
  const timed = (work: () => Uint8Array | undefined) => {
    const began = performance.now()
    try {
      return work()
    } catch (error) {
      if (!isLeashError(error)) meter.errors++
      throw error
    } finally {
      meter.ran(performance.now() - began)
    }
  }
  return { push: (bytes) => timed(() => edit.push(bytes)), end: () => timed(() => edit.end()) }
}
