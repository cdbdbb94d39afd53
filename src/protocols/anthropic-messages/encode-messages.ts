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
import { withUniqueCalls } from '../unique-calls.js'
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
  /** Where it stood, for the report. */
  readonly path: string
  blocks: Sdk.ContentBlockParam[]
}

export function encodeMessages(messages: readonly Message[], context: HistoryContext): EncodedHistory {
  const said = withUniqueCalls(messages)
    .map((message, index) => turnOf(message, `messages[${index}]`, context))
    .filter(({ blocks }) => blocks.length > 0)
  const { system, turns } = placeSystem(withoutIdleThinking(said, context.lose), context)
  if (turns.length === 0 && system.length > 0) {
    context.lose('messages', 'approximated', 'a request needs a user message: the system message is sent as one')
    return { system: [], messages: [{ role: 'user', content: system }] }
  }
  for (const turn of turns) turn.blocks = finished(inOrder(turn), context.lose)
  endWithUser(turns, context)
  return { system, messages: turns.map(({ role, blocks }) => ({ role, content: blocks }) as Sdk.MessageParam) }
}

function turnOf(message: Message, path: string, context: HistoryContext): Turn {
  if ('name' in message && message.name !== undefined) context.lose(`${path}.name`, 'dropped', 'speakers have no names here')
  switch (message.role) {
    case 'system': {
      const text = (part: TextPart, index: number) => textBlock(part, `${path}.content[${index}]`, context.lose)
      return { role: 'system', path, blocks: message.content.flatMap(text) }
    }
    case 'assistant':
      return { role: 'assistant', path, blocks: message.content.flatMap(assistantPart(path, context)) }
    case 'tool':
      return { role: 'user', path, blocks: message.content.map(toolResult(path, context)) }
    case 'user':
      return { role: 'user', path, blocks: message.content.flatMap(userPart(path, context)) }
  }
}

const isThinking = ({ type }: Sdk.ContentBlockParam) => type === 'thinking' || type === 'redacted_thinking'

/** An answer that was cut while it was still thinking has said nothing, and the vendor refuses it. */
function withoutIdleThinking(turns: readonly Turn[], lose: ReportLoss): Turn[] {
  const talk = turns.filter(({ role }) => role !== 'system')
  return turns.filter((turn) => {
    if (turn.role !== 'assistant' || !turn.blocks.every(isThinking)) return true
    const at = talk.indexOf(turn)
    const start = talk.findLastIndex(({ role }, index) => index < at && role === 'user') + 1
    const end = talk.findIndex(({ role }, index) => index > at && role === 'user')
    if (talk.slice(start, end < 0 ? undefined : end).some(({ blocks }) => !blocks.every(isThinking))) return true
    lose(turn.path, 'dropped', 'thinking that nothing follows is refused')
    return false
  })
}

/**
 * Merges neighbours of one role. A system message may stand right after a user turn and before the assistant's
 * (https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages), where the model knows it.
 */
function placeSystem(
  said: readonly Turn[],
  { systemBetween, lose }: HistoryContext,
): { system: Sdk.TextBlockParam[]; turns: Turn[] } {
  const system: Sdk.ContentBlockParam[] = []
  const turns: Turn[] = []
  for (const [index, turn] of said.entries()) {
    const last = turns.at(-1)
    const stays = turn.role === 'system' && systemBetween && last && last.role !== 'assistant' && !userFollows(said, index)
    if (turn.role === 'system' && !stays) {
      if (last) lose(turn.path, 'approximated', 'a system message between the turns is moved to the system prompt')
      system.push(...turn.blocks)
    } else if (last?.role === turn.role) last.blocks.push(...turn.blocks)
    else turns.push(turn)
  }
  return { system: system as Sdk.TextBlockParam[], turns }
}

function userFollows(said: readonly Turn[], index: number): boolean {
  return said.slice(index + 1).find(({ role }) => role !== 'system')?.role === 'user'
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
const assistantRank = (block: Sdk.ContentBlockParam) => (isThinking(block) ? 0 : block.type === 'tool_use' ? 2 : 1)

/** A turn must not end in thinking. */
function finished(blocks: Sdk.ContentBlockParam[], lose: ReportLoss): Sdk.ContentBlockParam[] {
  const end = blocks.findLastIndex((block) => !isThinking(block)) + 1
  if (end < blocks.length) lose('messages', 'dropped', 'thinking that nothing follows is refused')
  return blocks.slice(0, end)
}

/** Claude may think between its texts and calls: such a turn is sent back in the order in which it came. */
function assistantInOrder(ranks: readonly number[]): boolean {
  const firstCall = ranks.indexOf(2)
  const thinkingLeads = ranks[0] === 0 || !ranks.includes(0)
  const callsEnd = firstCall < 0 || (ranks.lastIndexOf(1) < firstCall && ranks.at(-1) === 2)
  return thinkingLeads && callsEnd
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

/** Claude signs its thinking, and neither texts nor calls. */
const anothers = 'it means something to its own vendor only'

/** A text of nothing but white space is refused by the vendor; an empty one says nothing. */
function textBlock(part: TextPart, path: string, lose: ReportLoss): Sdk.TextBlockParam[] {
  if (part.signature) lose(`${path}.signature`, 'dropped', anothers)
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
  if (part.signature) lose(`${path}.signature`, 'dropped', anothers)
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
