/**
 * Anthropic's `input_tokens` leaves out what was read from or written to the cache; `output_tokens` holds the thinking.
 * In a stream `message_start` gives a first account and `message_delta` a cumulative one that may name fewer members.
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance
 */
import { asObject, asObjects, asString, isObject } from '../../core/json.js'
import { addUsage, inputTotal, outputTotal, type Usage, usageOf } from '../../core/usage.js'
import { withBeside } from '../beside.js'
import { asCount } from '../counts.js'
import type { Sdk } from './wire.js'

export type RawUsage = Readonly<Record<string, unknown>>

/** A later account over an earlier one: members that are absent or null keep what they were. */
export function overlay(earlier: RawUsage, later: unknown): RawUsage {
  if (!isObject(later)) return earlier
  const merged: Record<string, unknown> = { ...earlier }
  for (const [name, value] of Object.entries(later)) if (value !== null && value !== undefined) merged[name] = value
  return merged
}

/**
 * The totals leave out what it took to shorten the conversation, and what another model was asked for advice.
 * https://platform.claude.com/docs/en/build-with-claude/compaction#understanding-usage
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/advisor-tool
 */
export function readUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw) || (raw.input_tokens ?? raw.output_tokens) == null) return undefined
  const iterations = asObjects(raw.iterations)
  const compactions = iterations.filter(({ type }) => type === 'compaction')
  const advice = iterations.filter(({ type }) => type === 'advisor_message')
  const regional = isRegional(raw)
  return withBeside(compactions.map(readCounts).reduce(addUsage, readCounts(raw)), {
    models: advice.map((told) => ({ model: asString(told.model) ?? '', usage: withBeside(readCounts(told), { regional }) })),
    searches: asCount(asObject(raw.server_tool_use).web_search_requests),
    regional,
  })
}

function readCounts(raw: RawUsage): Usage {
  const creation = asObject(raw.cache_creation)
  const hour = asCount(creation.ephemeral_1h_input_tokens) ?? 0
  const written = asCount(raw.cache_creation_input_tokens) ?? hour + (asCount(creation.ephemeral_5m_input_tokens) ?? 0)
  const output = asCount(raw.output_tokens) ?? 0
  const reasoning = Math.min(output, asCount(asObject(raw.output_tokens_details).thinking_tokens) ?? 0)
  return usageOf({
    input: asCount(raw.input_tokens) ?? 0,
    cacheRead: asCount(raw.cache_read_input_tokens) ?? 0,
    // The total is cumulative in a stream, its parts are told once at the start.
    cacheWrite: Math.max(0, written - hour),
    cacheWrite1h: Math.min(hour, written),
    output: output - reasoning,
    reasoning,
  })
}

/** How a request asks to be served, or a usage says that it was: fast mode has a price of its own, whatever the tier. */
export function readTier({ service_tier, speed }: RawUsage): string | undefined {
  return speed === 'fast' ? speed : asString(service_tier)
}

/** Where a request is to be answered, or a usage says that it was: https://platform.claude.com/docs/en/manage-claude/data-residency */
export function isRegional({ inference_geo }: RawUsage): boolean {
  return inference_geo === 'us'
}

/** What a `message_delta` says of usage. */
export function writeDeltaUsage(usage: Usage): Sdk.MessageDeltaUsage {
  return {
    input_tokens: inputTotal(usage) - usage.cacheRead - usage.cacheWrite - usage.cacheWrite1h,
    cache_creation_input_tokens: usage.cacheWrite + usage.cacheWrite1h,
    cache_read_input_tokens: usage.cacheRead,
    output_tokens: outputTotal(usage),
    output_tokens_details: usage.reasoning > 0 ? { thinking_tokens: usage.reasoning } : null,
    server_tool_use: null,
  }
}

const tiers = ['standard', 'priority', 'batch'] as const

export function writeUsage(usage: Usage, serviceTier: string | undefined): Sdk.Usage {
  const delta = writeDeltaUsage(usage)
  return {
    ...delta,
    input_tokens: delta.input_tokens ?? 0,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: usage.cacheWrite1h },
    service_tier: tiers.find((tier) => tier === serviceTier) ?? null,
    inference_geo: null,
    speed: null,
  }
}
