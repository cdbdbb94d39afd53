import type { Call, Result } from '../../core/call.js'
import { LeashError } from '../../core/errors.js'
import type { Choice } from '../../core/message.js'
import { protocolNamed } from '../../protocols/index.js'

/** An answer that is none: the vendor's filter cut it, or the model declined. A stream is not looked at: it has begun. */
export async function refusalIn(result: Result, call: Call): Promise<LeashError | undefined> {
  if (result.stream) return undefined
  const protocol = await protocolNamed(call.protocol)
  if (protocol?.kind !== 'chat') return undefined
  const { upstream } = await protocol.codec()
  try {
    const { choices } = upstream.decodeResponse(result.body, { model: call.model, lose: () => {}, request: { messages: [] } })
    if (choices.length === 0 || !choices.every(declines)) return undefined
  } catch {
    // An answer that we cannot read may be of use to the caller all the same.
    return undefined
  }
  return new LeashError('content_filtered', 'The model declined to answer, or its vendor did. Change the prompt.')
}

function declines({ finishReason, content }: Choice): boolean {
  return finishReason === 'content-filter' || finishReason === 'refusal' || content.some(({ type }) => type === 'refusal')
}
