import type { ProviderV4 } from '@ai-sdk/provider'
import { LeashError } from '../../core/errors.js'
import type { Leash, LeashOptions } from '../../open-leash.js'
import { opened } from '../opened.js'
import { LeashEmbeddingModel } from './embedding-model.js'
import { LeashLanguageModel, type SupportedUrls } from './language-model.js'

export interface LeashProviderSettings {
  /**
   * Addresses that are handed on to the model as they are, by media type. Others are fetched by the AI SDK, and sent as data,
   * which every vendor takes. @defaultValue none
   */
  readonly supportedUrls?: SupportedUrls
}

/** A provider of the AI SDK whose models are all that a leash can reach. */
export interface LeashProvider extends ProviderV4 {
  (model: string): LeashLanguageModel
  languageModel(model: string): LeashLanguageModel
  embeddingModel(model: string): LeashEmbeddingModel
  /** @throws LeashError `unsupported`: a leash has no models that draw */
  imageModel(model: string): never
  readonly leash: Leash
}

/**
 * @param leash one that there is already, or the options of a new one
 *
 * @example
 * const leash = createLeashProvider({ fallback: ['gemini-2.5-flash'] })
 * const { text } = await generateText({ model: leash('claude-sonnet-5-5'), prompt: 'Hello' })
 */
export function createLeashProvider(
  leash: Leash | LeashOptions = {},
  { supportedUrls = {} }: LeashProviderSettings = {},
): LeashProvider {
  const inside = opened(leash)
  const { engine } = inside
  const languageModel = (model: string) => new LeashLanguageModel({ engine, model, supportedUrls })
  const embeddingModel = (model: string) => new LeashEmbeddingModel(engine, model)
  return Object.assign((model: string) => languageModel(model), {
    specificationVersion: 'v4' as const,
    languageModel,
    embeddingModel,
    imageModel(model: string): never {
      throw new LeashError(
        'unsupported',
        `"${model.slice(0, 100)}": a leash has no models that draw. Use its vendor's own provider.`,
      )
    },
    leash: inside.leash,
  })
}
