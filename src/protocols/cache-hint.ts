/** Breakpoints of a vendor's prompt cache, as callers mark them. */
import { isObject, type Members } from '../core/json.js'
import type { CacheHint } from '../core/message.js'
import type { ReportLoss } from './protocol.js'

/** Anthropic's `cache_control`. */
export function cacheHint(control: unknown): { cache?: CacheHint } {
  if (!isObject(control)) return {}
  const { ttl } = control
  return { cache: ttl === '1h' || ttl === '5m' ? { ttl } : {} }
}

/** How callers of OpenAI's APIs write it. */
export const cacheMembers: readonly string[] = ['cache_control', 'prompt_cache_breakpoint']

/**
 * In either spelling: `cache_control` as OpenRouter and LiteLLM let OpenAI-shaped callers write it, or OpenAI's own
 * `prompt_cache_breakpoint` (gpt-5.6 and later), which lives for 30 minutes or 12 hours.
 */
export function openAiCacheHint(
  { cache_control, prompt_cache_breakpoint: breakpoint }: Members,
  path: string,
  lose: ReportLoss,
): { cache?: CacheHint } {
  if (isObject(cache_control)) return cacheHint(cache_control)
  if (!isObject(breakpoint)) return {}
  if (breakpoint.ttl !== '12h') return { cache: {} }
  lose(`${path}.prompt_cache_breakpoint.ttl`, 'approximated', 'The longest lifetime that other vendors know is one hour.')
  return { cache: { ttl: '1h' } }
}
