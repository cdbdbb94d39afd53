/** From the neutral request to the body of `InvokeModel`. */
import { LeashError } from '../../core/errors.js'
import { compact, type JsonObject } from '../../core/json.js'
import type { EmbedRequest } from '../../core/message.js'
import type { Traits } from '../../core/provider.js'
import type { EncodeContext } from '../protocol.js'
import { type EmbedModel, embedModel } from './models.js'

export function encodeRequest(request: EmbedRequest, { model, traits, lose }: EncodeContext): JsonObject {
  const name = traits.baseModel ?? model
  const known = embedModel(name)
  if (!known) {
    throw new LeashError(
      'unsupported',
      `Bedrock's model "${name}" makes no embeddings. Choose one of Titan, Cohere Embed or Nova.`,
      {
        param: 'model',
      },
    )
  }
  const texts = readTexts(request, known, name)
  if (request.dimensions !== undefined && !known.dimensions) lose('dimensions', 'dropped', 'this model has vectors of one length')
  if (request.task !== undefined && !known.task) lose('task', 'dropped', 'this model does not ask what the vector is for')
  if (request.user !== undefined) lose('user', 'dropped', 'Bedrock does not ask who the end user is')
  return writers[known.shape](texts, known.dimensions ? request.dimensions : undefined, request.task)
}

/** How many texts one request takes. A model that makes no embeddings is refused by {@link encodeRequest}. */
export function maxInputs(model: string, { baseModel = model }: Traits): number {
  return embedModel(baseModel)?.inputs ?? Number.POSITIVE_INFINITY
}

function readTexts({ input }: EmbedRequest, { inputs }: EmbedModel, model: string): [string, ...string[]] {
  const texts = input.filter((one) => typeof one === 'string')
  if (texts.length < input.length)
    throw new LeashError('unsupported', 'Bedrock embeds text, not tokens. Send `input` as text.', { param: 'input' })
  const [first, ...more] = texts
  if (first === undefined)
    throw new LeashError('invalid_request', '`input` is empty. Send at least one text.', { param: 'input' })
  if (texts.length > inputs) {
    throw new LeashError(
      'unsupported',
      `Bedrock's model "${model}" embeds ${inputs === 1 ? 'one text' : `at most ${inputs} texts`} per request, not ${texts.length}. ` +
        `Send ${inputs === 1 ? 'one call for each' : 'them in several calls'}, or choose a model that takes more.`,
      { param: 'input' },
    )
  }
  return [first, ...more]
}

type Writer = (texts: [string, ...string[]], dimensions: number | undefined, task: string | undefined) => JsonObject

const writers: Readonly<Record<EmbedModel['shape'], Writer>> = {
  titan: ([inputText], dimensions) => compact({ inputText, dimensions }),
  'titan-image': ([inputText], dimensions) =>
    compact({ inputText, embeddingConfig: dimensions === undefined ? undefined : { outputEmbeddingLength: dimensions } }),
  cohere: (texts, dimensions, task) =>
    compact({ texts, input_type: purposeOf(task).cohere, embedding_types: ['float'], output_dimension: dimensions }),
  nova: ([value], dimensions, task) => ({
    taskType: 'SINGLE_EMBEDDING',
    singleEmbeddingParams: compact({
      embeddingPurpose: purposeOf(task).nova,
      embeddingDimension: dimensions,
      // What is too long is refused, as the other models do, and not cut behind the caller's back.
      text: { truncationMode: 'NONE', value },
    }),
  }),
}

interface Purpose {
  readonly cohere: string
  readonly nova: string
}

/** What a vector is for, in the words of the vendors that callers may speak. Nothing said: it is to be found. */
function purposeOf(task: string | undefined): Purpose {
  const word = (task ?? '').toLowerCase()
  if (/query|question/.test(word)) return { cohere: 'search_query', nova: 'GENERIC_RETRIEVAL' }
  if (word.includes('classif')) return { cohere: 'classification', nova: 'CLASSIFICATION' }
  if (word.includes('cluster')) return { cohere: 'clustering', nova: 'CLUSTERING' }
  return { cohere: 'search_document', nova: 'GENERIC_INDEX' }
}
