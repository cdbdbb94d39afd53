/** What several files of this protocol share: its name, readers of members, and the carriers of opaque state. */
import { LeashError } from '../../core/errors.js'
import { asObject, asString, isObject, type JsonObject } from '../../core/json.js'
import type { CacheHint, Signature, SignatureFormat } from '../../core/message.js'
import type { ReportLoss } from '../protocol.js'

export const protocolName = 'openai-responses'

export type Members = Readonly<Record<string, unknown>>

export function invalid(param: string, message: string): LeashError {
  return new LeashError('invalid_request', message, { param })
}

/** Reports the members that nobody reads. A member that is null is one that was left out. */
export function noticeUnread(value: Members, read: ReadonlySet<string>, path: string, lose: ReportLoss): void {
  for (const [name, member] of Object.entries(value)) {
    if (read.has(name) || member === undefined || member === null) continue
    lose(path ? `${path}.${name}` : name, 'dropped', `\`${name}\` has no counterpart outside the Responses API.`)
  }
}

/** The SDK's types are interfaces, which TypeScript does not take for a `JsonObject` though each of them is one. */
export function asJson(value: object): JsonObject {
  return value as JsonObject
}

const foreign = /^(anthropic-claude-v1|google-gemini-v1):/

/**
 * `encrypted_content` is the one member that every Responses client hands back untouched, so another vendor's state rides in
 * it too, with its format in front. OpenAI's own values are base64url and hold no colon.
 */
export function encryptedContent({ format, value }: Signature): string {
  return format === 'openai-responses-v1' ? value : `${format}:${value}`
}

export function signatureIn(encrypted: unknown): Signature | undefined {
  if (typeof encrypted !== 'string' || encrypted === '') return undefined
  const format = foreign.exec(encrypted)?.[1] as SignatureFormat | undefined
  return format ? { format, value: encrypted.slice(format.length + 1) } : { format: 'openai-responses-v1', value: encrypted }
}

/** How the ids of reasoning items begin that OpenAI has never seen: it would look for them, and find nothing. */
export const ourReasoning = 'rs_leash'

/** Where a text or a tool call of Gemini keeps its signature: the member that Google's own OpenAI-compatible endpoint uses. */
export interface ExtraContent {
  extra_content?: { google: { thought_signature: string } }
}

export function extraContent(signature: Signature | undefined): ExtraContent {
  if (signature?.format !== 'google-gemini-v1') return {}
  return { extra_content: { google: { thought_signature: signature.value } } }
}

export function signatureInExtra(value: Members): Signature | undefined {
  const found = asString(asObject(asObject(value.extra_content).google).thought_signature)
  return found === undefined ? undefined : { format: 'google-gemini-v1', value: found }
}

/**
 * A cache breakpoint in either spelling: `cache_control` as OpenRouter and LiteLLM let OpenAI-shaped callers write it, or
 * OpenAI's own `prompt_cache_breakpoint` (gpt-5.6 and later), which lives for 30 minutes or 12 hours.
 */
export function cacheHint(value: Members, path: string, lose: ReportLoss): { cache?: CacheHint } {
  if (isObject(value.cache_control)) {
    const { ttl } = value.cache_control
    return { cache: ttl === '5m' || ttl === '1h' ? { ttl } : {} }
  }
  if (!isObject(value.prompt_cache_breakpoint)) return {}
  if (value.prompt_cache_breakpoint.ttl !== '12h') return { cache: {} }
  lose(`${path}.prompt_cache_breakpoint.ttl`, 'approximated', 'The longest lifetime that other vendors know is one hour.')
  return { cache: { ttl: '1h' } }
}
