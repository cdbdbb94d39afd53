/** The neutral history as Anthropic's turns: user and assistant in alternation, results of tools right after the calls. */
import type {
  AssistantPart,
  Message,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  UserPart,
} from '../../core/message.js'
import type { ReportLoss } from '../protocol.js'
import { encodeFile, encodeImage, type MediaContext } from './media.js'
import { toolCallId, toolInput } from './tools.js'
import { cacheControl, type Sdk } from './wire.js'

export interface HistoryContext {
  /** The last turn may be the assistant's. */
  readonly prefill: boolean
  /** A system message may stand between the turns. */
  readonly systemBetween: boolean
  readonly addresses: boolean
  readonly lose: ReportLoss
}

export interface EncodedHistory {
  readonly system: Sdk.TextBlockParam[]
  readonly messages: Sdk.MessageParam[]
}

interface Turn {
  readonly role: 'user' | 'assistant' | 'system'
  blocks: Sdk.ContentBlockParam[]
}

export function encodeMessages(messages: readonly Message[], context: HistoryContext): EncodedHistory {
  const turns: Turn[] = []
  let system: Sdk.TextBlockParam[] = []
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`
    if (message.role === 'system') {
      const blocks = message.content.flatMap((part, at) => textBlock(part, `${path}.content[${at}]`, context.lose))
      if (turns.length > 0 && context.systemBetween && mayStandAt(index, messages, turns)) add(turns, 'system', blocks)
      else {
        if (turns.length > 0)
          context.lose(path, 'approximated', 'a system message between the turns is moved to the system prompt')
        system.push(...blocks)
      }
      continue
    }
    if ('name' in message && message.name !== undefined) context.lose(`${path}.name`, 'dropped', 'speakers have no names here')
    if (message.role === 'assistant') add(turns, 'assistant', message.content.flatMap(assistantPart(path, context)))
    else if (message.role === 'tool') add(turns, 'user', message.content.map(toolResult(path, context)))
    else add(turns, 'user', message.content.flatMap(userPart(path, context)))
  }
  if (turns.length === 0 && system.length > 0) {
    context.lose('messages', 'approximated', 'a request needs a user message: the system message is sent as one')
    add(turns, 'user', system)
    system = []
  }
  for (const turn of turns) turn.blocks = inOrder(turn)
  endWithUser(turns, context)
  return { system, messages: turns.map(({ role, blocks }) => ({ role, content: blocks }) as Sdk.MessageParam) }
}

/** https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages: right after a user turn, before the assistant's. */
function mayStandAt(index: number, messages: readonly Message[], turns: readonly Turn[]): boolean {
  const next = messages.slice(index + 1).find(({ role }) => role !== 'system')
  return turns.at(-1)?.role !== 'assistant' && (next === undefined || next.role === 'assistant')
}

/** A turn that says nothing is left out, and two of the same role become one. */
function add(turns: Turn[], role: Turn['role'], blocks: Sdk.ContentBlockParam[]): void {
  const last = turns.at(-1)
  if (blocks.length === 0) return
  if (last?.role === role) last.blocks.push(...blocks)
  else turns.push({ role, blocks: [...blocks] })
}

/** Thinking comes first and tool calls last in an assistant turn; results of tools come first in a user turn. */
function inOrder({ role, blocks }: Turn): Sdk.ContentBlockParam[] {
  if (role === 'system') return blocks
  const rank = role === 'user' ? userRank : assistantRank
  const ranks = blocks.map(rank)
  const sorted = role === 'user' ? ranks.every((own, at) => at === 0 || own >= (ranks[at - 1] ?? 0)) : assistantInOrder(ranks)
  return sorted ? blocks : blocks.toSorted((a, b) => rank(a) - rank(b))
}

const userRank = ({ type }: Sdk.ContentBlockParam) => (type === 'tool_result' ? 0 : 1)
const assistantRank = ({ type }: Sdk.ContentBlockParam) => {
  if (type === 'thinking' || type === 'redacted_thinking') return 0
  return type === 'tool_use' ? 2 : 1
}

/** Claude may think between its texts and calls: such a turn is sent back in the order in which it came. */
function assistantInOrder(ranks: readonly number[]): boolean {
  const firstCall = ranks.indexOf(2)
  const thinkingLeads = ranks[0] === 0 || !ranks.includes(0)
  return thinkingLeads && (firstCall < 0 || ranks.lastIndexOf(1) < firstCall)
}

function endWithUser(turns: Turn[], { prefill, lose }: HistoryContext): void {
  const last = turns.at(-1)
  if (last?.role !== 'assistant' || last.blocks.some(({ type }) => type === 'tool_use')) return
  if (!prefill) {
    lose('messages', 'dropped', 'this model does not continue an assistant message: the last one is left out')
    turns.pop()
    return
  }
  const end = last.blocks.at(-1)
  if (end?.type !== 'text' || end.text === end.text.trimEnd()) return
  lose('messages', 'approximated', 'an assistant message that is continued must not end in white space: it is trimmed')
  last.blocks[last.blocks.length - 1] = { ...end, text: end.text.trimEnd() }
}

/** A text of nothing but white space is refused by the vendor; an empty one says nothing. */
function textBlock(part: TextPart, path: string, lose: ReportLoss): Sdk.TextBlockParam[] {
  if (part.text.trim() === '') {
    if (part.text) lose(path, 'dropped', 'a text of white space alone is refused')
    return []
  }
  if (part.citations?.length) lose(`${path}.annotations`, 'approximated', 'the text is sent back without its citations')
  return [{ type: 'text', text: part.text, ...cacheControl(part.cache) }]
}

function userPart(path: string, context: HistoryContext) {
  return (part: UserPart, index: number): Sdk.ContentBlockParam[] => {
    const at = `${path}.content[${index}]`
    if (part.type !== 'audio') return contentBlock(part, at, context)
    context.lose(
      at,
      part.transcript ? 'approximated' : 'dropped',
      part.transcript ? 'speech is sent as its transcript' : 'speech is not heard',
    )
    return part.transcript ? textBlock({ type: 'text', text: part.transcript }, at, context.lose) : []
  }
}

type ContentBlock = Sdk.TextBlockParam | Sdk.ImageBlockParam | Sdk.DocumentBlockParam

function contentBlock(part: Exclude<UserPart, { type: 'audio' }>, path: string, context: HistoryContext): ContentBlock[] {
  const media: MediaContext = { path, addresses: context.addresses, lose: context.lose }
  if (part.type === 'text') return textBlock(part, path, context.lose)
  const block = part.type === 'image' ? encodeImage(part, media) : encodeFile(part, media)
  return block ? [block] : []
}

function toolResult(path: string, context: HistoryContext) {
  return (part: ToolResultPart, index: number): Sdk.ToolResultBlockParam => {
    const content = part.content.flatMap((inner, at) => contentBlock(inner, `${path}.content[${index}].content[${at}]`, context))
    return {
      type: 'tool_result',
      tool_use_id: toolCallId(part.id),
      ...(content.length > 0 && { content }),
      ...(part.isError && { is_error: true }),
      ...cacheControl(part.cache),
    }
  }
}

function assistantPart(path: string, { lose }: HistoryContext) {
  return (part: AssistantPart, index: number): Sdk.ContentBlockParam[] => {
    const at = `${path}.content[${index}]`
    switch (part.type) {
      case 'text':
        return textBlock(part, at, lose)
      case 'refusal':
        return textBlock({ type: 'text', text: part.text }, at, lose)
      case 'reasoning':
        return thinkingBlock(part, at, lose)
      case 'tool-call':
        return [toolUse(part, at, lose)]
      default:
        lose(at, 'dropped', `an assistant message holds no ${part.type} here`)
        return []
    }
  }
}

/** Byte for byte as it came: Claude checks the signature, and an empty block can be signed too. */
function thinkingBlock(part: ReasoningPart, path: string, lose: ReportLoss): Sdk.ContentBlockParam[] {
  const { text, signature, redacted } = part
  if (signature?.format !== 'anthropic-claude-v1') {
    lose(path, 'dropped', signature ? 'reasoning that another vendor signed' : 'reasoning without the signature of Claude')
    return []
  }
  if (redacted) return [{ type: 'redacted_thinking', data: signature.value }]
  return [{ type: 'thinking', thinking: text, signature: signature.value }]
}

function toolUse(part: ToolCallPart, path: string, lose: ReportLoss): Sdk.ToolUseBlockParam {
  const input = toolInput(part.arguments)
  if (!input) lose(`${path}.function.arguments`, 'approximated', 'they are no JSON object and are sent as text inside of one')
  return {
    type: 'tool_use',
    id: toolCallId(part.id),
    name: part.name,
    input: input ?? { invalid_arguments: part.arguments },
    ...cacheControl(part.cache),
  }
}
