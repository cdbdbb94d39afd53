/** The AI SDK's embedding models. Source: https://github.com/vercel/ai/tree/main/packages/provider/src/embedding-model/v4 */
import type { EmbedProtocol } from '../protocol.js'
import { native } from './native.js'
import { decodeRequest, encodeRequest } from './request.js'
import { decodeResponse, encodeResponse } from './response.js'

export const aiSdkEmbeddings: EmbedProtocol = {
  ...native,
  upstream: { encodeRequest, decodeResponse },
  downstream: { decodeRequest, encodeResponse },
}
