/** Whole answers in neutral words, from a body or from the recorded bytes of a stream. */
import { collect, type StreamEvent } from '../core/events.js'
import { asObject } from '../core/json.js'
import type { ChatResponse } from '../core/message.js'
import { protocolNamed } from './index.js'
import type { ChatCodec, DecodeContext, Native } from './protocol.js'

export interface AnswerReader {
  /** @throws when the body is no answer in this protocol */
  body(body: unknown, model: string): ChatResponse
  /** @throws when the stream failed, was cut, or is none in this protocol */
  stream(pieces: readonly Uint8Array[], model: string): ChatResponse
}

/** Undefined for a protocol in which nobody chats. */
export async function answerReader(name: string): Promise<AnswerReader | undefined> {
  const protocol = await protocolNamed(name)
  return protocol?.kind === 'chat' ? readerOf(protocol, await protocol.codec()) : undefined
}

function readerOf({ framing }: Native<'chat'>, { upstream }: ChatCodec): AnswerReader {
  const context = (model: string): DecodeContext => ({ model, lose: () => {}, request: { messages: [] } })
  return {
    body: (body, model) => upstream.decodeResponse(body, context(model)),
    stream(pieces, model) {
      const decoder = upstream.decodeStream(context(model))
      const events: StreamEvent[] = []
      const frames = framing.unframer((event) => events.push(...decoder.push(event)))
      for (const piece of pieces) frames.push(piece)
      frames.end()
      return collect([...events, ...decoder.end()])
    },
  }
}

/** Where the vectors stand, in every protocol for embeddings. */
const vectors = ['data', 'embeddings', 'embeddingsByType', 'embedding', 'predictions']

/** Some servers tell of a failure with a status of 200. */
export function holdsVectors(body: unknown): boolean {
  const answer = asObject(body)
  return vectors.some((member) => Object.keys(Object(answer[member])).length > 0)
}
