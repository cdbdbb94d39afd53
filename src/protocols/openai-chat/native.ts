/**
 * OpenAI's Chat Completions, and what its many compatible vendors made of it.
 * Source: https://platform.openai.com/docs/api-reference/chat
 */
import { sse } from '../framing/sse.js'
import { openAiMatch, withModel } from '../openai-address.js'
import type { Native } from '../protocol.js'
import { adapt } from './adapt.js'
import { decodeError, encodeError } from './error.js'
import { lens } from './lens.js'
import { askUsage } from './pass-through.js'
import { protocolName } from './wire.js'

export const native: Native<'chat'> = {
  kind: 'chat',
  name: protocolName,
  framing: sse,
  headers: ['openai-beta', 'x-client-request-id'],
  match: openAiMatch('chat/completions'),
  withModel,
  lens,
  adapt,
  askUsage,
  decodeError,
  encodeError,
}
