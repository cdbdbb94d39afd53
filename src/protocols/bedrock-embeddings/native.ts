/** Embeddings by Amazon Bedrock's `InvokeModel`, whose body is the model's own. Nobody but AWS's own SDK calls us in it. */
import { asObject, type JsonObject } from '../../core/json.js'
import { bedrockAddress } from '../bedrock-address.js'
import { awsEventStream } from '../framing/aws-eventstream.js'
import type { Native } from '../protocol.js'
import { decodeError, encodeError } from './error.js'
import { lens } from './lens.js'
import { embedModel } from './models.js'

export const native: Native<'embeddings'> = {
  kind: 'embeddings',
  name: 'bedrock-embeddings',
  framing: awsEventStream,
  lens,
  // Of InvokeModel, these stand where Converse has members of its body.
  headers: [
    'x-amzn-bedrock-trace',
    'x-amzn-bedrock-guardrailidentifier',
    'x-amzn-bedrock-guardrailversion',
    'x-amzn-bedrock-performanceconfig-latency',
    'x-amzn-bedrock-service-tier',
  ],
  match(path, body) {
    const { model, operation } = bedrockAddress(path) ?? {}
    if (model === undefined || operation !== 'invoke') return undefined
    return embedModel(model) || asksForVectors(body) ? { model, stream: false } : undefined
  },
  withModel: (body) => body,
  decodeError,
  encodeError,
}

/** For a name that tells nothing: InvokeModel also takes chats, in whatever form their model has. */
function asksForVectors(body: JsonObject): boolean {
  const { embeddingPurpose } = asObject(body.singleEmbeddingParams)
  return embeddingPurpose !== undefined || (Array.isArray(body.texts) && typeof body.input_type === 'string')
}
