/** From the body of an `InvokeModel` answer to the neutral answer. */
import { LeashError } from '../../core/errors.js'
import { asArray, asObject } from '../../core/json.js'
import type { EmbedRequest, EmbedResponse } from '../../core/message.js'
import { type Usage, usageOf } from '../../core/usage.js'
import { areNumbers } from '../are-numbers.js'
import { asCount } from '../counts.js'

export function decodeResponse(body: unknown, { model, request }: { model: string; request: EmbedRequest }): EmbedResponse {
  const vectors = vectorsOf(asObject(body))
  if (vectors.length !== request.input.length) {
    throw new LeashError(
      'upstream_malformed',
      `The upstream answered ${request.input.length} inputs with ${vectors.length} vectors. Send the call again.`,
      { retryable: true },
    )
  }
  const usage = usageFrom(body)
  return { model, vectors, ...(usage && { usage }) }
}

/**
 * Titan has one `embedding`; Cohere a list `embeddings`, or lists by type when types were asked for; Nova a list of
 * objects with an `embedding` each.
 */
function vectorsOf(answer: Record<string, unknown>): number[][] {
  const list = Array.isArray(answer.embeddings) ? answer.embeddings : asArray(asObject(answer.embeddings).float)
  const found = list.length > 0 ? list.map((one) => (Array.isArray(one) ? one : asObject(one).embedding)) : [answer.embedding]
  return found.filter(areNumbers)
}

/** Titan counts in the body; the others only in a header. */
export function usageFrom(body: unknown): Usage | undefined {
  const { inputTextTokenCount, inputTokenCount } = asObject(body)
  const input = asCount(inputTextTokenCount) ?? asCount(inputTokenCount)
  return input === undefined ? undefined : usageOf({ input })
}
