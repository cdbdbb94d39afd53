/** Tokens: totals with their parts beside them, and our buckets that do not overlap. */
import { asObject, asString, isObject } from '../../core/json.js'
import { inputTotal, outputTotal, type Usage, usageOf } from '../../core/usage.js'
import { withBeside } from '../beside.js'
import { asCount } from '../counts.js'
import type { WireUsage } from './wire.js'

export function writeUsage(usage: Usage | undefined): WireUsage {
  if (!usage) {
    const nothing = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined }
    return { inputTokens: nothing, outputTokens: { total: undefined, text: undefined, reasoning: undefined } }
  }
  return {
    inputTokens: {
      total: inputTotal(usage),
      noCache: usage.input + usage.audioInput,
      cacheRead: usage.cacheRead,
      cacheWrite: usage.cacheWrite + usage.cacheWrite1h,
    },
    outputTokens: { total: outputTotal(usage), text: usage.output + usage.audioOutput, reasoning: usage.reasoning },
  }
}

/** A model may tell a total, its parts, or both. */
export function readUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined
  const input = asObject(value.inputTokens)
  const output = asObject(value.outputTokens)
  const read = asCount(input.cacheRead) ?? 0
  const written = asCount(input.cacheWrite) ?? 0
  const thought = asCount(output.reasoning) ?? 0
  const fresh = asCount(input.noCache) ?? less(input.total, read + written)
  const told = asCount(output.text) ?? less(output.total, thought)
  if (fresh === undefined && told === undefined) return undefined
  const hour = Math.min(written, hourIn(value.raw))
  const cached = { cacheRead: read, cacheWrite: written - hour, cacheWrite1h: hour }
  const usage = usageOf({ input: fresh ?? 0, ...cached, output: told ?? 0, reasoning: thought })
  // As Anthropic's provider hands it on; others hand on no such thing.
  const { server_tool_use, inference_geo } = asObject(value.raw)
  return withBeside(usage, {
    searches: asCount(asObject(server_tool_use).web_search_requests),
    regional: inference_geo === 'us',
  })
}

/** The AI SDK has one word for what is written to a cache; what is kept for an hour costs more, and stands in Anthropic's own. */
function hourIn(raw: unknown): number {
  return asCount(asObject(asObject(raw).cache_creation).ephemeral_1h_input_tokens) ?? 0
}

/** The tier that an answer was served in, which the AI SDK has no word for: as OpenAI's provider tells it, and Anthropic's. */
export function readTier(answer: unknown): string | undefined {
  const { providerMetadata, usage } = asObject(answer)
  const { openai } = asObject(providerMetadata)
  const { speed, service_tier } = asObject(asObject(usage).raw)
  if (speed === 'fast') return speed
  return asString(asObject(openai).serviceTier) ?? asString(service_tier)
}

/** Whether a request asks Anthropic's provider for an answer that is made in a region. */
export function asksForRegion(request: unknown): boolean {
  return asObject(asObject(asObject(request).providerOptions).anthropic).inferenceGeo === 'us'
}

function less(total: unknown, parts: number): number | undefined {
  const number = asCount(total)
  return number === undefined ? undefined : number - parts
}
