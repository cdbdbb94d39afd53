/** https://ai.google.dev/api/embeddings, and Vertex's older `predict`. */
import { asArray, asNumber, asObject, asObjects, asString, type Members } from '../../../core/json.js'
import { type Dialect, type Endpoint, json, refuse } from '../../mock/vendor.js'
import { countTokens } from '../../mock/words.js'
import { geminiDialect, geminiHeaders, vertexDialect } from '../gemini/dialect.js'
import { textOf } from '../text-of.js'
import { vectorOf } from './vectors.js'

export function geminiEmbeddings(model: string, action: string, vertex: boolean): Endpoint | undefined {
  const dialect: Dialect = vertex ? vertexDialect : geminiDialect
  const base = { protocol: 'embeddings', dialect, model, stream: false } as const
  const size = (wanted: unknown) => asNumber(wanted) ?? (/text-embedding-00/.test(model) ? 768 : 3072)
  const values = (request: Members) => {
    const text = textOf(asObject(request.content).parts)
    if (text === '') refuse(400, '* EmbedContentRequest.content: contents is not specified\n')
    const config = asObject(request.embedContentConfig)
    return { values: vectorOf(text, size(request.outputDimensionality ?? config.outputDimensionality)) }
  }
  const counted = (requests: readonly Members[]) => {
    const promptTokenCount = countTokens(requests.map((request) => request.content))
    return { promptTokenCount, promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokenCount }] }
  }
  if (action === 'embedContent') {
    return {
      ...base,
      answer: ({ body }) => json({ embedding: values(body), usageMetadata: counted([body]) }, geminiHeaders),
    }
  }
  if (action === 'batchEmbedContents') {
    return {
      ...base,
      answer: ({ body }) => {
        const requests = asObjects(body.requests)
        return json({ embeddings: requests.map(values), usageMetadata: counted(requests) }, geminiHeaders)
      },
    }
  }
  if (action !== 'predict') return undefined
  return {
    ...base,
    answer: ({ body }) => {
      const predictions = asArray(body.instances).map((instance) => {
        const content = asString(asObject(instance).content) ?? ''
        const vector = vectorOf(content, size(asObject(body.parameters).outputDimensionality))
        return { embeddings: { values: vector, statistics: { token_count: countTokens(content), truncated: false } } }
      })
      return json({ predictions }, geminiHeaders)
    },
  }
}
