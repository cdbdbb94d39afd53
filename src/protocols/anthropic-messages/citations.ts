/**
 * Citations belong to a whole text block here, and to a span of text in the neutral model.
 * https://platform.claude.com/docs/en/build-with-claude/citations
 */
import { asArray, asObject, asString, compact, isObject, type Json, type JsonObject } from '../../core/json.js'
import type { Citation } from '../../core/message.js'
import { lookup } from '../lookup.js'
import { json, type Sdk } from './wire.js'

const own: Readonly<Record<Sdk.TextCitation['type'], true>> = {
  char_location: true,
  page_location: true,
  content_block_location: true,
  web_search_result_location: true,
  search_result_location: true,
}

const isAddress = (text: string | undefined) => text !== undefined && /^https?:/.test(text)

/** @param length of the text that is cited for, in UTF-16 units */
export function readCitation(raw: unknown, length: number): Citation | undefined {
  if (!isObject(raw)) return undefined
  const source = asString(raw.source)
  return compact({
    url: asString(raw.url) ?? (isAddress(source) ? source : undefined),
    title: asString(raw.title) ?? asString(raw.document_title) ?? (isAddress(source) ? undefined : source),
    quote: asString(raw.cited_text),
    start: 0,
    end: length,
    raw: raw as JsonObject,
  })
}

export function readCitations(raw: unknown, length: number): readonly Citation[] {
  if (!Array.isArray(raw)) return []
  return raw.map((citation) => readCitation(citation, length)).filter((citation) => citation !== undefined)
}

/** Another vendor's citation can only be told as a search result; what Anthropic would want back of it stays empty. */
export function writeCitation(citation: Citation, text: string): JsonObject {
  const { raw, url, title = null, quote, start, end } = citation
  if (raw && lookup(own, raw.type)) return raw
  const told = { title, cited_text: quote ?? text.slice(start ?? 0, end) }
  const onTheWeb = { ...told, type: 'web_search_result_location', url: url ?? '', encrypted_index: '' } as const
  const elsewhere = { ...told, type: 'search_result_location', source: title ?? '', ...nowhere } as const
  return json((url === undefined ? elsewhere : onTheWeb) satisfies Sdk.TextCitation)
}

const nowhere = { search_result_index: 0, start_block_index: 0, end_block_index: 0 }

/** Anthropic reads what its own search has sealed there, and nothing is in one of ours. */
const isForeign = (citation: unknown) => isObject(citation) && citation.encrypted_index === ''

/** The history without the sources that another vendor told. */
export function withoutForeignCitations(body: JsonObject, dropped: (path: string) => void): JsonObject {
  let messages: Json[] | undefined
  for (const [at, message] of asArray(body.messages).entries()) {
    const { content } = asObject(message)
    if (!asArray(content).some((block) => asArray(asObject(block).citations).some(isForeign))) continue
    const kept = asArray(content).map((block, index) => {
      const { citations, ...others } = asObject(block)
      const own = asArray(citations).filter((citation) => !isForeign(citation))
      if (own.length === asArray(citations).length) return block
      dropped(`messages[${at}].content[${index}].citations`)
      return own.length > 0 ? { ...others, citations: own } : others
    })
    messages ??= [...(body.messages as Json[])]
    messages[at] = { ...(message as JsonObject), content: kept as Json[] }
  }
  return messages ? { ...body, messages } : body
}
