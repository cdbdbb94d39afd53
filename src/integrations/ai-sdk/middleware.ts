import type { LanguageModelV4, LanguageModelV4Middleware } from '@ai-sdk/provider'
import { onceFor } from '../../core/once-for.js'
import type { Leash, LeashOptions } from '../../open-leash.js'
import { opened } from '../opened.js'
import { LeashLanguageModel } from './language-model.js'
import { fromAiSdk } from './upstream.js'

/**
 * Puts any model of the AI SDK on the leash: for `wrapLanguageModel`.
 * @param leash one that there is already, or the options of a new one
 *
 * @example
 * const model = wrapLanguageModel({ model: mistral('mistral-large-latest'), middleware: leashMiddleware({ fallback: ['gpt-4.1-mini'] }) })
 */
export function leashMiddleware(leash: Leash | LeashOptions = {}): LanguageModelV4Middleware {
  const { engine } = opened(leash)
  const leashed = onceFor((model: LanguageModelV4): LeashLanguageModel => {
    const { modelId, supportedUrls } = model
    const target = { provider: fromAiSdk(model), model: modelId }
    return new LeashLanguageModel({ engine, model: modelId, target, supportedUrls })
  })
  return {
    specificationVersion: 'v4',
    wrapGenerate: ({ model, params }) => leashed(model).doGenerate(params),
    wrapStream: ({ model, params }) => leashed(model).doStream(params),
  }
}
