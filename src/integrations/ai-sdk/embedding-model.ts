import type { EmbeddingModelV4, EmbeddingModelV4CallOptions, EmbeddingModelV4Result } from '@ai-sdk/provider'
import { asObject } from '../../core/json.js'
import type { Engine } from '../../engine.js'
import { protocolName } from '../../protocols/ai-sdk-embeddings/response.js'
import { mostTexts } from '../most-texts.js'
import { headersWith, reported, warningsOf } from './report.js'
import { type Called, run } from './run.js'

/** A model on the leash, as the AI SDK's `embed` and `embedMany` call it. */
export class LeashEmbeddingModel implements EmbeddingModelV4 {
  readonly specificationVersion = 'v4'
  readonly provider = 'leash'
  readonly maxEmbeddingsPerCall = mostTexts
  readonly supportsParallelCalls = true
  readonly modelId: string
  readonly #called: Called

  constructor(engine: Engine, model: string) {
    this.modelId = model
    this.#called = { engine, model, protocol: protocolName }
  }

  async doEmbed(options: EmbeddingModelV4CallOptions): Promise<EmbeddingModelV4Result> {
    const { report, result } = await run(this.#called, options, false)
    const answer = asObject(result.stream ? undefined : result.body)
    const { embeddings, usage } = answer as Pick<EmbeddingModelV4Result, 'embeddings' | 'usage'>
    return {
      embeddings,
      ...(usage && { usage }),
      response: { headers: headersWith(result.headers, report) },
      warnings: warningsOf(answer.warnings, report),
      providerMetadata: reported(answer.providerMetadata, report),
    }
  }
}
