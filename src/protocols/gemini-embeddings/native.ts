/** Google's embeddings, as Gemini API (AI Studio) and Vertex AI take them. */
import { asArray, asObject, type JsonObject } from '../../core/json.js'
import { sse } from '../framing/sse.js'
import { decodeGoogleError, encodeGoogleError } from '../google-error.js'
import { percentDecoded } from '../percent.js'
import type { Native } from '../protocol.js'
import { lens } from './lens.js'

const name = 'gemini-embeddings'
const path = /\/models\/([^?#]+):(embedContent|batchEmbedContents|predict)(?:[?#]|$)/

export const native: Native<'embeddings'> = {
  name,
  kind: 'embeddings',
  framing: sse,
  lens,
  match(address, body) {
    const [, model, method] = path.exec(address) ?? []
    if (!model || (method === 'predict' && !hasTexts(body))) return undefined
    return { model: percentDecoded(model), stream: false }
  },
  withModel: renamed,
  headers: [],
  decodeError: (failed) => decodeGoogleError(name, failed),
  encodeError: (error) => encodeGoogleError(name, error),
}

/** Vertex AI's `predict` also makes images and more; texts to embed are instances with `content`. */
function hasTexts({ instances }: JsonObject): boolean {
  return asArray(instances).some((instance) => typeof asObject(instance).content === 'string')
}

/** The address names the model, and each request of a batch names it again: Google wants the two to agree. */
function renamed(body: JsonObject, model: string): JsonObject {
  if (!Array.isArray(body.requests)) return body
  const resource = model.includes('/') ? model : `models/${model}`
  return { ...body, requests: body.requests.map((request) => ({ ...asObject(request), model: resource })) }
}
