/** OpenAI's Responses API, and the servers that speak like it. https://platform.openai.com/docs/api-reference/responses */
import { asString } from '../../core/json.js'
import type { Native } from '../protocol.js'
import { adapt } from './adapt.js'
import { decodeError, encodeError } from './error.js'
import { lens } from './lens.js'
import { protocolName } from './wire.js'

/** The creation of a response: not a stored one, nor `/responses/compact` or `/responses/input_tokens`. */
const creation = /\/responses\/?(\?|$)/

export const native: Native<'chat'> = {
  name: protocolName,
  kind: 'chat',
  framing: 'sse',
  lens,
  headers: ['openai-beta', 'idempotency-key', 'x-client-request-id'],
  decodeError,
  encodeError,
  adapt,
  // A stored prompt may name the model, and then the body does not.
  match: (path, body) => (creation.test(path) ? { model: asString(body.model) ?? '', stream: body.stream === true } : undefined),
  withModel: (body, model) => ({ ...body, model }),
}
