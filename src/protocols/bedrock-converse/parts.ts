/** Each part of a message as Bedrock's blocks. */
import { parseExact } from '../../core/exact-json.js'
import { isObject } from '../../core/json.js'
import type {
  AssistantPart,
  CacheHint,
  FilePart,
  ImagePart,
  Message,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  UserPart,
} from '../../core/message.js'
import type { ReportLoss } from '../protocol.js'
import { cachePoint } from './cache.js'
import { encodeAudio, encodeFile, encodeImage, type MediaContext } from './media.js'
import type { ModelHabits } from './models.js'
import type { ContentBlock, Document, SystemBlock, ToolResultContentBlock } from './wire.js'

/** One part of a message, with the cache point that may follow it. Parts of a turn are sent by rank, else as they came. */
export interface Piece {
  readonly kind: 'reasoning' | 'result' | 'content' | 'call'
  readonly blocks: readonly ContentBlock[]
}

export interface PartContext extends MediaContext {
  readonly habits: ModelHabits
}

export const content = (...blocks: ContentBlock[]): Piece => ({ kind: 'content', blocks })

export function encodeParts(message: Exclude<Message, { role: 'system' }>, path: string, context: PartContext): Piece[] {
  const each = <Part>(parts: readonly Part[], encode: (part: Part, path: string, context: PartContext) => Piece | undefined) =>
    parts.map((part, at) => encode(part, `${path}.content[${at}]`, context)).filter((piece) => piece !== undefined)
  switch (message.role) {
    case 'user':
      return each(message.content, encodeUserPart)
    case 'assistant':
      return each(message.content, encodeAssistantPart)
    case 'tool':
      return each(message.content, encodeToolResult)
  }
}

export function encodeSystem(part: TextPart, path: string, { habits, lose }: PartContext): SystemBlock[] {
  if (isBlank(part.text, path, lose)) return []
  return [{ text: part.text }, ...cachePoint(part.cache, 'system', path, habits, lose)]
}

/** Bedrock refuses blank text, which other vendors send beside tool calls. */
function isBlank(text: string, path: string, lose: ReportLoss): boolean {
  if (text.trim() !== '') return false
  if (text !== '') lose(path, 'dropped', 'Bedrock takes no blank text')
  return true
}

function encodeUserPart(part: UserPart, path: string, context: PartContext): Piece | undefined {
  switch (part.type) {
    case 'text':
      return encodeText(part, path, context)
    case 'image':
      return content(encodeImage(part, path, context), ...cached(part.cache, path, context))
    case 'file':
      return content(encodeFile(part, path, context), ...cached(part.cache, path, context))
    case 'audio':
      return content(encodeAudio(part, path))
  }
}

function cached(hint: CacheHint | undefined, path: string, { habits, lose }: PartContext): ContentBlock[] {
  return cachePoint(hint, 'messages', path, habits, lose)
}

function encodeText(part: TextPart, path: string, context: PartContext): Piece | undefined {
  const { lose } = context
  if (part.citations?.length) lose(`${path}.annotations`, 'dropped', 'citations of an earlier answer are not sent back')
  if (part.signature) lose(`${path}.signature`, 'dropped', 'it means something to its own vendor only')
  return isBlank(part.text, path, lose) ? undefined : content({ text: part.text }, ...cached(part.cache, path, context))
}

function encodeAssistantPart(part: AssistantPart, path: string, context: PartContext): Piece | undefined {
  const { lose } = context
  switch (part.type) {
    case 'text':
      return encodeText(part, path, context)
    case 'refusal':
      lose(path, 'approximated', 'a refusal is told as text')
      return isBlank(part.text, path, lose) ? undefined : content({ text: part.text })
    case 'reasoning':
      return encodeReasoning(part, path, context)
    case 'tool-call':
      return encodeCall(part, path, context)
    case 'image':
      lose(path, 'dropped', 'Bedrock takes images from the user only')
      return undefined
    case 'audio':
      lose(path, part.transcript ? 'approximated' : 'dropped', 'Bedrock takes no sound from the assistant, only what was said')
      return part.transcript ? content({ text: part.transcript }) : undefined
  }
}

function encodeReasoning(part: ReasoningPart, path: string, { habits, lose }: PartContext): Piece | undefined {
  const { signature, text, redacted } = part
  if (!signature || signature.format !== habits.signature) {
    lose(
      path,
      'dropped',
      signature ? 'the reasoning was signed by another vendor' : 'Bedrock takes only reasoning that its model signed',
    )
    return undefined
  }
  const reasoningContent = redacted
    ? { redactedContent: signature.value }
    : { reasoningText: { text, signature: signature.value } }
  return { kind: 'reasoning', blocks: [{ reasoningContent }] }
}

function encodeCall(part: ToolCallPart, path: string, context: PartContext): Piece {
  const { lose } = context
  const { id, name, arguments: text, signature } = part
  if (signature) lose(`${path}.signature`, 'dropped', 'it means something to its own vendor only')
  const parsed = text.trim() === '' ? {} : parseExact(text)
  if (!isObject(parsed)) lose(`${path}.function.arguments`, 'approximated', 'they are no JSON object: sent as text inside one')
  const input = (isObject(parsed) ? parsed : { arguments: text }) as Document
  return { kind: 'call', blocks: [{ toolUse: { toolUseId: toolUseId(id), name, input } }, ...cached(part.cache, path, context)] }
}

/** Letters, digits, `_` and `-`, at most 64. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html */
function toolUseId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, (character) => `_${character.charCodeAt(0).toString(16)}`).slice(-64)
}

function encodeToolResult(part: ToolResultPart, path: string, context: PartContext): Piece {
  const { habits, lose } = context
  const inner = part.content.flatMap((item, at) => encodeResultItem(item, `${path}.content[${at}]`, context) ?? [])
  const hint = part.cache ?? part.content.findLast(({ cache }) => cache)?.cache
  if (inner.length === 0 && part.content.length > 0)
    lose(path, 'approximated', 'Bedrock takes no blank text: the result says that there was none')
  if (part.isError && !habits.toolStatus) lose(`${path}.is_error`, 'dropped', 'this model is not told whether a tool failed')
  const toolResult = {
    toolUseId: toolUseId(part.id),
    content: inner.length > 0 ? inner : [{ text: '(no output)' }],
    ...(part.isError && habits.toolStatus && { status: 'error' as const }),
  }
  return { kind: 'result', blocks: [{ toolResult }, ...cached(hint, path, context)] }
}

function encodeResultItem(
  item: TextPart | ImagePart | FilePart,
  path: string,
  context: PartContext,
): ToolResultContentBlock | undefined {
  switch (item.type) {
    case 'text':
      return item.text.trim() === '' ? undefined : { text: item.text }
    case 'image':
      return encodeImage(item, path, context)
    case 'file': {
      const block = encodeFile(item, path, context)
      if (!block.audio) return block
      context.lose(path, 'dropped', 'Bedrock takes no sound in a tool result')
      return undefined
    }
  }
}
