/** Usage. OpenAI counts by inclusion: `input_tokens` holds what was read from and written to the cache, `output_tokens` the reasoning. */
import type { ResponseUsage } from 'openai/resources/responses/responses'
import { asObject, isObject } from '../../core/json.js'
import { inputTotal, outputTotal, total, type Usage, usageOf } from '../../core/usage.js'
import { withCharge } from '../charge.js'
import { asCount } from '../counts.js'

export function decodeUsage(told: unknown): Usage | undefined {
  if (!isObject(told)) return undefined
  const input = asCount(told.input_tokens)
  const output = asCount(told.output_tokens)
  if (input === undefined || output === undefined) return undefined
  // A detail can be no more than the whole that it is a part of: the sum stays the vendor's own.
  const inputDetails = asObject(told.input_tokens_details)
  const cacheRead = Math.min(asCount(inputDetails.cached_tokens) ?? 0, input)
  const cacheWrite = Math.min(asCount(inputDetails.cache_write_tokens) ?? 0, input - cacheRead)
  // OpenAI's longer lifetime is 12 hours. The bucket is that of the longer of a vendor's two.
  const longWrite = Math.min(asCount(asObject(inputDetails.cache_write_tokens_details).ttl_12h_tokens) ?? 0, cacheWrite)
  const reasoning = Math.min(asCount(asObject(told.output_tokens_details).reasoning_tokens) ?? 0, output)
  const usage = usageOf({
    input: input - cacheRead - cacheWrite,
    cacheRead,
    cacheWrite: cacheWrite - longWrite,
    cacheWrite1h: longWrite,
    output: output - reasoning,
    reasoning,
  })
  return withCharge(usage, told)
}

export function encodeUsage(usage: Usage): ResponseUsage {
  return {
    input_tokens: inputTotal(usage),
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite + usage.cacheWrite1h },
    output_tokens: outputTotal(usage),
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: total(usage),
  }
}
