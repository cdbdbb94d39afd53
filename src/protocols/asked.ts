import { isLeashError } from '../core/errors.js'
import type { JsonObject } from '../core/json.js'
import type { ChatRequest } from '../core/message.js'
import type { ChatDownstream } from './protocol.js'

/**
 * What a request asks, as far as neutral words can say it: for whoever has its answer, and need not hand it on to another vendor.
 * What they cannot say, such as an earlier response that only its vendor holds, is left out.
 */
export function askedIn(body: JsonObject, downstream: ChatDownstream): ChatRequest {
  try {
    return downstream.decodeRequest(body, () => {})
  } catch (error) {
    const unsaid = isLeashError(error) ? error.param : undefined
    if (unsaid == null || !(unsaid in body)) return { messages: [] }
    const { [unsaid]: _, ...rest } = body
    return askedIn(rest, downstream)
  }
}
