/** OpenAI's Responses API, and the servers that speak like it. https://platform.openai.com/docs/api-reference/responses */
import { sse } from '../framing/sse.js'
import { openAiMatch, withModel } from '../openai-address.js'
import type { Native } from '../protocol.js'
import { adapt } from './adapt.js'
import { decodeError, encodeError, failureIn } from './error.js'
import { lens } from './lens.js'
import { protocolName } from './wire.js'

export const native: Native<'chat'> = {
  name: protocolName,
  kind: 'chat',
  framing: sse,
  lens,
  headers: ['openai-beta', 'x-client-request-id'],
  decodeError,
  encodeError,
  failureIn,
  adapt,
  // Not a stored response, nor `/responses/compact` or `/responses/input_tokens`.
  match: openAiMatch('responses'),
  withModel,
}
