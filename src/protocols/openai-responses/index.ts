/** OpenAI's Responses API, and the servers that speak like it. https://platform.openai.com/docs/api-reference/responses */
import { asString } from '../../core/json.js'
import type { ChatProtocol } from '../protocol.js'
import { adapt } from './adapt.js'
import { decodeError, encodeError } from './error.js'
import { lens } from './lens.js'
import { decodeRequest, encodeRequest } from './request.js'
import { decodeResponse, encodeResponse, encodeStream } from './response.js'
import { decodeStream } from './stream.js'
import { protocolName } from './wire.js'

/** The creation of a response: not a stored one, nor `/responses/compact` or `/responses/input_tokens`. */
const creation = /\/responses\/?(\?|$)/

export const openaiResponses: ChatProtocol = {
  name: protocolName,
  kind: 'chat',
  framing: 'sse',
  lens,
  headers: ['openai-beta', 'idempotency-key', 'x-client-request-id'],
  upstream: { encodeRequest, decodeResponse, decodeStream },
  downstream: { decodeRequest, encodeResponse, encodeStream },
  decodeError,
  encodeError,
  adapt,
  // A stored prompt may name the model, and then the body does not.
  match: (path, body) => (creation.test(path) ? { model: asString(body.model) ?? '', stream: body.stream === true } : undefined),
  withModel: (body, model) => ({ ...body, model }),
}
