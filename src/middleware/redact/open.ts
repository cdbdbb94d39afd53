/** What one set of options comes to. It outlives calls, for conversations are remembered. */
import type { Call, Result } from '../../core/call.js'
import { compact } from '../../core/json.js'
import type { Protocol } from '../../protocols/protocol.js'
import type { StreamEdit } from '../edited-stream.js'
import { detectorFor } from './detectors.js'
import { Guard, type Tell, type Way } from './guard.js'
import type { RedactOptions } from './options.js'
import { Hasher } from './replacement.js'
import { rulesOf } from './rules.js'
import { Conversations } from './vault.js'

/** One call on its way out and back. */
export interface RedactedWay {
  /** @throws LeashError where the call may not leave, and whatever looking itself has failed with */
  out(): Promise<Call>
  back(result: Result, watched?: (edit: StreamEdit) => StreamEdit): Result
  /** The call has failed, and nothing comes back. */
  drop(): void
}

export interface Redaction {
  way(call: Call, protocol: Protocol, tell: Tell): RedactedWay
}

/** Loads `re2js` where the options have patterns. */
export async function openRedaction(options: RedactOptions): Promise<Redaction> {
  const guard = await openGuard(options)
  const conversations = new Conversations(options.conversations ?? 1000)
  return {
    way(call, protocol, tell) {
      const vault = conversations.vaultFor(call.options.tenant, call.options.conversation)
      const way: Way = { call, protocol, vault, tell }
      return {
        out: () => guard.out(way),
        back: (result, watched) => guard.back(result, way, watched),
        drop: () => vault.clear(),
      }
    },
  }
}

async function openGuard(options: RedactOptions): Promise<Guard> {
  const { request, response } = rulesOf(options)
  const { allow, deny, patterns, context, minConfidence, ner } = options
  const looking = compact({ allow, deny, patterns, context, minConfidence })
  return new Guard(
    {
      modes: request,
      detector: await detectorFor(request, { ...looking, ...(ner && { ner }) }),
      slow: ner !== undefined,
      hasher: options.hashKey ? new Hasher(options.hashKey) : undefined,
      descriptions: options.tools ?? false,
    },
    // An answer cannot wait for a recogniser: what it would find is guessed at.
    response.size > 0 ? { modes: response, detector: await detectorFor(response, looking) } : undefined,
    options,
  )
}
