import { embeddingsLens } from '../embeddings-lens.js'
import { decodeUsage } from './response.js'

/** A single item stands for a list of one, here as in Google's other requests. */
const content = ['content.parts.*.text', 'content.parts.text', 'title']

export const lens = embeddingsLens(
  [
    ...content,
    ...content.flatMap((path) => [`requests.*.${path}`, `requests.${path}`]),
    ...['content', 'title'].flatMap((path) => [`instances.*.${path}`, `instances.${path}`]),
  ],
  decodeUsage,
)
