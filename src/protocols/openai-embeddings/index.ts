/** OpenAI's Embeddings. Source: https://platform.openai.com/docs/api-reference/embeddings */
import type { JsonObject } from '../../core/json.js'
import type { EmbedProtocol } from '../protocol.js'
import { adapt } from './adapt.js'
import { decodeError, encodeError, protocolName } from './error.js'
import { lens } from './lens.js'
import { decodeRequest, encodeRequest } from './request.js'
import { decodeResponse, encodeResponse } from './response.js'

/** Azure names the model in the address: `/openai/deployments/{deployment}/embeddings`. */
const address = /(?:\/deployments\/([^/]+))?\/embeddings\/?$/

export const openaiEmbeddings: EmbedProtocol = {
  kind: 'embeddings',
  name: protocolName,
  framing: 'sse',
  headers: ['openai-beta', 'x-client-request-id'],
  lens,
  match(path: string, body: JsonObject) {
    const [pathname = ''] = path.split('?')
    const found = address.exec(pathname)
    if (!found) return undefined
    const deployment = found[1] === undefined ? '' : decodeURIComponent(found[1])
    return { model: typeof body.model === 'string' ? body.model : deployment, stream: false }
  },
  withModel: (body, model) => ({ ...body, model }),
  adapt,
  decodeError,
  encodeError,
  upstream: {
    encodeRequest: (request, context) => adapt(encodeRequest(request, context), context.traits, context.lose),
    decodeResponse,
  },
  downstream: { decodeRequest, encodeResponse },
}
