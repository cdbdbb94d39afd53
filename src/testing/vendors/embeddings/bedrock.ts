/** Titan's and Cohere's embeddings, through InvokeModel: each model has a body of its own. */
import { asArray, asNumber, asString } from '../../../core/json.js'
import { uuid } from '../../mock/ids.js'
import { type Ask, type Endpoint, json, type Reply, refuse } from '../../mock/vendor.js'
import { countTokens } from '../../mock/words.js'
import { bedrockDialect, bedrockHeaders } from '../bedrock/dialect.js'
import { vectorOf } from './vectors.js'

export function bedrockEmbeddings(model: string): Endpoint | undefined {
  const answer = /titan-embed/.test(model) ? titan : /cohere\.embed/.test(model) ? cohere : undefined
  return answer && { protocol: 'embeddings', dialect: bedrockDialect, model, stream: false, answer }
}

const counted = ({ ids }: Ask, tokens: number) => ({
  ...bedrockHeaders(ids),
  'x-amzn-bedrock-input-token-count': String(tokens),
  'x-amzn-bedrock-invocation-latency': '42',
})

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html */
function titan(ask: Ask): Reply {
  const { body } = ask
  const text = asString(body.inputText)
  if (!text)
    refuse(400, 'Malformed input request: #: required key [inputText] not found, please reformat your input and try again.')
  const size = asNumber(body.dimensions) ?? 1024
  if (![256, 512, 1024].includes(size)) {
    refuse(
      400,
      `Malformed input request: #/dimensions: ${size} is not a valid enum value, please reformat your input and try again.`,
    )
  }
  const embedding = vectorOf(text, size)
  const inputTextTokenCount = countTokens(text)
  return json({ embedding, embeddingsByType: { float: embedding }, inputTextTokenCount }, counted(ask, inputTextTokenCount))
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html */
function cohere(ask: Ask): Reply {
  const { body, ids, model } = ask
  const texts = asArray(body.texts).map(String)
  if (texts.length === 0) {
    refuse(400, 'Malformed input request: #: required key [texts] not found, please reformat your input and try again.')
  }
  if (body.input_type === undefined) {
    refuse(400, 'Malformed input request: #: required key [input_type] not found, please reformat your input and try again.')
  }
  const size = asNumber(body.output_dimension) ?? (/v4/.test(model) ? 1536 : 1024)
  const floats = texts.map((text) => vectorOf(text, size))
  const byType = Array.isArray(body.embedding_types)
  return json(
    {
      id: uuid(ids),
      embeddings: byType ? { float: floats } : floats,
      response_type: byType ? 'embeddings_by_type' : 'embeddings_floats',
      texts,
    },
    counted(ask, countTokens(texts)),
  )
}
