/** Google's `generateContent`, as Gemini API (AI Studio) and Vertex AI speak it. */
import type { ChatProtocol } from '../protocol.js'
import { encodeStream } from './encode-stream.js'
import { native } from './native.js'
import { decodeRequest, encodeRequest } from './request.js'
import { decodeResponse, encodeResponse } from './response.js'
import { decodeStream } from './stream.js'

export const gemini: ChatProtocol = {
  ...native,
  // Servers of some versions take 128 characters.
  upstream: { toolNames: /^[a-zA-Z_][\w.:-]{0,63}$/, encodeRequest, decodeResponse, decodeStream },
  downstream: { decodeRequest, encodeResponse, encodeStream },
}
