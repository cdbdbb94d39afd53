import { LeashError } from '../../core/errors.js'
import { asArray, asNumber, asObject, asString, type JsonObject } from '../../core/json.js'
import type { EmbedRequest, EmbedResponse } from '../../core/message.js'
import { inputTotal, type Usage, usageOf } from '../../core/usage.js'
import { withCharge } from '../charge.js'
import { asCount } from '../counts.js'
import { openAiErrorIn } from '../openai-error.js'
import { readVector, toBase64 } from './vectors.js'

export const protocolName = 'openai-embeddings'

export function decodeResponse(
  body: unknown,
  { model, request }: { readonly model: string; readonly request: EmbedRequest },
): EmbedResponse {
  const failure = openAiErrorIn(protocolName, body)
  if (failure) throw failure
  const answer = asObject(body)
  const vectors = asArray(answer.data)
    .map((each, index) => ({ index: asNumber(asObject(each).index) ?? index, vector: readVector(asObject(each).embedding) }))
    .toSorted((a, b) => a.index - b.index)
    .map(({ vector }) => vector ?? fail('with something that is no vector'))
  if (vectors.length !== request.input.length) fail(`with ${vectors.length} vectors for ${request.input.length} inputs`)
  const usage = readUsage(answer)
  return { model: asString(answer.model) || model, vectors, ...(usage && { usage }) }
}

function fail(how: string): never {
  throw new LeashError('upstream_malformed', `The upstream answered ${how}. Send the call again.`, { retryable: true })
}

export function readUsage(body: unknown): Usage | undefined {
  const told = asObject(asObject(body).usage)
  const input = asCount(told.prompt_tokens) ?? asCount(told.total_tokens)
  return input === undefined ? undefined : withCharge(usageOf({ input }), told)
}

export function encodeResponse({ model, vectors, usage }: EmbedResponse, { encoding }: EmbedRequest): JsonObject {
  const tokens = usage ? inputTotal(usage) : 0
  const data = vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: encoding === 'base64' ? toBase64(vector) : [...vector],
  }))
  return { object: 'list', model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}
