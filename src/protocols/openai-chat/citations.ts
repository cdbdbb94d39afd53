/** `annotations`: what the answer is based on. */
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from '../../core/json.js'
import type { Citation } from '../../core/message.js'

export function readCitations(annotations: unknown): Citation[] {
  return asArray(annotations).flatMap((annotation): Citation[] => {
    if (!isObject(annotation) || annotation.type !== 'url_citation') return []
    const { url, title, content, start_index, end_index } = asObject(annotation.url_citation)
    const start = asNumber(start_index)
    const end = asNumber(end_index)
    return [
      {
        ...(typeof url === 'string' && { url }),
        ...(typeof title === 'string' && { title }),
        ...(typeof content === 'string' && { quote: content }),
        // OpenRouter says 0 to 0 when it does not know.
        ...(start !== undefined && end !== undefined && end > start && { start, end }),
        raw: annotation as JsonObject,
      },
    ]
  })
}

/** Perplexity and xAI give a list of addresses beside the choices. */
export function readSources(body: Record<string, unknown>): Citation[] {
  return asArray(body.citations).flatMap((url) => (typeof url === 'string' ? [{ url }] : []))
}

/** `offset` is how much of the message's text stands before the part that cites. Sources without an address have no place here. */
export function writeCitations(citations: readonly Citation[], offset: number): JsonObject[] {
  return citations.flatMap(({ url, title, quote, start, end, raw }): JsonObject[] => {
    if (offset === 0 && isObject(raw?.url_citation)) return [raw]
    if (url === undefined) return []
    const where = { start_index: offset + (start ?? 0), end_index: offset + (end ?? 0) }
    return [
      {
        type: 'url_citation',
        url_citation: { ...where, url, title: asString(title) ?? url, ...(quote !== undefined && { content: quote }) },
      },
    ]
  })
}
