import { compileTexts } from '../lens.js'
import type { Lens, Tap } from '../protocol.js'
import { usageFrom } from './response.js'

/** Embeddings do not stream. */
const tap: Tap = { see() {}, content: false, terminal: false, usage: undefined, error: undefined }

export const lens: Lens = {
  replaceRequest: compileTexts({
    inputText: 'text',
    'texts.*': 'text',
    'inputs.*.content.*.text': 'text',
    'singleEmbeddingParams.text.value': 'text',
  }),
  replaceResponse: (body) => body,
  replaceEvent: (event) => event,
  usage: usageFrom,
  tap: () => tap,
}
