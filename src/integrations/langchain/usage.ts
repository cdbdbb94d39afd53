import type { UsageMetadata } from '@langchain/core/messages'
import { asNumber, asObject } from '../../core/json.js'

/**
 * A message's fields with its usage. LangChain's types lose that member where optional members are exact, and so it is added
 * behind their back.
 */
export function withUsage<Fields extends object>(usage: unknown, fields: Fields): Fields {
  const usage_metadata = usageOf(usage)
  return usage_metadata ? { ...fields, usage_metadata } : fields
}

/** @returns undefined where no vendor told and nobody estimated */
export function usageOf(value: unknown): UsageMetadata | undefined {
  const { inputTokens, outputTokens } = asObject(value)
  const { total: input, cacheRead = 0, cacheWrite = 0 } = asObject(inputTokens)
  const { total: output, reasoning = 0 } = asObject(outputTokens)
  const [input_tokens, output_tokens] = [asNumber(input), asNumber(output)]
  if (input_tokens === undefined && output_tokens === undefined) return undefined
  return {
    input_tokens: input_tokens ?? 0,
    output_tokens: output_tokens ?? 0,
    total_tokens: (input_tokens ?? 0) + (output_tokens ?? 0),
    input_token_details: { cache_read: asNumber(cacheRead) ?? 0, cache_creation: asNumber(cacheWrite) ?? 0 },
    output_token_details: { reasoning: asNumber(reasoning) ?? 0 },
  }
}
