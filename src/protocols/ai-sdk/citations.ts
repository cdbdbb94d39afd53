/** Where a text's claims come from: the source itself once, and with the text what it took from there. */
import { asNumber, asObject, asObjects, asString, isObject, type Members } from '../../core/json.js'
import type { Citation } from '../../core/message.js'
import type { WireCitation } from './wire.js'

type Source = WireCitation['source']

/** Those that an answer has told of so far. */
export class Sources {
  readonly #known = new Map<string, Source>()

  /** @returns the citations of a text, and the sources that are new */
  cite(citations: readonly Citation[]): { readonly citations: WireCitation[]; readonly sources: Source[] } {
    const sources: Source[] = []
    const cited = citations.map((citation): WireCitation => {
      const { start, end, quote } = citation
      const key = citation.url ?? citation.title ?? quote ?? ''
      let source = this.#known.get(key)
      if (!source) {
        source = sourceOf(citation, `source-${this.#known.size}`)
        this.#known.set(key, source)
        sources.push(source)
      }
      return {
        source,
        ...(start !== undefined && { startIndex: start }),
        ...(end !== undefined && { endIndex: end }),
        ...(quote !== undefined && { citedText: quote }),
      }
    })
    return { citations: cited, sources }
  }
}

function sourceOf({ url, title }: Citation, id: string): Source {
  if (url !== undefined) return { type: 'source', sourceType: 'url', id, url, ...(title !== undefined && { title }) }
  return { type: 'source', sourceType: 'document', id, mediaType: 'text/plain', title: title ?? 'Document' }
}

function readCitations(value: unknown): Citation[] {
  return asObjects(value).map(({ source, startIndex, endIndex, citedText }) => {
    const start = asNumber(startIndex)
    const end = asNumber(endIndex)
    return {
      ...readSource(asObject(source)),
      ...(typeof citedText === 'string' && { quote: citedText }),
      ...(start !== undefined && { start }),
      ...(end !== undefined && { end }),
    }
  })
}

/** Most models tell of sources alone, and not of what was taken from them. */
function readSource(source: Members): Citation {
  const url = asString(source.url)
  const title = asString(source.title)
  return { ...(url !== undefined && { url }), ...(title !== undefined && { title }) }
}

/** A text with citations of its own needs no sources beside them. */
export function citationsOf(own: unknown, beside: readonly unknown[]): { citations?: Citation[] } {
  const cited = readCitations(own)
  const citations = cited.length > 0 ? cited : beside.filter(isObject).map(readSource)
  return citations.length > 0 ? { citations } : {}
}
