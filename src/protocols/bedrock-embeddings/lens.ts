import { embeddingsLens } from '../embeddings-lens.js'
import { usageFrom } from './response.js'

export const lens = embeddingsLens(
  ['inputText', 'texts.*', 'inputs.*.content.*.text', 'singleEmbeddingParams.text.value'],
  usageFrom,
)
