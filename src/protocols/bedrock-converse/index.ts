/** Amazon Bedrock's Converse API. Nobody calls us in it but AWS's own SDK, whose calls pass through: it has no downstream half. */
import type { ChatProtocol } from '../protocol.js'
import { native } from './native.js'
import { encodeRequest } from './request.js'
import { decodeResponse } from './response.js'
import { decodeStream } from './stream.js'

export const bedrockConverse: ChatProtocol = {
  ...native,
  upstream: { toolNames: /^[\w-]{1,64}$/, encodeRequest, decodeResponse, decodeStream },
}
