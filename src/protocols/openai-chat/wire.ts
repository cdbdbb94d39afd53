/** What several files of this protocol share: its name, the types and words of the wire, readers of members. */
import type OpenAI from 'openai'
import { LeashError } from '../../core/errors.js'
import { isObject, type JsonObject, type Members } from '../../core/json.js'
import type { AssistantPart, CacheHint, FinishReason } from '../../core/message.js'
import type { ExtraContent } from '../extra-content.js'
import type { ReportLoss } from '../protocol.js'

export const protocolName = 'openai-chat'

export type WireContentPart = (OpenAI.ChatCompletionContentPart | VideoPart) & CacheCarrier
export type WireTextPart = OpenAI.ChatCompletionContentPartText & CacheCarrier
export type WireTool = OpenAI.ChatCompletionFunctionTool & CacheCarrier
export type WireToolCall = OpenAI.ChatCompletionMessageFunctionToolCall & CacheCarrier & ExtraContent
export type WireCustomCall = OpenAI.ChatCompletionMessageCustomToolCall & ExtraContent
export type WireUserMessage = Omit<OpenAI.ChatCompletionUserMessageParam, 'content'> & { content: string | WireContentPart[] }
export type WireMessage = (
  | OpenAI.ChatCompletionSystemMessageParam
  | WireUserMessage
  | OpenAI.ChatCompletionAssistantMessageParam
  | OpenAI.ChatCompletionToolMessageParam
) &
  CacheCarrier &
  ReasoningCarrier

/** vLLM's and OpenRouter's: OpenAI itself takes no video. */
export interface VideoPart {
  type: 'video_url'
  video_url: { url: string }
}

/** As OpenRouter and LiteLLM let OpenAI-shaped callers mark a breakpoint: on content parts, messages, tools and tool calls. */
export interface CacheCarrier {
  cache_control?: { type: 'ephemeral'; ttl?: '5m' | '1h' }
}

/** DeepSeek's and vLLM's `reasoning_content`, OpenRouter's `reasoning_details`. */
export interface ReasoningCarrier {
  reasoning_content?: string
  reasoning_details?: JsonObject[]
}

export function malformed(message: string): LeashError {
  return new LeashError('upstream_malformed', `${message} Send the call again.`, { retryable: true })
}

/** Reports the members that nobody reads. A member that is null is one that was left out. */
export function noticeUnread(value: Members, read: ReadonlySet<string>, path: string, lose: ReportLoss): void {
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined || member === null || read.has(name)) continue
    lose(`${path}.${name}`, 'dropped', `\`${name}\` has no counterpart outside the Chat Completions API.`)
  }
}

export function writeCache(cache: CacheHint | undefined): CacheCarrier {
  return cache ? { cache_control: { type: 'ephemeral', ...cache } } : {}
}

/** OpenAI's words, and those that compatible vendors (Mistral, Together, Z.ai, DeepSeek) made up beside them. */
const finishReasons = new Map<unknown, FinishReason>([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['length', 'length'],
  ['model_length', 'length'],
  ['tool_calls', 'tool-calls'],
  ['function_call', 'tool-calls'],
  ['content_filter', 'content-filter'],
  ['sensitive', 'content-filter'],
  ['error', 'error'],
  ['network_error', 'error'],
  ['insufficient_system_resource', 'error'],
])

/** `seen` holds the types of the parts of the answer: OpenAI itself says `stop` after a call that was forced. */
export function readFinish(reason: unknown, stopReason: unknown, seen: ReadonlySet<AssistantPart['type']>) {
  const known = finishReasons.get(reason) ?? 'other'
  if (known !== 'stop' && known !== 'other') return { finishReason: known }
  if (seen.has('tool-call')) return { finishReason: 'tool-calls' as const }
  if (known === 'stop' && seen.has('refusal')) return { finishReason: 'refusal' as const }
  // vLLM tells the stop sequence in a member of its own.
  if (known === 'stop' && typeof stopReason === 'string')
    return { finishReason: 'stop-sequence' as const, stopSequence: stopReason }
  return { finishReason: known }
}

type WireFinish = OpenAI.ChatCompletion.Choice['finish_reason']

/** An answer that broke off unfinished is `length`, so that nobody takes half of a JSON text for the whole. */
const wireFinish: Readonly<Record<Exclude<FinishReason, 'refusal'>, WireFinish>> = {
  stop: 'stop',
  'stop-sequence': 'stop',
  other: 'stop',
  length: 'length',
  pause: 'length',
  error: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
}

/** A refusal in words is OpenAI's `refusal` member with `stop`; one without words is a filter's doing. */
export function writeFinish(reason: FinishReason, refused: boolean): WireFinish {
  if (reason === 'refusal') return refused ? 'stop' : 'content_filter'
  return wireFinish[reason]
}

/** The members of a delta that are something of the answer, not merely its beginning. */
const answerMembers = [
  ...['content', 'refusal', 'reasoning', 'reasoning_content', 'reasoning_details'],
  ...['tool_calls', 'function_call', 'audio', 'images', 'annotations'],
]

export function saysSomething(delta: Members): boolean {
  return answerMembers.some((member) => {
    const value = delta[member]
    if (typeof value === 'string') return value !== ''
    return Array.isArray(value) ? value.length > 0 : isObject(value)
  })
}
