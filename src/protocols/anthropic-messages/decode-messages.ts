/** Anthropic's turns as the neutral history. */
import { asObject, asString, isObject } from '../../core/json.js'
import type { AssistantPart, Message, TextPart, ToolCallPart, ToolResultPart, UserPart } from '../../core/message.js'
import { cacheHint } from '../cache-hint.js'
import { foundTool } from '../found-tool.js'
import { invalid } from '../invalid.js'
import { lookup } from '../lookup.js'
import type { ReportLoss } from '../protocol.js'
import { nextText, unpack } from './carrier.js'
import { readCitations } from './citations.js'
import { decodeDocument, decodeImage, decodeSearchResult } from './media.js'
import { type Block, blocksOf } from './wire.js'

/** What is read of each kind of block, or says nothing: whoever parses an answer finds `parsed` in it, and calls name their `caller`. */
const read: Readonly<Record<string, ReadonlySet<string>>> = {
  text: new Set(['type', 'text', 'citations', 'cache_control', 'parsed', 'parsed_output']),
  image: new Set(['type', 'source', 'transformations', 'cache_control']),
  document: new Set(['type', 'source', 'title', 'context', 'citations', 'cache_control']),
  search_result: new Set(['type', 'source', 'title', 'content', 'citations', 'cache_control']),
  tool_use: new Set(['type', 'id', 'name', 'input', 'caller', 'cache_control']),
  tool_result: new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control']),
  thinking: new Set(['type', 'thinking', 'signature']),
  redacted_thinking: new Set(['type', 'data']),
  compaction: new Set(['type', 'content', 'encrypted_content', 'signature', 'cache_control']),
  tool_reference: new Set(['type', 'tool_name', 'cache_control']),
}

/** A block of another kind is reported as a whole. */
function noticeUnread(block: Block, path: string, lose: ReportLoss): void {
  const known = lookup(read, block.type)
  for (const [member, value] of Object.entries(block)) {
    if (known && !known.has(member) && value !== undefined && value !== null)
      lose(`${path}.${member}`, 'dropped', 'it is known to Anthropic alone')
  }
}

export function decodeSystem(system: unknown, path: string, lose: ReportLoss): Message[] {
  if (system === undefined || system === null) return []
  const content = blocksOf(system).flatMap((block, index) => {
    const at = `${path}[${index}]`
    noticeUnread(block, at, lose)
    return decodeText(block, at, lose)
  })
  return content.length > 0 ? [{ role: 'system', content }] : []
}

export function decodeMessages(raw: unknown, lose: ReportLoss): Message[] {
  if (!Array.isArray(raw) || raw.length === 0) throw invalid('messages', 'must be a list of at least one message.')
  const messages: Message[] = []
  /** The names of the tools called so far, by the id of the call. */
  const names = new Map<string, string>()
  for (const [index, message] of raw.entries()) {
    const path = `messages[${index}]`
    const { role, content, ...more } = asObject(message)
    for (const member of Object.keys(more)) lose(`${path}.${member}`, 'dropped', 'it is known to Anthropic alone')
    if (typeof content !== 'string' && !Array.isArray(content))
      throw invalid(`${path}.content`, 'must be a string or a list of content blocks.')
    if (role === 'assistant') messages.push(...assistantTurn(blocksOf(content), `${path}.content`, names, lose))
    else if (role === 'user') userTurn(messages, blocksOf(content), `${path}.content`, names, lose)
    else if (role === 'system') messages.push(...decodeSystem(content, `${path}.content`, lose))
    else throw invalid(`${path}.role`, 'must be "user", "assistant" or "system".')
  }
  return messages
}

/** Results of tools become a message of their own, in front of what the user says in the same turn. */
function userTurn(messages: Message[], blocks: Block[], path: string, names: Map<string, string>, lose: ReportLoss): void {
  const results: ToolResultPart[] = []
  const content: UserPart[] = []
  for (const [index, block] of blocks.entries()) {
    const at = `${path}[${index}]`
    noticeUnread(block, at, lose)
    if (block.type === 'tool_result') results.push(toolResult(block, at, names, lose))
    else content.push(...userBlock(block, at, lose))
  }
  if (results.length > 0) {
    const last = messages.at(-1)
    if (last?.role === 'tool') messages[messages.length - 1] = { role: 'tool', content: [...last.content, ...results] }
    else messages.push({ role: 'tool', content: results })
  }
  if (content.length > 0) messages.push({ role: 'user', content })
}

function userBlock(block: Block, path: string, lose: ReportLoss): Exclude<UserPart, { type: 'audio' }>[] {
  switch (block.type) {
    case 'text':
      return decodeText(block, path, lose)
    case 'image':
      return some(decodeImage(block, path, lose))
    case 'document':
      return some(decodeDocument(block, path, lose))
    case 'search_result':
      return [decodeSearchResult(block, path, lose)]
    case 'tool_reference':
      return [decodeToolReference(block, path, lose)]
    default:
      lose(path, 'dropped', `a block of the type "${block.type}" is known to Anthropic alone`)
      return []
  }
}

