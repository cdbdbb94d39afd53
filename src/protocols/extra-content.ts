/**
 * Where a text or a tool call of Gemini keeps its signature in OpenAI's shapes: the member that Google's own OpenAI-compatible
 * endpoint uses (https://ai.google.dev/gemini-api/docs/thought-signatures).
 */
import { asObject, asString, type Members } from '../core/json.js'
import type { Signature } from '../core/message.js'

export interface ExtraContent {
  extra_content?: { google: { thought_signature: string } }
}

export function readExtraContent({ extra_content }: Members): Signature | undefined {
  const value = asString(asObject(asObject(extra_content).google).thought_signature)
  return value ? { format: 'google-gemini-v1', value } : undefined
}

export function extraContent(signature: Signature | undefined): ExtraContent {
  if (signature?.format !== 'google-gemini-v1') return {}
  return { extra_content: { google: { thought_signature: signature.value } } }
}
