import type { Call, Result, UnaryResult } from '../../core/call.js'
import { LeashError } from '../../core/errors.js'
import type { Choice } from '../../core/message.js'
import { protocolNamed } from '../../protocols/index.js'
import type { ChatUpstream, DecodeContext } from '../../protocols/protocol.js'
import { openingOf } from './opening.js'

export interface Looked {
  /** The one to hand on: a stream that was looked at is another one, from its beginning. */
  readonly result: Result
  readonly refusal?: LeashError
}

/** Whether an answer is none: the vendor's filter cut it, or the model declined. A stream has begun with its first word. */
export async function refusalIn(result: Result, call: Call): Promise<Looked> {
  const protocol = await protocolNamed(call.protocol)
  if (protocol?.kind !== 'chat') return { result }
  const { upstream } = await protocol.codec()
  const context: DecodeContext = { model: call.model, lose: () => {}, request: { messages: [] } }
  const { result: same, choices = [] } = result.stream
    ? await openingOf(result, protocol.framing, upstream.decodeStream(context))
    : { result, choices: choicesIn(result, upstream, context) }
  if (choices.length === 0 || !choices.every(declines)) return { result: same }
  const why = 'The model declined to answer, or its vendor did. Change the prompt.'
  return { result: same, refusal: new LeashError('content_filtered', why) }
}

function choicesIn({ body }: UnaryResult, upstream: ChatUpstream, context: DecodeContext): readonly Choice[] | undefined {
  try {
    return upstream.decodeResponse(body, context).choices
  } catch {
    // An answer that we cannot read may be of use to the caller all the same.
    return undefined
  }
}

function declines({ finishReason, content }: Choice): boolean {
  return finishReason === 'content-filter' || finishReason === 'refusal' || content.some(({ type }) => type === 'refusal')
}
