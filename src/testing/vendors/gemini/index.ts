/** https://ai.google.dev/api/generate-content, and the same on Vertex. */
import { asNumber, asObject } from '../../../core/json.js'
import { answerTo } from '../../mock/answer.js'
import { type Ask, type Dialect, type Endpoint, json, type Reply } from '../../mock/vendor.js'
import { countTokens } from '../../mock/words.js'
import { checkContents } from './check.js'
import { geminiDialect, geminiHeaders, vertexDialect } from './dialect.js'
import { readContents } from './read.js'
import { streamContents } from './stream.js'
import { candidateOf, partsOf, tailOf, usageOf } from './write.js'

/** `action` is what stands behind the colon. */
export function geminiModel(model: string, action: string, sse: boolean, vertex: boolean): Endpoint | undefined {
  const dialect: Dialect = vertex ? vertexDialect : geminiDialect
  const base = { protocol: 'gemini', dialect, model } as const
  if (action === 'generateContent') return { ...base, stream: false, answer: (ask) => generate(ask, vertex) }
  if (action === 'streamGenerateContent') return { ...base, stream: true, answer: (ask) => generate(ask, vertex, sse) }
  return action === 'countTokens' ? { ...base, stream: false, answer: count } : undefined
}

function count({ body }: Ask): Reply {
  const request = asObject(body.generateContentRequest ?? body)
  const totalTokens = countTokens([request.systemInstruction, request.tools, request.contents])
  return json({ totalTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }] }, geminiHeaders)
}

function generate(ask: Ask, vertex: boolean, sse = false): Reply {
  const { body, model, world } = ask
  checkContents(body, model, world)
  const asked = readContents(body, model)
  const wanted = asNumber(asObject(body.generationConfig).candidateCount) ?? 1
  const answers = Array.from({ length: wanted }, (_, index) => answerTo(asked, world.seed, index))
  const writing = { ...ask, vertex, answers }
  if (ask.stream) return streamContents(writing, sse)
  const candidates = answers.map((answer, index) => candidateOf(writing, index, partsOf(writing, answer, [answer.text]), answer))
  return json({ candidates, usageMetadata: usageOf(writing), ...tailOf(writing) }, geminiHeaders)
}

export function geminiModels(model?: string): Endpoint {
  const card = (name: string) => ({
    name: `models/${name}`,
    version: '001',
    displayName: name,
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: ['generateContent', 'countTokens'],
  })
  return {
    protocol: undefined,
    dialect: geminiDialect,
    ...(model !== undefined && { model }),
    answer: () =>
      json(model === undefined ? { models: ['gemini-2.5-flash', 'gemini-3-flash'].map(card) } : card(model), geminiHeaders),
  }
}
