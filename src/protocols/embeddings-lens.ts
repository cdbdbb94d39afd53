import { compileTexts } from './lens.js'
import type { Lens, Tap } from './protocol.js'

/** Embeddings are never streamed: an answer is complete from the start. */
const tap: Tap = { see() {}, content: true, terminal: true, usage: undefined, error: undefined }

/** Vectors have no texts: only those of the request are to be seen, at these paths. */
export function embeddingsLens(texts: readonly string[], usage: Lens['usage']): Lens {
  return {
    replaceRequest: compileTexts(Object.fromEntries(texts.map((path) => [path, 'text']))),
    replaceResponse: (body) => body,
    replaceEvent: (event) => event,
    usage,
    tap: () => tap,
  }
}
