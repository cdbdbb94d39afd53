import { embeddingsLens } from '../embeddings-lens.js'
import { decodeUsage } from './response.js'

export const lens = embeddingsLens(
  ['content.parts.*.text', 'requests.*.content.parts.*.text', 'instances.*.content'],
  decodeUsage,
)
