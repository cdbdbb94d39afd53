/** Embeddings by Amazon Bedrock's `InvokeModel`, whose body is the model's own. Nobody but AWS's own SDK calls us in it. */
import type { EmbedProtocol } from '../protocol.js'
import { native } from './native.js'
import { encodeRequest, maxInputs } from './request.js'
import { decodeResponse } from './response.js'

export const bedrockEmbeddings: EmbedProtocol = {
  ...native,
  upstream: { maxInputs, encodeRequest, decodeResponse },
}
