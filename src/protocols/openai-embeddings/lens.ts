import { compileTexts } from '../lens.js'
import type { Lens } from '../protocol.js'
import { readUsage } from './response.js'

/** Vectors have no texts, and embeddings are never streamed: an answer is complete from the start. */
export const lens: Lens = {
  replaceRequest: compileTexts({ input: 'text', 'input.*': 'text' }),
  replaceResponse: (body) => body,
  replaceEvent: (event) => event,
  usage: readUsage,
  tap: () => ({ see() {}, content: true, terminal: true, usage: undefined, error: undefined }),
}
