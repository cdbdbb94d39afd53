/**
 * Citations belong to a whole text block here, and to a span of text in the neutral model.
 * https://platform.claude.com/docs/en/build-with-claude/citations
 */
import { asString, compact, isObject, type Json, type JsonObject } from '../../core/json.js'
import type { Citation } from '../../core/message.js'
import { asJson } from '../as-json.js'
import { lookup } from '../lookup.js'
import type { Sdk } from './wire.js'

const own: Readonly<Record<Sdk.TextCitation['type'], true>> = {
  char_location: true,
  page_location: true,
  content_block_location: true,
  web_search_result_location: true,
  search_result_location: true,
}

const isAddress = (text: string | undefined) => text !== undefined && /^https?:/.test(text)

/** @param length of the text that is cited for, in UTF-16 units */
function readCitation(raw: unknown, length: number): Citation | undefined {
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
  return raw.flatMap((citation) => readCitation(citation, length) ?? [])
}

/** Another vendor's citation can only be told as a search result; what Anthropic would want back of it stays empty. */
export function writeCitation(citation: Citation, text: string): JsonObject {
  const { raw, url, title = null, quote, start, end } = citation
  if (raw && lookup(own, raw.type)) return raw
  const told = { title, cited_text: quote ?? text.slice(start ?? 0, end) }
  const located: Sdk.TextCitation =
    url === undefined
      ? { ...told, type: 'search_result_location', source: title ?? '', ...nowhere }
      : { ...told, type: 'web_search_result_location', url, encrypted_index: '' }
  return asJson(located)
}

const nowhere = { search_result_index: 0, start_block_index: 0, end_block_index: 0 }

/** Anthropic reads what its own search has sealed there, and nothing is in one of ours. */
const isForeign = (citation: unknown) => isObject(citation) && citation.encrypted_index === ''

/** A block without the sources that another vendor told; the block itself when it has none of them. */
export function withoutForeignSources(block: Json): Json {
  if (!isObject(block) || !Array.isArray(block.citations) || !block.citations.some(isForeign)) return block
  const { citations, ...others } = block
  const own = citations.filter((citation) => !isForeign(citation))
  return own.length > 0 ? { ...others, citations: own } : others
}
