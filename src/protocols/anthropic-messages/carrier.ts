/**
 * Other vendors' opaque state on its way through an Anthropic caller and back. A caller of this API returns thinking
 * blocks untouched, so foreign reasoning travels in one, its `signature` marked with the format it has. Anthropic's own
 * signatures are base64, which has no colon: the mark cannot be mistaken.
 */
import { asObject } from '../../core/json.js'
import type { Signature, SignatureFormat } from '../../core/message.js'
import { percentDecoded } from '../percent.js'
import type { Sdk } from './wire.js'

/** What a carried signature belongs to: the block itself, the tool call of that id, or the text before it; that behind it, if so called. */
export interface Carried {
  readonly of: 'reasoning' | 'tool-call' | 'text'
  readonly id?: string
  /** Absent when the vendor signs nothing. */
  readonly signature?: Signature
}

/**
 * Whose carrier stands in front. Programs look at the last block for what was said, as Claude Code does, and Claude itself never
 * says anything behind a text.
 */
export const nextText = 'next'

const marked = /^(anthropic-claude-v1|google-gemini-v1|openai-responses-v1|unsigned):(reasoning|tool-call|text):([^:]*):/

export function pack({ of, id, signature }: Carried): string {
  if (signature?.format === 'anthropic-claude-v1' && of === 'reasoning') return signature.value
  return `${signature?.format ?? 'unsigned'}:${of}:${encodeURIComponent(id ?? '')}:${signature?.value ?? ''}`
}

export function unpack(text: string): Carried {
  const mark = marked.exec(text)
  if (!mark) return { of: 'reasoning', ...(text && { signature: { format: 'anthropic-claude-v1', value: text } }) }
  const [whole, format, of, id] = mark
  return {
    of: of as Carried['of'],
    ...(id && { id: percentDecoded(id) }),
    ...(format !== 'unsigned' && { signature: { format: format as SignatureFormat, value: text.slice(whole.length) } }),
  }
}

/** The block beside a tool call or text whose own block has no room for a signature. */
export function carrierBlock(carried: Carried): Sdk.RedactedThinkingBlock {
  return { type: 'redacted_thinking', data: pack(carried) }
}

/** Thinking that another vendor made. */
export function isForeign(block: unknown): boolean {
  const { type, signature, data } = asObject(block)
  const text = type === 'thinking' ? signature : type === 'redacted_thinking' ? data : undefined
  return typeof text === 'string' && marked.test(text)
}
