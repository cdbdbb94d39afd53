/**
 * OpenAI's Chat Completions, and what its many compatible vendors made of it.
 * Source: https://platform.openai.com/docs/api-reference/chat
 */
import type { JsonObject } from '../../core/json.js'
import type { ChatProtocol } from '../protocol.js'
import { adapt } from './adapt.js'
import { decodeError, encodeError } from './error.js'
import { lens } from './lens.js'
import { askUsage } from './pass-through.js'
import { decodeRequest, encodeRequest } from './request.js'
import { decodeResponse, encodeResponse } from './response.js'
import { decodeStream } from './stream.js'
import { protocolName } from './wire.js'
import { encodeStream } from './write-stream.js'

/** Azure names the model in the address: `/openai/deployments/{deployment}/chat/completions`. */
const address = /(?:\/deployments\/([^/]+))?\/chat\/completions\/?$/

export const openaiChat: ChatProtocol = {
  kind: 'chat',
  name: protocolName,
  framing: 'sse',
  headers: ['openai-beta', 'x-client-request-id'],
  lens,
  match(path: string, body: JsonObject) {
    const [pathname = ''] = path.split('?')
    const found = address.exec(pathname)
    if (!found) return undefined
    const deployment = found[1] === undefined ? '' : decodeURIComponent(found[1])
    return { model: typeof body.model === 'string' ? body.model : deployment, stream: body.stream === true }
  },
  withModel: (body, model) => ({ ...body, model }),
  adapt,
  askUsage,
  decodeError,
  encodeError,
  upstream: { encodeRequest, decodeResponse, decodeStream },
  downstream: { decodeRequest, encodeResponse, encodeStream },
}
