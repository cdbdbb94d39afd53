/** Google's `generateContent`, as Gemini API (AI Studio) and Vertex AI speak it. */
import { isObject, type JsonObject } from '../../core/json.js'
import type { ChatProtocol } from '../protocol.js'
import { encodeStream } from './encode-stream.js'
import { decodeError, encodeError } from './error.js'
import { lens } from './lens.js'
import { decodeRequest, encodeRequest } from './request.js'
import { decodeResponse, encodeResponse } from './response.js'
import { isWrapped, unsignedCall } from './signature.js'
import { decodeStream } from './stream.js'
import { percentDecoded } from './wire.js'

/** `/v1beta/models/{model}:generateContent`, also under `tunedModels/` or a project's `publishers/google/` and `endpoints/`. */
const path = /\/(models|tunedModels|endpoints)\/([^?#]+):(generateContent|streamGenerateContent)(?:[?#]|$)/

export const gemini: ChatProtocol = {
  name: 'gemini',
  kind: 'chat',
  framing: 'sse',
  lens,
  match(address) {
    const [, collection, id, method] = path.exec(address) ?? []
    if (!id) return undefined
    const model = percentDecoded(id)
    return { model: collection === 'models' ? model : `${collection}/${model}`, stream: method === 'streamGenerateContent' }
  },
  withModel: (body) => body,
  // Vertex AI's way to ask for provisioned, flex or priority throughput, and how long the server may take.
  headers: ['x-vertex-ai-llm-request-type', 'x-vertex-ai-llm-shared-request-type', 'x-server-timeout'],
  decodeError,
  encodeError,
  upstream: { encodeRequest, decodeResponse, decodeStream },
  downstream: { decodeRequest, encodeResponse, encodeStream },
  adapt: withoutForeignSignatures,
}

/** A history that another vendor's model has a part in carries that vendor's signatures, which Google refuses. */
function withoutForeignSignatures(body: JsonObject): JsonObject {
  if (!Array.isArray(body.contents)) return body
  let changed = false
  const contents = body.contents.map((content) => {
    if (!isObject(content) || !Array.isArray(content.parts) || !content.parts.some(isForeign)) return content
    changed = true
    return { ...content, parts: content.parts.map((part) => (isForeign(part) ? ownPart(part) : part)) }
  })
  return changed ? { ...body, contents } : body
}

function isForeign(part: unknown): part is JsonObject {
  return isObject(part) && isWrapped(part.thoughtSignature ?? part.thought_signature)
}

function ownPart({ thoughtSignature: _, thought_signature: __, ...part }: JsonObject): JsonObject {
  return part.functionCall || part.function_call ? { ...part, thoughtSignature: unsignedCall } : part
}
