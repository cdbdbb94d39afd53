/** Amazon Bedrock's Converse API. Nobody calls us in it but AWS's own SDK, whose calls pass through: it has no downstream half. */
import { bedrockAddress } from '../bedrock-address.js'
import { awsEventStream } from '../framing/aws-eventstream.js'
import type { Native } from '../protocol.js'
import { decodeError, encodeError } from './error.js'
import { lens } from './lens.js'

export const native: Native<'chat'> = {
  kind: 'chat',
  name: 'bedrock-converse',
  framing: awsEventStream,
  lens,
  headers: [],
  match(path) {
    const { model, operation } = bedrockAddress(path) ?? {}
    if (model === undefined || (operation !== 'converse' && operation !== 'converse-stream')) return undefined
    return { model, stream: operation === 'converse-stream' }
  },
  withModel: (body) => body,
  decodeError,
  encodeError,
}
