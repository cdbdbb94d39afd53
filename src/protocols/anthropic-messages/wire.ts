/** Names, types and small words of Anthropic's Messages API: https://platform.claude.com/docs/en/api/messages */
import type * as Sdk from '@anthropic-ai/sdk/resources/messages/messages'
import { asObjects, asString } from '../../core/json.js'
import type { CacheHint, FinishReason, Signature } from '../../core/message.js'
import { lookup } from '../lookup.js'

export type { Sdk }

export const protocolName = 'anthropic-messages'

/** The vendor's own client passes over pings, events without a name and events without data, and takes any text for an error. */
export function mustBeJson(event: string | undefined, data: string): boolean {
  return event !== undefined && event !== '' && event !== 'ping' && event !== 'error' && data !== ''
}

/** A block of any kind, from a stranger. */
export type Block = Record<string, unknown> & { type: string }

/** The blocks of a `content`, which may also be a string; what is no block is left out. */
export function blocksOf(content: unknown): Block[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return asObjects(content).map((item) => ({ ...item, type: asString(item.type) ?? 'nothing' }))
}

export function signature(value: string): Signature {
  return { format: 'anthropic-claude-v1', value }
}

export function cacheControl(cache: CacheHint | undefined): { cache_control?: Sdk.CacheControlEphemeral } {
  if (!cache) return {}
  return { cache_control: { type: 'ephemeral', ...(cache.ttl && { ttl: cache.ttl }) } }
}

/** https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons */
const finishReasons: Readonly<Record<Sdk.StopReason, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop-sequence',
  max_tokens: 'length',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  refusal: 'refusal',
  model_context_window_exceeded: 'length',
}

/** Not everybody who speaks like Anthropic says `tool_use` when a tool was called. */
export function finishReason(stopReason: unknown, called: boolean): FinishReason {
  const reason = lookup(finishReasons, stopReason) ?? 'other'
  return called && (reason === 'stop' || reason === 'other') ? 'tool-calls' : reason
}

const stopReasons: Readonly<Record<FinishReason, Sdk.StopReason>> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  // Anthropic has no word for a filter that is not the model: `refusal` is what its own classifiers report.
  'content-filter': 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  error: 'end_turn',
  other: 'end_turn',
}

/** Some vendors say "stop" after a tool call that was forced; Anthropic's callers run tools on `tool_use` alone. */
export function stopReason(reason: FinishReason, called: boolean, refused: boolean): Sdk.StopReason {
  if (reason === 'stop' && refused) return 'refusal'
  return (reason === 'stop' || reason === 'other') && called ? 'tool_use' : stopReasons[reason]
}

export const noDetails: Sdk.RefusalStopDetails = { type: 'refusal', category: null, explanation: null }
