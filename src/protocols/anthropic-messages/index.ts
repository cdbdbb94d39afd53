/** Anthropic's Messages API: https://platform.claude.com/docs/en/api/messages. Claude on Vertex AI speaks it too. */
import type { ChatProtocol } from '../protocol.js'
import { decodeRequest } from './decode-request.js'
import { encodeStream } from './encode-stream.js'
import { native } from './native.js'
import { encodeRequest } from './request.js'
import { decodeResponse, encodeResponse } from './response.js'
import { decodeStream } from './stream.js'

export const anthropicMessages: ChatProtocol = {
  ...native,
  upstream: { toolNames: /^[\w-]{1,128}$/, encodeRequest, decodeResponse, decodeStream },
  downstream: { decodeRequest, encodeResponse, encodeStream },
}
