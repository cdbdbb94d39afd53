/** A whole answer, in both directions. https://platform.claude.com/docs/en/api/messages/create */
import { LeashError } from '../../core/errors.js'
import { asObject, asString, compact, isObject, type JsonObject } from '../../core/json.js'
import type { AssistantPart, ChatResponse, ReasoningPart } from '../../core/message.js'
import { noUsage } from '../../core/usage.js'
import { asJson } from '../as-json.js'
import type { DecodeContext } from '../protocol.js'
import { carrierBlock, nextText, pack } from './carrier.js'
import { readCitations, writeCitation } from './citations.js'
import { failureInBody } from './error.js'
import { toolInput } from './tools.js'
import { readTier, readUsage, writeUsage } from './usage.js'
import { type Block, blocksOf, finishReason, noDetails, type Sdk, signature, stopReason } from './wire.js'

export function decodeResponse(body: unknown, { model, lose }: DecodeContext): ChatResponse {
  if (isObject(body) && body.type === 'error') throw failureInBody(body)
  if (!isObject(body) || !Array.isArray(body.content)) {
    throw new LeashError('upstream_malformed', 'The upstream answered with something that is no message. Send the call again.', {
      retryable: true,
    })
  }
  const content = blocksOf(body.content).flatMap((block, index): AssistantPart[] => {
    const part = decodeBlock(block)
    if (!part) lose(`content[${index}]`, 'dropped', serverBlock(block.type))
    return part ? [part] : []
  })
  const refusal = explanation(body.stop_details)
  if (refusal) content.push({ type: 'refusal', text: refusal })
  return compact({
    id: asString(body.id) ?? '',
    model: asString(body.model) ?? model,
    choices: [
      compact({
        content,
        finishReason: finishReason(body.stop_reason, content.some(isCall)),
        stopSequence: asString(body.stop_sequence),
      }),
    ],
    usage: readUsage(body.usage),
    serviceTier: readTier(asObject(body.usage)),
  })
}

export const serverBlock = (type: string) => `a block of the type "${type}" is the record of a tool that ran at Anthropic`

/** Why Claude refused, when it says so. */
export function explanation(stopDetails: unknown): string | undefined {
  return isObject(stopDetails) ? asString(stopDetails.explanation) : undefined
}

/** Undefined for what runs at Anthropic: nobody else can read it, and its outcome is told in the text. */
export function decodeBlock(block: Block): AssistantPart | undefined {
  const text = asString(block.text) ?? ''
  switch (block.type) {
    case 'text': {
      const citations = readCitations(block.citations, text.length)
      return { type: 'text', text, ...(citations.length > 0 && { citations }) }
    }
    case 'thinking': {
      const signed = asString(block.signature)
      return { type: 'reasoning', text: asString(block.thinking) ?? '', ...(signed && { signature: signature(signed) }) }
    }
    case 'redacted_thinking':
      return { type: 'reasoning', text: '', redacted: true, signature: signature(asString(block.data) ?? '') }
    case 'tool_use':
      return {
        type: 'tool-call',
        id: asString(block.id) ?? '',
        name: asString(block.name) ?? '',
        arguments: JSON.stringify(asObject(block.input)),
      }
    default:
      return undefined
  }
}

export function messageId(id: string): string {
  if (id.startsWith('msg_')) return id
  return `msg_${id || `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 12)}`}`
}

/** The answer as the vendor's SDK types it. Only the first choice can be told: nobody can ask for more here. */
export function encodeResponse(response: ChatResponse): JsonObject {
  const [choice] = response.choices
  const parts = choice?.content ?? []
  const refusal = parts.find((part) => part.type === 'refusal')
  const reason = stopReason(choice?.finishReason ?? 'other', parts.some(isCall), refusal !== undefined)
  const message: Sdk.Message = {
    id: messageId(response.id),
    type: 'message',
    role: 'assistant',
    model: response.model,
    content: parts.reduce(withSigned, []).flatMap(encodePart),
    stop_reason: reason,
    stop_sequence: choice?.stopSequence ?? null,
    stop_details: reason === 'refusal' ? { ...noDetails, explanation: refusal?.text ?? null } : null,
    container: null,
    diagnostics: null,
    usage: writeUsage(response.usage ?? noUsage, response.serviceTier),
  }
  return asJson(message)
}

export const isCall = ({ type }: AssistantPart) => type === 'tool-call'

/** The signature of a text may come on an empty one behind it, as Gemini's does. */
function withSigned(parts: readonly AssistantPart[], part: AssistantPart): readonly AssistantPart[] {
  const last = parts.at(-1)
  const isMore = last?.type === 'text' && !last.signature && part.type === 'text' && part.text === '' && part.signature
  return isMore ? [...parts.slice(0, -1), { ...last, signature: part.signature }] : [...parts, part]
}

function encodePart(part: AssistantPart): Sdk.ContentBlock[] {
  switch (part.type) {
    case 'text': {
      const citations = part.citations?.map((citation) => writeCitation(citation, part.text))
      // Raw citations are the vendor's own and came in its words.
      const text: Sdk.TextBlock = {
        type: 'text',
        text: part.text,
        citations: (citations as Sdk.TextCitation[] | undefined) ?? null,
      }
      const id = part.text ? { id: nextText } : {}
      const signed = part.signature && carrierBlock({ of: 'text', ...id, signature: part.signature })
      return [...(signed ? [signed] : []), ...(part.text ? [text] : [])]
    }
    case 'reasoning':
      return [encodeReasoning(part)]
    case 'tool-call': {
      const input = toolInput(part.arguments) ?? { invalid_arguments: part.arguments }
      const call: Sdk.ToolUseBlock = { type: 'tool_use', id: part.id, name: part.name, input, caller: { type: 'direct' } }
      return part.signature ? [carrierBlock({ of: 'tool-call', id: part.id, signature: part.signature }), call] : [call]
    }
    default:
      return [{ type: 'text', text: spoken(part), citations: null }]
  }
}

export function encodeReasoning(part: ReasoningPart): Sdk.ThinkingBlock | Sdk.RedactedThinkingBlock {
  const packed = pack({ of: 'reasoning', ...(part.id && { id: part.id }), ...(part.signature && { signature: part.signature }) })
  if (part.redacted) return { type: 'redacted_thinking', data: packed }
  return { type: 'thinking', thinking: part.text, signature: packed }
}

/** What can only be told in words: Claude's answers are text, thinking and tool calls. */
export function spoken(part: Exclude<AssistantPart, { type: 'text' | 'reasoning' | 'tool-call' }>): string {
  if (part.type === 'refusal') return part.text
  if (part.type === 'audio' && part.transcript) return part.transcript
  return `[The answer holds ${part.type === 'audio' ? 'speech' : 'an image'}, which this API cannot carry.]`
}
