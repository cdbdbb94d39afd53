/** OpenAI's Responses API, and the servers that speak like it. https://platform.openai.com/docs/api-reference/responses */
import type { ChatProtocol } from '../protocol.js'
import { native } from './native.js'
import { decodeRequest, encodeRequest } from './request.js'
import { decodeResponse, encodeResponse, encodeStream } from './response.js'
import { decodeStream } from './stream.js'

export const openaiResponses: ChatProtocol = {
  ...native,
  upstream: { toolNames: /^[\w-]{1,64}$/, encodeRequest, decodeResponse, decodeStream },
  downstream: { decodeRequest, encodeResponse, encodeStream },
}
