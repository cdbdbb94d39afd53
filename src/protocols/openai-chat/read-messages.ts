/** The caller's messages in neutral words. */
import { asArray, asObject, asObjects, asString, isObject, type Members } from '../../core/json.js'
import type { AssistantPart, Message, TextPart, ToolCallPart, ToolResultPart } from '../../core/message.js'
import { openAiCacheHint } from '../cache-hint.js'
import { argumentsOf } from '../custom-tool.js'
import { readExtraContent } from '../extra-content.js'
import { invalid } from '../invalid.js'
import type { ReportLoss } from '../protocol.js'
import { readImage, readSpoken, readText, readUserPart } from './media.js'
import { readReasoning, signedCalls, textSignature } from './reasoning.js'
import { noticeUnread } from './wire.js'

const common = ['role', 'content', 'cache_control']
const members = {
  system: new Set(common),
  user: new Set([...common, 'name']),
  assistant: new Set([
    ...common,
    ...['name', 'refusal', 'tool_calls', 'function_call', 'audio', 'images'],
    ...['reasoning_content', 'reasoning', 'reasoning_details'],
    // What an answer has and a request need not: callers send answers back as they came.
    ...['annotations', 'parsed'],
  ]),
  tool: new Set([...common, 'tool_call_id', 'name']),
  call: new Set(['id', 'type', 'index', 'function', 'custom', 'extra_content', 'cache_control']),
  // The SDKs' own helpers put the parsed arguments there.
  called: new Set(['name', 'arguments', 'input', 'parsed_arguments']),
}

/** What later messages need to know of earlier ones. */
interface History {
  readonly messages: Message[]
  /** The names of the functions called, by the id of the call. */
  readonly names: Map<string, string>
  /** The last call in the words of old, which have no ids. */
  functionCall?: string
  /** Of the last turn, which may be many: they are not copied for each new one. */
  results?: ToolResultPart[]
  readonly lose: ReportLoss
}

type MessageReader = (message: Members, path: string, history: History) => void

const readers = new Map<unknown, MessageReader>([
  ['system', readSystem],
  ['developer', readSystem],
  ['user', readUser],
  ['assistant', readAssistant],
  ['tool', readToolResult],
  ['function', readFunctionResult],
])

