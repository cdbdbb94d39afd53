/** The AI SDK's language models. Source: https://github.com/vercel/ai/tree/main/packages/provider/src/language-model/v4 */
import type { ChatProtocol } from '../protocol.js'
import { encodeStream } from './encode-stream.js'
import { native } from './native.js'
import { decodeRequest, encodeRequest } from './request.js'
import { decodeResponse, encodeResponse } from './response.js'
import { decodeStream } from './stream.js'

export const aiSdk: ChatProtocol = {
  ...native,
  upstream: { encodeRequest, decodeResponse, decodeStream },
  downstream: { decodeRequest, encodeResponse, encodeStream },
}
