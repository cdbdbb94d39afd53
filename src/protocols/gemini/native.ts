/** Google's `generateContent`, as Gemini API (AI Studio) and Vertex AI speak it. */
import { sse } from '../framing/sse.js'
import { percentDecoded } from '../percent.js'
import type { Native } from '../protocol.js'
import { adapt } from './adapt.js'
import { decodeError, encodeError } from './error.js'
import { lens } from './lens.js'

/** `/v1beta/models/{model}:generateContent`, also under `tunedModels/` or a project's `publishers/google/` and `endpoints/`. */
const path = /\/(models|tunedModels|endpoints)\/([^?#]+):(generateContent|streamGenerateContent)(?:[?#]|$)/

export const native: Native<'chat'> = {
  name: 'gemini',
  kind: 'chat',
  framing: sse,
  lens,
  match(address) {
    const [, collection, id, method] = path.exec(address) ?? []
    if (!id) return undefined
    const model = percentDecoded(id)
    return { model: collection === 'models' ? model : `${collection}/${model}`, stream: method === 'streamGenerateContent' }
  },
  listed: (address, query) => {
    const asked = new URLSearchParams(query)
    return /:streamGenerateContent$/.test(address) && (asked.get('alt') ?? asked.get('$alt')) !== 'sse'
  },
  withModel: (body) => body,
  // Vertex AI's way to ask for provisioned, flex or priority throughput, and how long the server may take.
  headers: ['x-vertex-ai-llm-request-type', 'x-vertex-ai-llm-shared-request-type', 'x-server-timeout'],
  decodeError,
  encodeError,
  adapt,
}
