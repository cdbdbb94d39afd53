/** What tokens cost by genai-prices' own calculation: the second opinion on ours. */
import { calcPrice } from '@pydantic/genai-prices'
import { inputTotal, outputTotal, type Usage } from '../../../src/core/usage.js'

/** Its totals hold their parts. */
function counted(usage: Usage) {
  return {
    input_tokens: inputTotal(usage),
    cache_read_tokens: usage.cacheRead,
    cache_write_tokens: usage.cacheWrite + usage.cacheWrite1h,
    cache_write_1h_tokens: usage.cacheWrite1h,
    input_audio_tokens: usage.audioInput,
    cache_audio_read_tokens: 0,
    output_tokens: outputTotal(usage),
    output_reasoning_tokens: usage.reasoning,
    output_audio_tokens: usage.audioOutput,
    output_citation_tokens: 0,
  }
}

/** In dollars; null when it knows no price. */
export function referenceCost(providerId: string, model: string, usage: Usage, at: Date): number | null {
  return calcPrice(counted(usage), model, { providerId, timestamp: at })?.total_price ?? null
}
