/** How vendors list the models there are, each for its own SDK. */
import type { JsonObject } from '../core/json.js'

export interface ListedModel {
  /** As a call names it. */
  readonly id: string
  readonly owner: string
  readonly kind?: 'chat' | 'embeddings'
  readonly contextWindow?: number
  readonly maxOutput?: number
}

interface ModelList {
  /** In whose words such an SDK is refused; undefined for one that reads an error in any. */
  readonly protocol?: string
  /** What stands before the id in an address or an answer. */
  readonly prefix: string
  readonly one: (model: ListedModel) => JsonObject
  readonly all: (models: readonly ListedModel[]) => JsonObject
}

/** Nobody tells us when a model was made. */
const unknownTime = { seconds: 0, text: '1970-01-01T00:00:00Z' }

const openai: ModelList['one'] = ({ id, owner }) => ({ id, object: 'model', created: unknownTime.seconds, owned_by: owner })

const anthropic: ModelList['one'] = ({ id, contextWindow, maxOutput }) => ({
  type: 'model',
  id,
  display_name: id,
  created_at: unknownTime.text,
  ...(contextWindow !== undefined && { max_input_tokens: contextWindow }),
  ...(maxOutput !== undefined && { max_tokens: maxOutput }),
})

const methods = {
  chat: ['generateContent', 'streamGenerateContent', 'countTokens'],
  embeddings: ['embedContent', 'batchEmbedContents'],
}

const gemini: ModelList['one'] = ({ id, kind = 'chat', contextWindow, maxOutput }) => ({
  name: `models/${id}`,
  displayName: id,
  supportedGenerationMethods: methods[kind],
  ...(contextWindow !== undefined && { inputTokenLimit: contextWindow }),
  ...(maxOutput !== undefined && { outputTokenLimit: maxOutput }),
})

const lists = {
  openai: { prefix: '', one: openai, all: (models) => ({ object: 'list', data: models.map(openai) }) },
  anthropic: {
    protocol: 'anthropic-messages',
    prefix: '',
    one: anthropic,
    all: (models) => ({
      data: models.map(anthropic),
      has_more: false,
      first_id: models[0]?.id ?? null,
      last_id: models.at(-1)?.id ?? null,
    }),
  },
  gemini: { protocol: 'gemini', prefix: 'models/', one: gemini, all: (models) => ({ models: models.map(gemini) }) },
} satisfies Record<string, ModelList>

/** Three vendors have their models at the same address: the headers that their SDKs send tell them apart. */
export function modelListFor(path: string, headers: Headers): ModelList {
  if (/\/v1(?:alpha|beta)\/(?:models|tunedModels)(?:\/|$)/.test(path) || headers.has('x-goog-api-key')) return lists.gemini
  return headers.has('anthropic-version') ? lists.anthropic : lists.openai
}
