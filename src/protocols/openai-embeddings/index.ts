/** OpenAI's Embeddings. Source: https://platform.openai.com/docs/api-reference/embeddings */
import type { EmbedProtocol } from '../protocol.js'
import { native } from './native.js'
import { decodeRequest, encodeRequest } from './request.js'
import { decodeResponse, encodeResponse } from './response.js'

export const openaiEmbeddings: EmbedProtocol = {
  ...native,
  upstream: { encodeRequest, decodeResponse },
  downstream: { decodeRequest, encodeResponse },
}
