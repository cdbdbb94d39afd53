/** Amazon Bedrock's Converse API. Nobody calls us in it but AWS's own SDK, whose calls pass through: it has no downstream half. */
import type { ChatProtocol } from '../protocol.js'
import { decodeError, encodeError } from './error.js'
import { lens } from './lens.js'
import { encodeRequest } from './request.js'
import { decodeResponse } from './response.js'
import { decodeStream } from './stream.js'

/** The model is one part of the path, with its colons and slashes escaped; an ARN may also stand there as it is. */
const address = /\/model\/(.+)\/converse(-stream)?$/

export const bedrockConverse: ChatProtocol = {
  kind: 'chat',
  name: 'bedrock-converse',
  framing: 'aws-eventstream',
  lens,
  headers: [],
  match(path) {
    const [, model, stream] = address.exec(path) ?? []
    if (model === undefined) return undefined
    return { model: unescaped(model), stream: stream !== undefined }
  },
  withModel: (body) => body,
  decodeError,
  encodeError,
  upstream: { encodeRequest, decodeResponse, decodeStream },
}

function unescaped(model: string): string {
  try {
    return decodeURIComponent(model)
  } catch {
    return model
  }
}