/** A caller's own search of its tools answers with these alone: without them it would have found nothing. */
function decodeToolReference(block: Block, path: string, lose: ReportLoss): TextPart {
  lose(path, 'approximated', 'a tool that was found is told as text')
  return { ...foundTool(asString(block.tool_name) ?? ''), ...cacheHint(block.cache_control) }
}

const some = <T>(part: T | undefined): T[] => (part === undefined ? [] : [part])

function toolResult(block: Block, path: string, names: Map<string, string>, lose: ReportLoss): ToolResultPart {
  const id = asString(block.tool_use_id)
  if (id === undefined) throw invalid(`${path}.tool_use_id`, 'must name the tool call that it answers.')
  const name = names.get(id)
  return {
    type: 'tool-result',
    id,
    ...(name !== undefined && { name }),
    content: blocksOf(block.content).flatMap((inner, index) => {
      const at = `${path}.content[${index}]`
      noticeUnread(inner, at, lose)
      return userBlock(inner, at, lose)
    }),
    ...(block.is_error === true && { isError: true }),
    ...cacheHint(block.cache_control),
  }
}

function decodeText(block: Block, path: string, lose: ReportLoss): TextPart[] {
  const text = asString(block.text)
  if (block.type !== 'text' || text === undefined) {
    lose(path, 'dropped', 'only text is carried here')
    return []
  }
  const citations = readCitations(block.citations, text.length)
  return [{ type: 'text', text, ...(citations.length > 0 && { citations }), ...cacheHint(block.cache_control) }]
}

function assistantTurn(blocks: Block[], path: string, names: Map<string, string>, lose: ReportLoss): Message[] {
  const content: AssistantPart[] = []
  const signatures = new Map<string, ToolCallPart['signature']>()
  for (const [index, block] of blocks.entries()) {
    const at = `${path}[${index}]`
    noticeUnread(block, at, lose)
    switch (block.type) {
      case 'text': {
        const signature = signatures.get(nextText)
        signatures.delete(nextText)
        content.push(...decodeText(block, at, lose).map((part) => ({ ...part, ...(signature && { signature }) })))
        break
      }
      case 'thinking':
      case 'redacted_thinking':
        decodeThinking(block, content, signatures)
        break
      case 'tool_use':
        content.push(toolCall(block, at, names))
        break
      case 'compaction':
        content.push(...decodeCompaction(block, at, lose))
        break
      default:
        lose(at, 'dropped', `a block of the type "${block.type}" is known to Anthropic alone`)
    }
  }
  const signed = content.map((part) => {
    const signature = part.type === 'tool-call' ? signatures.get(part.id) : undefined
    return signature ? { ...part, signature } : part
  })
  return signed.length > 0 ? [{ role: 'assistant', content: signed }] : []
}

/** It may be all that its caller has kept of what was said before. */
function decodeCompaction(block: Block, path: string, lose: ReportLoss): TextPart[] {
  const text = asString(block.content)
  if (text) lose(path, 'approximated', 'the summary of what was said before is told as text')
  else lose(path, 'dropped', 'what it holds is for Anthropic alone')
  return text ? [{ type: 'text', text, ...cacheHint(block.cache_control) }] : []
}

/** A block of thinking, or the carrier of a signature that belongs to a part beside it. */
function decodeThinking(block: Block, content: AssistantPart[], signatures: Map<string, ToolCallPart['signature']>): void {
  const redacted = block.type === 'redacted_thinking'
  const { of, id, signature } = unpack(asString(redacted ? block.data : block.signature) ?? '')
  if (of === 'tool-call' || id === nextText) {
    if (id !== undefined) signatures.set(id, signature)
    return
  }
  if (of === 'text') {
    const at = content.findLastIndex(({ type }) => type === 'text')
    const text = content[at]
    if (text?.type === 'text' && signature) content[at] = { ...text, signature }
    return
  }
  content.push({
    type: 'reasoning',
    text: redacted ? '' : (asString(block.thinking) ?? ''),
    ...(redacted && { redacted }),
    ...(id !== undefined && { id }),
    ...(signature && { signature }),
  })
}

function toolCall(block: Block, path: string, names: Map<string, string>): ToolCallPart {
  const id = asString(block.id)
  const name = asString(block.name)
  if (id === undefined || name === undefined) throw invalid(path, 'must have an `id` and a `name`.')
  names.set(id, name)
  return {
    type: 'tool-call',
    id,
    name,
    arguments: isObject(block.input) ? JSON.stringify(block.input) : '{}',
    ...cacheHint(block.cache_control),
  }
}
