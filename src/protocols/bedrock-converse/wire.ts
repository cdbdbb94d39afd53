/**
 * Bedrock's Converse API as it is on the wire, from the types of AWS's own SDK.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 */
import type {
  ContentBlock as SdkContentBlock,
  ConverseRequest as SdkConverseRequest,
  SystemContentBlock as SdkSystemContentBlock,
  Tool as SdkTool,
  ToolResultContentBlock as SdkToolResultContentBlock,
  StopReason,
} from '@aws-sdk/client-bedrock-runtime'
import { asObject, asObjects, asString, isObject } from '../../core/json.js'
import type { FinishReason } from '../../core/message.js'
import { type Usage, usageOf } from '../../core/usage.js'
import { asCount } from '../counts.js'
import { lookup } from '../lookup.js'

/** The SDK takes bytes; the wire carries them as base64. */
type OnWire<T> = T extends Uint8Array
  ? string
  : T extends readonly (infer Item)[]
    ? OnWire<Item>[]
    : T extends object
      ? { [Member in keyof T]: OnWire<T[Member]> }
      : T

export type ContentBlock = OnWire<SdkContentBlock>
/** JSON that Bedrock hands through to the model. */
export type Document = Exclude<Extract<ContentBlock, { toolUse: unknown }>['toolUse']['input'], undefined>
export type SystemBlock = OnWire<SdkSystemContentBlock>
export type ToolResultContentBlock = OnWire<SdkToolResultContentBlock>
export type Tool = OnWire<SdkTool>
/** The model stands in the address. */
export type ConverseBody = OnWire<Omit<SdkConverseRequest, 'modelId'>>

/** `refusal` and `pause_turn` are Claude's own and reach us where Bedrock hands them through. */
const finishReasons: Readonly<Record<StopReason | 'refusal' | 'pause_turn', FinishReason>> = {
  end_turn: 'stop',
  tool_use: 'tool-calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  stop_sequence: 'stop-sequence',
  guardrail_intervened: 'content-filter',
  content_filtered: 'content-filter',
  malformed_model_output: 'error',
  malformed_tool_use: 'error',
  refusal: 'refusal',
  pause_turn: 'pause',
}

/** Some models say `end_turn`, or what nobody knows, though they called a tool. */
export function finishReasonOf(stopReason: unknown, calledTools: boolean): FinishReason {
  const reason = lookup(finishReasons, stopReason) ?? 'other'
  return calledTools && (reason === 'stop' || reason === 'other') ? 'tool-calls' : reason
}

/**
 * Bedrock's `inputTokens` leaves out what was read from and written to the cache.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
 */
export function usageFrom(wire: unknown): Usage | undefined {
  if (!isObject(wire) || (wire.inputTokens ?? wire.outputTokens) == null) return undefined
  const written = asCount(wire.cacheWriteInputTokens) ?? 0
  const forAnHour = asObjects(wire.cacheDetails)
    .filter(({ ttl }) => ttl === '1h')
    .reduce((sum, { inputTokens }) => sum + (asCount(inputTokens) ?? 0), 0)
  return usageOf({
    input: asCount(wire.inputTokens) ?? 0,
    cacheRead: asCount(wire.cacheReadInputTokens) ?? 0,
    cacheWrite: written - forAnHour,
    cacheWrite1h: forAnHour,
    output: asCount(wire.outputTokens) ?? 0,
  })
}

/** Of a request, or of an answer. */
export function tierIn(body: unknown): string | undefined {
  return asString(asObject(asObject(body).serviceTier).type)
}
