/**
 * `groundingMetadata` and `citationMetadata` as citations, and back. Google counts bytes of UTF-8 where we count UTF-16
 * units, and from the start of a part that a stream has cut up; so where it quotes the cited words, they decide.
 * https://ai.google.dev/api/generate-content#Segment
 */
import { asArray, asNumber, asString, type JsonObject } from '../../core/json.js'
import type { Citation } from '../../core/message.js'
import { bytesIn } from '../../core/utf8.js'
import { asJsonObject, message, messages } from './wire.js'

/** A text part, as a stretch of all that the answer says. */
interface Stretch {
  readonly whole: string
  readonly start: number
  readonly end: number
  /** The last part takes the sources that belong to no place. */
  readonly last: boolean
}

/** The citations of one text part, their offsets counted from its start. */
export function citationsOf(candidate: Record<string, unknown>, { whole, start, end, last }: Stretch): Citation[] {
  const found = [...grounded(message(candidate.groundingMetadata), whole), ...recited(message(candidate.citationMetadata), whole)]
  return found.flatMap((citation) => {
    if (citation.start === undefined || citation.end === undefined) return last ? citation : []
    if (citation.end <= start || citation.start >= end) return []
    return { ...citation, start: Math.max(citation.start, start) - start, end: Math.min(citation.end, end) - start }
  })
}

function grounded(metadata: Record<string, unknown>, whole: string): Citation[] {
  const sources = messages(metadata.groundingChunks).map(sourceOf)
  const supports = messages(metadata.groundingSupports)
  if (supports.length === 0) return sources
  return supports.flatMap((support) => {
    const place = placeOf(message(support.segment), whole)
    return asArray(support.groundingChunkIndices).flatMap((index) => {
      const source = sources[asNumber(index) ?? -1]
      return source ? { ...source, ...place } : []
    })
  })
}

function sourceOf(chunk: Record<string, unknown>): Citation {
  const { uri, sourceUri, title, text } = message(chunk.web ?? chunk.retrievedContext ?? chunk.maps ?? chunk.image)
  return cited(uri ?? sourceUri, title, text)
}

function recited(metadata: Record<string, unknown>, whole: string): Citation[] {
  return messages(metadata.citations).map((source) => ({ ...cited(source.uri, source.title), ...placeOf(source, whole) }))
}

function cited(uri: unknown, title: unknown, quote?: unknown): Citation {
  const [url, name, words] = [uri, title, quote].map(asString)
  return { ...(url && { url }), ...(name && { title: name }), ...(words && { quote: words }) }
}

function placeOf({ startIndex, endIndex, text }: Record<string, unknown>, whole: string): { start?: number; end?: number } {
  const bytes = new TextEncoder().encode(whole)
  const [from, to] = [asNumber(startIndex) ?? 0, asNumber(endIndex)]
  if (to !== undefined && to <= bytes.length && from < to) {
    const start = lengthOf(bytes.subarray(0, from))
    const end = lengthOf(bytes.subarray(0, to))
    if (typeof text !== 'string' || whole.slice(start, end) === text) return { start, end }
  }
  const at = typeof text === 'string' && text !== '' ? whole.indexOf(text) : -1
  return at < 0 ? {} : { start: at, end: at + String(text).length }
}

const lengthOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes).length

/** @param texts the text parts of one candidate, in order */
export function encodeCitations(texts: readonly { text: string; citations?: readonly Citation[] }[]): JsonObject | undefined {
  const groundingChunks: JsonObject[] = []
  const groundingSupports: JsonObject[] = []
  let before = 0
  for (const { text, citations = [] } of texts) {
    for (const { url, title, start, end } of citations) {
      groundingChunks.push({ web: { ...(url && { uri: url }), ...(title && { title }) } })
      if (start === undefined || end === undefined) continue
      const [startIndex, endIndex] = [before + bytesIn(text.slice(0, start)), before + bytesIn(text.slice(0, end))]
      const segment = { startIndex, endIndex, text: text.slice(start, end) }
      groundingSupports.push({ segment, groundingChunkIndices: [groundingChunks.length - 1] })
    }
    before += bytesIn(text)
  }
  if (groundingChunks.length === 0) return undefined
  return asJsonObject({ groundingChunks, ...(groundingSupports.length > 0 && { groundingSupports }) })
}
