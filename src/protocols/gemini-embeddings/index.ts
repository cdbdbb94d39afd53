/** Google's embeddings, as Gemini API (AI Studio) and Vertex AI take them. */
import type { EmbedProtocol } from '../protocol.js'
import { native } from './native.js'
import { encodeRequest, maxInputs } from './request.js'
import { decodeResponse } from './response.js'

export const geminiEmbeddings: EmbedProtocol = {
  ...native,
  upstream: { maxInputs, encodeRequest, decodeResponse },
}
