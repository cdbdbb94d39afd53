/** Why an answer ended. */
import type { FinishReason as WireFinishReason } from '@google/genai'
import { asObject } from '../../core/json.js'
import type { FinishReason } from '../../core/message.js'
import { lookup } from '../lookup.js'

/** `STOP` is read by {@link finishReasonOf}: it does not tell a full stop from a tool call. */
const neutral: Readonly<Record<`${WireFinishReason}`, FinishReason>> = {
  FINISH_REASON_UNSPECIFIED: 'other',
  STOP: 'stop',
  MAX_TOKENS: 'length',
  // More could be had for a `continuationToken`, which no other protocol can send back: the answer is cut.
  CONTINUATION: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
  MALFORMED_FUNCTION_CALL: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
  TOO_MANY_TOOL_CALLS: 'error',
  MALFORMED_RESPONSE: 'error',
  LANGUAGE: 'other',
  OTHER: 'other',
  NO_IMAGE: 'other',
  IMAGE_OTHER: 'other',
}

/** @param calls whether the answer holds a tool call that waits for its result */
export function finishReasonOf(reason: string, calls: boolean): FinishReason {
  if (reason === 'STOP' && calls) return 'tool-calls'
  return lookup(neutral, reason) ?? 'other'
}

/** Whether a candidate says that it is finished: some servers write the unspecified reason on every chunk. */
export function isFinal(reason: unknown): reason is string {
  return typeof reason === 'string' && reason !== '' && reason !== 'FINISH_REASON_UNSPECIFIED'
}

export const wireFinishReasons: Readonly<Record<FinishReason, `${WireFinishReason}`>> = {
  stop: 'STOP',
  'stop-sequence': 'STOP',
  'tool-calls': 'STOP',
  length: 'MAX_TOKENS',
  'content-filter': 'SAFETY',
  refusal: 'SAFETY',
  pause: 'OTHER',
  error: 'OTHER',
  other: 'OTHER',
}

export function isBlocked(body: Record<string, unknown>): boolean {
  return typeof asObject(body.promptFeedback).blockReason === 'string'
}
