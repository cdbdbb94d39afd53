/** OpenAI's Embeddings. Source: https://platform.openai.com/docs/api-reference/embeddings */
import { sse } from '../framing/sse.js'
import { openAiMatch, withModel } from '../openai-address.js'
import { decodeOpenAiError, encodeOpenAiError } from '../openai-error.js'
import type { Native } from '../protocol.js'
import { adapt } from './adapt.js'
import { lens } from './lens.js'
import { protocolName } from './response.js'

export const native: Native<'embeddings'> = {
  kind: 'embeddings',
  name: protocolName,
  framing: sse,
  headers: ['openai-beta', 'x-client-request-id'],
  match: openAiMatch('embeddings'),
  withModel,
  lens,
  adapt,
  decodeError: (failed) => decodeOpenAiError(protocolName, failed),
  encodeError: (error) => encodeOpenAiError(protocolName, error),
}
