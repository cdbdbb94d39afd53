/** Vectors, in any of Google's three forms. */
import { LeashError } from '../../core/errors.js'
import { asArray, asNumber, asObject, asObjects } from '../../core/json.js'
import type { EmbedResponse } from '../../core/message.js'
import { type Usage, usageOf } from '../../core/usage.js'
import { asCount } from '../counts.js'

/** @throws LeashError `upstream_malformed` when there is not a vector for each input */
export function decodeResponse(
  body: unknown,
  { model, request }: { readonly model: string; readonly request: { readonly input: readonly unknown[] } },
): EmbedResponse {
  const vectors = embeddingsIn(body).map(({ values }) => asArray(values).map((value) => asNumber(value) ?? 0))
  if (vectors.length !== request.input.length || vectors.some(({ length }) => length === 0)) {
    throw new LeashError('upstream_malformed', `Google sent ${vectors.length} vectors for ${request.input.length} texts.`, {
      retryable: true,
    })
  }
  const usage = decodeUsage(body)
  return { model, vectors, ...(usage && { usage }) }
}

function embeddingsIn(body: unknown): Record<string, unknown>[] {
  const { embeddings, embedding, predictions } = asObject(body)
  if (embedding !== undefined) return [asObject(embedding)]
  if (predictions !== undefined) return asObjects(predictions).map(({ embeddings }) => asObject(embeddings))
  return asObjects(embeddings)
}

/** Told for the whole answer, or vector by vector, or not at all (`gemini-embedding-001` of the Gemini API). */
export function decodeUsage(body: unknown): Usage | undefined {
  const told = asCount(asObject(asObject(body).usageMetadata).promptTokenCount)
  if (told !== undefined) return usageOf({ input: told })
  const counts = embeddingsIn(body).flatMap(({ statistics }) => {
    const { token_count, tokenCount } = asObject(statistics)
    return asCount(token_count) ?? asCount(tokenCount) ?? []
  })
  return counts.length === 0 ? undefined : usageOf({ input: counts.reduce((sum, count) => sum + count, 0) })
}
