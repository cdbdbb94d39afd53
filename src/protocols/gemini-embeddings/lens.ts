import { compileTexts } from '../lens.js'
import type { Lens } from '../protocol.js'
import { decodeUsage } from './response.js'

export const lens: Lens = {
  replaceRequest: compileTexts({
    'content.parts.*.text': 'text',
    'requests.*.content.parts.*.text': 'text',
    'instances.*.content': 'text',
  }),
  // Vectors are no text.
  replaceResponse: (body) => body,
  replaceEvent: (event) => event,
  usage: decodeUsage,
  tap: () => ({ see() {}, content: false, terminal: false, usage: undefined, error: undefined }),
}
