import type { Call } from '../core/call.js'
import type { Lazy } from '../core/lazy.js'
import type { Accounts } from '../core/ledger.js'
import type { Middleware } from '../core/middleware.js'
import { abortError, deadlineError, timeLeft } from '../core/signals.js'
import { hasEffects } from '../protocols/effects.js'
import { askedIn, Circumstances } from './coalesce/key.js'
import { SharedCall } from './coalesce/shared-call.js'

export interface CoalesceOptions {
  /**
   * Bytes of a stream that are kept for callers who come later or read more slowly. Nobody can join a stream that has become
   * longer, and a caller who falls further behind fails. @defaultValue 4194304 (4 MiB)
   */
  readonly maxBufferBytes?: number | undefined
}

export interface CoalesceDeps {
  /** Who books answers that cost nothing, because another call has paid. */
  readonly accounts?: Lazy<Accounts> | undefined
}

/** Answers identical calls that are under way at the same time by one call upstream, whole answers and streams alike. */
export function coalesce(
  { maxBufferBytes = 4 * 1024 * 1024 }: CoalesceOptions = {},
  { accounts }: CoalesceDeps = {},
): Middleware {
  /** By what is asked. As many as there are calls under way. */
  const underway = new Map<string, Underway[]>()
  return (next) =>
    async function coalesce(call) {
      const asked = mayShare(call) ? askedIn(call) : undefined
      if (asked === undefined) return next(call)
      if (call.signal?.aborted) throw abortError(call.signal)
      if (timeLeft(call.deadline) === 0) throw deadlineError()
      const circumstances = new Circumstances(call)
      const alike = underway.get(asked) ?? startedIn(underway, asked)
      const joined = alike.find((other) => other.circumstances.equal(circumstances))?.shared.join(call)
      if (joined) return joined
      const shared = new SharedCall(call, next, {
        maxBufferBytes,
        // They are at hand: the call that was answered has been booked.
        onShared: (call, answer) => accounts?.value?.reuse(call, answer, 'coalesced'),
        onOver: () => forget(underway, asked, shared),
      })
      alike.unshift({ shared, circumstances })
      return shared.answer
    }
}

interface Underway {
  readonly shared: SharedCall
  readonly circumstances: Circumstances
}

function startedIn(underway: Map<string, Underway[]>, asked: string): Underway[] {
  const alike: Underway[] = []
  underway.set(asked, alike)
  return alike
}

/** The list is emptied, and not replaced: what a `Map` has held, V8 may keep for a while after it was deleted. */
function forget(underway: Map<string, Underway[]>, asked: string, over: SharedCall): void {
  const alike = underway.get(asked) ?? []
  const place = alike.findIndex(({ shared }) => shared === over)
  if (place >= 0) alike.splice(place, 1)
  if (alike.length === 0) underway.delete(asked)
}

/** Who sends a call twice that books a room wants two rooms. */
function mayShare({ options, protocol, body }: Call): boolean {
  return options.coalesce ?? !hasEffects(protocol, body)
}
