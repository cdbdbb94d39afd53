/** https://platform.openai.com/docs/api-reference/embeddings */
import { asArray, asNumber } from '../../../core/json.js'
import { type Endpoint, json, refuse } from '../../mock/vendor.js'
import { countTokens } from '../../mock/words.js'
import { azureDialect, openaiDialect, openaiHeaders } from '../openai/dialect.js'
import { base64Of, vectorOf } from './vectors.js'

const sizes: Record<string, number> = { 'text-embedding-3-large': 3072 }

export function openaiEmbeddings(deployment?: string): Endpoint {
  return {
    protocol: 'embeddings',
    dialect: deployment === undefined ? openaiDialect : azureDialect,
    ...(deployment !== undefined && { model: deployment }),
    answer: ({ body, model, ids }) => {
      if (body.input === undefined || body.input === '' || asArray(body.input).some((input) => input === '')) {
        refuse(400, "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.")
      }
      const inputs = inputsOf(body.input)
      const dimensions = asNumber(body.dimensions) ?? sizes[model] ?? 1536
      const data = inputs.map((input, index) => {
        const vector = vectorOf(typeof input === 'string' ? input : asArray(input).join(' '), dimensions)
        return { object: 'embedding', index, embedding: body.encoding_format === 'base64' ? base64Of(vector) : vector }
      })
      const tokens = inputs.reduce((sum: number, input) => sum + (Array.isArray(input) ? input.length : countTokens(input)), 0)
      const usage = { prompt_tokens: tokens, total_tokens: tokens }
      return json({ object: 'list', data, model, usage }, openaiHeaders(ids))
    },
  }
}

/** One text, texts, one list of tokens, or lists of tokens. */
function inputsOf(input: unknown): unknown[] {
  const list = asArray(input)
  return !Array.isArray(input) || typeof list[0] === 'number' ? [input] : list
}