export function readMessages(messages: unknown, lose: ReportLoss): Message[] {
  if (!Array.isArray(messages) || messages.length === 0) throw invalid('messages', 'is to be a list with at least one message.')
  const history: History = { messages: [], names: new Map(), lose }
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`
    if (!isObject(message)) throw invalid(path, 'is to be an object with a `role` and `content`.')
    const read = readers.get(message.role)
    if (!read) throw invalid(`${path}.role`, 'is to be "system", "developer", "user", "assistant" or "tool".')
    read(message, path, history)
  }
  return history.messages
}

function readSystem(message: Members, path: string, { messages, lose }: History): void {
  noticeUnread(message, members.system, path, lose)
  messages.push({ role: 'system', content: readTexts(message, path, lose) })
}

function readUser(message: Members, path: string, { messages, lose }: History): void {
  noticeUnread(message, members.user, path, lose)
  const content = contentParts(message, path).flatMap(
    (part, index) => readUserPart(part, `${path}.content[${index}]`, lose) ?? [],
  )
  messages.push({ role: 'user', content: cachedLast(content, message, path, lose), ...named(message) })
}

function readAssistant(message: Members, path: string, history: History): void {
  const { lose } = history
  noticeUnread(message, members.assistant, path, lose)
  const calls = readCalls(message, path, history)
  const { parts, signatures } = readReasoning(message, path, lose)
  const content = [...readAnswerParts(message, path, lose)]
  const signature = textSignature(signatures, new Set(calls.map(({ id }) => id)))
  if (signature) signText(content, signature)
  history.messages.push({
    role: 'assistant',
    content: cachedLast([...parts, ...content, ...signedCalls(calls, signatures)], message, path, lose),
    ...named(message),
  })
}

function signText(content: AssistantPart[], signature: NonNullable<TextPart['signature']>): void {
  const at = content.findLastIndex(({ type }) => type === 'text')
  const text = content[at]
  if (text?.type === 'text') content[at] = { ...text, signature }
  else content.push({ type: 'text', text: '', signature })
}

function* readAnswerParts(message: Members, path: string, lose: ReportLoss): Generator<AssistantPart> {
  if (message.content !== null && message.content !== undefined) {
    for (const [index, part] of contentParts(message, path).entries()) {
      if (isObject(part) && part.type === 'refusal') yield { type: 'refusal', text: asString(part.refusal) ?? '' }
      else if (isObject(part) && part.type === 'thinking') yield { type: 'reasoning', text: thinkingText(part) }
      else yield* assistantText(part, `${path}.content[${index}]`, lose)
    }
  }
  if (typeof message.refusal === 'string' && message.refusal !== '') yield { type: 'refusal', text: message.refusal }
  for (const [index, image] of asArray(message.images).entries())
    yield readImage(asObject(image), `${path}.images[${index}]`, lose)
  // Whoever sends an answer back as it came sends the sound itself; others its id, which means something to its vendor only.
  const spoken = readSpoken(message.audio)
  const id = asString(asObject(message.audio).id)
  if (spoken.length > 0) yield* spoken
  else if (id) yield { type: 'audio', source: { kind: 'file-id', id } }
}

function* assistantText(part: unknown, path: string, lose: ReportLoss): Generator<TextPart> {
  const text = readTextPart(part, path, lose)
  // An assistant's turn of nothing but calls often comes with an empty text, which other vendors refuse.
  if (text && text.text !== '') yield text
}

/** Mistral's chunk of thinking: a list of text chunks. */
export function thinkingText(chunk: Members): string {
  return asObjects(chunk.thinking)
    .map(({ text }) => asString(text) ?? '')
    .join('')
}

function readCalls(message: Members, path: string, history: History): ToolCallPart[] {
  const calls = asArray(message.tool_calls).map((call, index) => readCall(call, `${path}.tool_calls[${index}]`, history))
  if (isObject(message.function_call)) {
    const id = `call_${history.messages.length}`
    calls.push(readCall({ id, function: message.function_call }, `${path}.function_call`, history))
    history.functionCall = id
  }
  return calls
}

function readCall(call: unknown, path: string, { names, lose }: History): ToolCallPart {
  if (!isObject(call)) throw invalid(path, 'is to be an object.')
  noticeUnread(call, members.call, path, lose)
  const id = asString(call.id)
  if (!id) throw invalid(`${path}.id`, 'is to be the id of the call.')
  const custom = call.type === 'custom'
  const called = asObject(custom ? call.custom : call.function)
  noticeUnread(called, members.called, `${path}.${custom ? 'custom' : 'function'}`, lose)
  const { name, arguments: given, input } = called
  if (typeof name !== 'string' || name === '') throw invalid(`${path}.function.name`, 'is to be the name of a function.')
  if (custom) lose(path, 'approximated', 'A call of a custom tool is sent as a call of a function with the argument `input`.')
  names.set(id, name)
  const signature = readExtraContent(call)
  return {
    type: 'tool-call',
    id,
    name,
    arguments: custom ? argumentsOf(input) : argumentsText(given),
    ...(signature && { signature }),
    ...openAiCacheHint(call, path, lose),
  }
}

/** Some vendors write arguments as an object where OpenAI writes its text, and nothing, or `""`, where there are none. */
export function argumentsText(given: unknown): string {
  if (typeof given !== 'string') return isObject(given) ? JSON.stringify(given) : '{}'
  return given.trim() === '' ? '{}' : given
}

function readToolResult(message: Members, path: string, history: History): void {
  noticeUnread(message, members.tool, path, history.lose)
  const id = asString(message.tool_call_id)
  if (!id) throw invalid(`${path}.tool_call_id`, 'is to be the id of the call that this answers.')
  pushResult(id, message, path, history)
}

/** The role that `tool` replaced: it answers by name the one call there was. */
function readFunctionResult(message: Members, path: string, history: History): void {
  noticeUnread(message, members.tool, path, history.lose)
  if (!history.functionCall) throw invalid(path, 'answers a function that no message before it calls.')
  pushResult(history.functionCall, message, path, history)
}

/** The results of one turn stand together in one neutral message. */
function pushResult(id: string, message: Members, path: string, history: History): void {
  const { messages, names, lose } = history
  const name = names.get(id) ?? asString(message.name)
  const result: ToolResultPart = {
    type: 'tool-result',
    id,
    ...(name !== undefined && { name }),
    content: readResultContent(message, path, lose),
    ...openAiCacheHint(message, path, lose),
  }
  if (messages.at(-1)?.role === 'tool') history.results?.push(result)
  else {
    history.results = [result]
    messages.push({ role: 'tool', content: history.results })
  }
}

/** OpenAI takes texts here; images and files are what its compatible vendors, and so their callers, add. */
function readResultContent(message: Members, path: string, lose: ReportLoss): ToolResultPart['content'] {
  if (message.content === null || message.content === undefined) return []
  return contentParts(message, path).flatMap((part, index) => {
    const read = readUserPart(part, `${path}.content[${index}]`, lose)
    if (read?.type !== 'audio') return read && (read.type !== 'text' || read.text !== '') ? [read] : []
    lose(`${path}.content[${index}]`, 'dropped', 'The result of a tool cannot be sound.')
    return []
  })
}

function readTexts(message: Members, path: string, lose: ReportLoss): TextPart[] {
  const texts = contentParts(message, path).flatMap((part, index) => readTextPart(part, `${path}.content[${index}]`, lose) ?? [])
  return cachedLast(texts, message, path, lose)
}

function readTextPart(part: unknown, path: string, lose: ReportLoss): TextPart | undefined {
  if (typeof part === 'string') return { type: 'text', text: part }
  if (!isObject(part)) throw invalid(path, 'is to be a content part: an object with a `type`.')
  if (part.type === 'text') return readText(part, path, lose)
  lose(path, 'dropped', 'Only text has a place in this message.')
  return undefined
}

/** A text stands for the list of one text part. */
function contentParts({ content }: Members, path: string): unknown[] {
  if (typeof content === 'string') return [content]
  if (Array.isArray(content)) return content
  throw invalid(`${path}.content`, 'is to be a string or a list of content parts.')
}

function named(message: Members): { name?: string } {
  return typeof message.name === 'string' ? { name: message.name } : {}
}

/** A breakpoint on a message is one after its last part. */
function cachedLast<Part extends Message['content'][number]>(
  parts: Part[],
  message: Members,
  path: string,
  lose: ReportLoss,
): Part[] {
  const { cache } = openAiCacheHint(message, path, lose)
  const last = parts.at(-1)
  if (!cache || !last || !('type' in last)) return parts
  if (last.type === 'audio' || last.type === 'refusal' || last.type === 'reasoning') return parts
  return [...parts.slice(0, -1), { ...last, cache }]
}
