import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider'
import { asArray, asObject } from '../../core/json.js'
import { protocolName } from '../../protocols/ai-sdk/wire.js'
import { revived } from './json.js'
import { headersWith, reported, warningsOf } from './report.js'
import { type Called, run } from './run.js'
import { partsOf, spelled } from './stream.js'

export type SupportedUrls = LanguageModelV4['supportedUrls']

export interface LanguageModelSettings extends Pick<Called, 'engine' | 'model' | 'target'> {
  readonly supportedUrls: SupportedUrls
}

/** A model on the leash, as the AI SDK's `generateText` and `streamText` call it. */
export class LeashLanguageModel implements LanguageModelV4 {
  readonly specificationVersion = 'v4'
  readonly provider = 'leash'
  readonly modelId: string
  readonly supportedUrls: SupportedUrls
  readonly #called: Called

  constructor({ supportedUrls, ...called }: LanguageModelSettings) {
    this.modelId = called.model
    this.supportedUrls = supportedUrls
    this.#called = { ...called, protocol: protocolName }
  }

  async doGenerate(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    const { report, result } = await run(this.#called, options, false)
    const answer = asObject(result.stream ? undefined : result.body)
    const { timestamp, ...response } = asObject(answer.response)
    return {
      ...(answer as unknown as LanguageModelV4GenerateResult),
      content: asArray(answer.content).map(revived) as LanguageModelV4GenerateResult['content'],
      response: {
        ...response,
        ...(typeof timestamp === 'string' && { timestamp: new Date(timestamp) }),
        headers: headersWith(result.headers, report),
      },
      warnings: warningsOf(answer.warnings, report),
      providerMetadata: reported(answer.providerMetadata, report),
    }
  }

  async doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    const { report, result } = await run(this.#called, options, true)
    const { model } = this.#called
    const body = result.stream ? result.body : spelled(result.body, model)
    return {
      stream: partsOf(body, { model, report, signal: options.abortSignal }),
      response: { headers: headersWith(result.headers, report) },
    }
  }
}
