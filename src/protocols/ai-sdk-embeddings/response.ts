import { LeashError } from '../../core/errors.js'
import { asArray, asNumber, asObject, type JsonObject } from '../../core/json.js'
import type { EmbedRequest, EmbedResponse } from '../../core/message.js'
import { inputTotal, type Usage, usageOf } from '../../core/usage.js'

export const protocolName = 'ai-sdk-embeddings'

export function encodeResponse({ model, vectors, usage }: EmbedResponse): JsonObject {
  return {
    embeddings: vectors.map((vector) => [...vector]),
    ...(usage && { usage: { tokens: inputTotal(usage) } }),
    response: { modelId: model },
    warnings: [],
  }
}

export function decodeResponse(
  body: unknown,
  { model, request }: { readonly model: string; readonly request: EmbedRequest },
): EmbedResponse {
  const vectors = asArray(asObject(body).embeddings).map((vector) =>
    asArray(vector).filter((number) => typeof number === 'number'),
  )
  if (vectors.length !== request.input.length) {
    const message = `The model answered with ${vectors.length} vectors for ${request.input.length} inputs. Send the call again.`
    throw new LeashError('upstream_malformed', message, { retryable: true })
  }
  const usage = readUsage(body)
  return { model, vectors, ...(usage && { usage }) }
}

export function readUsage(body: unknown): Usage | undefined {
  const input = asNumber(asObject(asObject(body).usage).tokens)
  return input === undefined ? undefined : usageOf({ input })
}
