/**
 * OpenAI's Chat Completions, and what its many compatible vendors made of it.
 * Source: https://platform.openai.com/docs/api-reference/chat
 */
import type { ChatProtocol } from '../protocol.js'
import { native } from './native.js'
import { decodeRequest, encodeRequest } from './request.js'
import { decodeResponse, encodeResponse } from './response.js'
import { decodeStream } from './stream.js'
import { encodeStream } from './write-stream.js'

export const openaiChat: ChatProtocol = {
  ...native,
  upstream: { toolNames: /^[\w-]{1,64}$/, encodeRequest, decodeResponse, decodeStream },
  downstream: { decodeRequest, encodeResponse, encodeStream },
}
