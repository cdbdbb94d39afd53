/**
 * Thinking and other vendors' opaque state in the OpenAI shape, by the conventions there are: `reasoning_content` for the bare
 * text, OpenRouter's `reasoning_details` for blocks with their signatures
 * (https://openrouter.ai/docs/use-cases/reasoning-tokens), Google's `extra_content` on a tool call.
 */
import { asArray, asObject, asString, isObject, type JsonObject, type Members } from '../../core/json.js'
import type { AssistantPart, ReasoningPart, Signature, ToolCallPart } from '../../core/message.js'
import type { ReportLoss } from '../protocol.js'
import { isFormat } from '../signature-format.js'
import type { ReasoningCarrier } from './wire.js'

/** Names, in a detail, the text of the message itself: Gemini signs texts too. OpenRouter names tool calls this way. */
const textId = 'text'

/** What one entry of `reasoning_details` says. */
export type Detail =
  | { readonly kind: 'part'; readonly index: unknown; readonly part: ReasoningPart }
  /** The signature of the text, or of the tool call with that id. */
  | { readonly kind: 'signature'; readonly of: string; readonly signature: Signature }

export function readDetail(value: unknown): Detail | undefined {
  if (!isObject(value)) return undefined
  const { index } = value
  const id = asString(value.id)
  const identity = id === undefined || id === '' ? {} : { id }
  switch (value.type) {
    case 'reasoning.text': {
      const signed = asString(value.signature)
      // Before it had the member `format`, OpenRouter only had Claude's signatures.
      const format = value.format ?? 'anthropic-claude-v1'
      const signature = signed && isFormat(format) ? { signature: { format, value: signed } } : {}
      return { kind: 'part', index, part: { type: 'reasoning', text: asString(value.text) ?? '', ...identity, ...signature } }
    }
    case 'reasoning.summary':
      return { kind: 'part', index, part: { type: 'reasoning', text: asString(value.summary) ?? '', summary: true, ...identity } }
    case 'reasoning.encrypted': {
      const { data, format } = value
      if (typeof data !== 'string' || !isFormat(format)) return undefined
      const signature = { format, value: data }
      if (id === textId || format === 'google-gemini-v1') return { kind: 'signature', of: id ?? textId, signature }
      const redacted = format === 'anthropic-claude-v1' ? { redacted: true } : {}
      return { kind: 'part', index, part: { type: 'reasoning', text: '', ...redacted, ...identity, signature } }
    }
  }
  return undefined
}

/** Whether a detail holds state of a vendor that is none of ours (xAI's and others', by OpenRouter), which cannot be carried. */
export function isForeign(value: unknown): boolean {
  const { data, signature, format } = asObject(value)
  return Boolean(data ?? signature) && format != null && !isFormat(format)
}

/** OpenAI's thinking comes as a summary and, in an entry of its own, the encrypted whole of it: the two as one, if they are. */
function completed(summary: ReasoningPart | undefined, part: ReasoningPart): ReasoningPart | undefined {
  if (!summary?.summary || summary.signature || !part.signature || part.text !== '' || part.redacted) return undefined
  if (summary.id !== undefined && part.id !== undefined && summary.id !== part.id) return undefined
  return { ...part, ...summary, signature: part.signature }
}

export interface ReadReasoning {
  readonly parts: readonly ReasoningPart[]
  /** By the id of a tool call, or `text`. */
  readonly signatures: ReadonlyMap<string, Signature>
}

export const foreignState = 'It is the state of a vendor whose format is not known here.'

/** The thinking of a whole message, in whichever words it came. */
export function readReasoning(message: Members, path: string, lose: ReportLoss): ReadReasoning {
  const parts: ReasoningPart[] = []
  const signatures = new Map<string, Signature>()
  for (const [index, value] of asArray(message.reasoning_details).entries()) {
    if (isForeign(value)) lose(`${path}.reasoning_details[${index}]`, 'dropped', foreignState)
    const detail = readDetail(value)
    if (detail?.kind === 'signature') signatures.set(detail.of, detail.signature)
    if (detail?.kind !== 'part') continue
    const whole = completed(parts.at(-1), detail.part)
    if (whole) parts.pop()
    parts.push(whole ?? detail.part)
  }
  const plain = plainReasoning(message)
  if (plain !== '' && !parts.some(({ text }) => text !== '')) parts.unshift({ type: 'reasoning', text: plain })
  return { parts, signatures }
}

/** Groq, Together, Ollama and OpenRouter say `reasoning`; DeepSeek, xAI, Z.ai and vLLM `reasoning_content`. */
export function plainReasoning(message: Members): string {
  return asString(message.reasoning_content) || asString(message.reasoning) || ''
}

/** The signature that belongs to the text, or to a tool call that is not in `calls`: a text is all that is left. */
export function textSignature(signatures: ReadonlyMap<string, Signature>, calls: ReadonlySet<string>): Signature | undefined {
  for (const [of, signature] of signatures) if (!calls.has(of)) return signature
  return undefined
}

/** The calls, each with the signature that came for it elsewhere. */
export function signedCalls(calls: readonly ToolCallPart[], signatures: ReadonlyMap<string, Signature>): ToolCallPart[] {
  return calls.map((call) => {
    const signature = call.signature ?? signatures.get(call.id)
    return signature ? { ...call, signature } : call
  })
}

/** Both carriers: the bare text for whoever only shows it, the details where the text alone would lose something. */
export function writeReasoning(content: readonly AssistantPart[]): ReasoningCarrier {
  const parts = content.filter((part) => part.type === 'reasoning')
  const told = parts.filter((part) => part.text !== '')
  const text = told.map((part, index) => (index > 0 ? gapBefore(part) : '') + part.text).join('')
  const details = writeDetails(content)
  const plain = parts.length <= 1 && details.every((detail) => isPlain(detail))
  return {
    ...(text !== '' && { reasoning_content: text }),
    ...(details.length > 0 && !plain && { reasoning_details: details }),
  }
}

/** Each part of a summary is a paragraph with a heading of its own. */
export function gapBefore({ summary }: ReasoningPart): string {
  return summary ? '\n\n' : ''
}

function isPlain(detail: JsonObject): boolean {
  return detail.type === 'reasoning.text' && detail.signature === undefined && detail.id === undefined
}

/** One block of thinking is one index; a summary and its encrypted whole share one. */
export function writeDetails(content: readonly AssistantPart[]): JsonObject[] {
  const details: JsonObject[] = []
  let index = 0
  for (const part of content) {
    if (part.type === 'reasoning') details.push(...writePart(part, index++))
    else if (part.type === 'text' && part.signature)
      details.push({
        type: 'reasoning.encrypted',
        data: part.signature.value,
        format: part.signature.format,
        id: textId,
        index: index++,
      })
  }
  return details
}

function writePart({ text, summary, redacted, id, signature }: ReasoningPart, index: number): JsonObject[] {
  const told = { ...(signature && { format: signature.format }), ...(id !== undefined && { id }), index }
  const encrypted = signature ? [{ type: 'reasoning.encrypted', data: signature.value, ...told }] : []
  if (redacted) return encrypted
  if (summary) return [{ type: 'reasoning.summary', summary: text, ...told }, ...encrypted]
  if (text === '' && signature?.format === 'openai-responses-v1') return encrypted
  return [{ type: 'reasoning.text', text, ...(signature && { signature: signature.value }), ...told }]
}
