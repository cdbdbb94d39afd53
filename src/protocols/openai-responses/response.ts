/** A whole answer, both ways. https://platform.openai.com/docs/api-reference/responses/object */
import { LeashError } from '../../core/errors.js'
import { collect, replay, type StreamEvent } from '../../core/events.js'
import { isObject, type JsonObject } from '../../core/json.js'
import type { ChatRequest, ChatResponse } from '../../core/message.js'
import { asJson } from '../as-json.js'
import type { DecodeContext, StreamEncoder, WireEvent } from '../protocol.js'
import { Adopted } from './adopted.js'
import { streamError } from './error.js'
import type { Tell } from './output.js'
import { AnswerDecoder } from './stream.js'
import { AnswerWriter } from './writer.js'

export function decodeResponse(body: unknown, context: DecodeContext): ChatResponse {
  if (!isObject(body) || !Array.isArray(body.output)) {
    throw new LeashError('upstream_malformed', 'The target sent something that is not a response of the Responses API.', {
      retryable: true,
    })
  }
  if (body.status === 'failed' || body.status === 'cancelled') throw streamError({ response: body })
  return collect(new AnswerDecoder(context).whole(body))
}

export function encodeResponse(response: ChatResponse, request: ChatRequest): JsonObject {
  const writer = new AnswerWriter(request, () => {})
  for (const event of replay(response)) writer.write(event)
  return asJson(writer.response)
}

export function encodeStream(request: ChatRequest): StreamEncoder {
  let told: WireEvent[] = []
  let sequence_number = 0
  let adopted: Adopted | undefined
  const tell: Tell = ({ type, ...members }) => {
    if (adopted?.holds({ type, ...members })) return
    told.push({ event: type, data: JSON.stringify({ type, sequence_number: sequence_number++, ...members }) })
  }
  const writer = new AnswerWriter(request, tell)
  const take = () => {
    const events = told
    told = []
    return events
  }
  return {
    push(event: StreamEvent) {
      writer.write(event)
      return take()
    },
    fail(error: LeashError) {
      writer.fail(error)
      return take()
    },
    adopt(events) {
      take()
      adopted = new Adopted(events)
      sequence_number = adopted.next
      writer.adopt(adopted.items)
      return adopted.textIsOver
    },
  }
}
