/** From `input` items to messages. One turn of the assistant is several items here, and one message there. */
import { asArray, asObject, asString, isObject, type Members } from '../../core/json.js'
import type { AssistantPart, CacheHint, Message, TextPart, Tool, ToolResultPart, UserPart } from '../../core/message.js'
import { openAiCacheHint } from '../cache-hint.js'
import { argumentsOf } from '../custom-tool.js'
import { readExtraContent } from '../extra-content.js'
import { lookup } from '../lookup.js'
import type { ReportLoss } from '../protocol.js'
import { decodeAnnotations } from './annotations.js'
import { decodeAudio, decodeContent } from './media.js'
import { joined } from './namespace.js'
import { reasoningParts } from './reasoning.js'
import { foundIn, isOfCaller, searchName } from './tool-search.js'
import { decodeTools } from './tools.js'
import { invalid, noticeUnread, phaseOf } from './wire.js'

interface History {
  readonly messages: Message[]
  /** Names of the tools by call, for vendors whose results go by name. */
  readonly names: Map<string, string>
  /** Tools that are offered in the middle of it. */
  readonly found: Tool[]
  readonly lose: ReportLoss
}

type ItemReader = (item: Members, path: string, history: History) => void

const itemReaders: Readonly<Record<string, ItemReader>> = {
  message: readMessage,
  reasoning: readReasoning,
  function_call: readFunctionCall,
  function_call_output: readFunctionCallOutput,
  custom_tool_call: readCustomCall,
  custom_tool_call_output: readFunctionCallOutput,
  image_generation_call: readImageCall,
  tool_search_call: readSearch,
  tool_search_output: readFound,
  additional_tools: readAdded,
}

const messageMembers = new Set(['type', 'role', 'content', 'id', 'status', 'phase', 'cache_control'])
const outputTextMembers = new Set(['type', 'text', 'annotations', 'logprobs', 'parsed', 'extra_content', 'cache_control'])
const reasoningMembers = new Set(['type', 'id', 'summary', 'content', 'encrypted_content', 'status'])
const callMembers = new Set([
  'type',
  'id',
  'call_id',
  'name',
  'namespace',
  'arguments',
  'status',
  'parsed_arguments',
  'extra_content',
])
const customMembers = new Set(['type', 'id', 'call_id', 'name', 'namespace', 'input', 'status', 'extra_content'])
const outputMembers = new Set(['type', 'id', 'call_id', 'name', 'namespace', 'output', 'status', 'cache_control'])

export function decodeInput(input: unknown, lose: ReportLoss): Pick<History, 'messages' | 'found'> {
  if (typeof input === 'string') return { messages: [{ role: 'user', content: [{ type: 'text', text: input }] }], found: [] }
  if (!Array.isArray(input)) throw invalid('input', '`input` has to be a string or an array of items.')
  const history: History = { messages: [], names: new Map(), found: [], lose }
  for (const [index, item] of input.entries()) {
    const path = `input[${index}]`
    if (!isObject(item)) throw invalid(path, 'Each item of `input` has to be an object.')
    const type = asString(item.type) ?? (item.role === undefined ? 'item_reference' : 'message')
    const read = lookup(itemReaders, type)
    if (read) read(item, path, history)
    else lose(path, 'dropped', whyDropped(type))
  }
  return history
}

function whyDropped(type: string): string {
  if (type === 'item_reference') return 'It refers to an item that only OpenAI holds. Send the item itself.'
  return `An item of type "${type}" has no counterpart outside the Responses API.`
}

function readMessage(item: Members, path: string, history: History): void {
  const { lose } = history
  noticeUnread(item, messageMembers, path, lose)
  switch (item.role) {
    case 'assistant':
      turn(history).push(...readAssistantContent(item, path, lose))
      return
    case 'system':
    case 'developer': {
      const parts = readContent(item, path, lose)
      const content = parts.filter((part) => part.type === 'text')
      if (content.length < parts.length) lose(`${path}.content`, 'dropped', 'A system message holds text only.')
      history.messages.push({ role: 'system', content })
      return
    }
    case 'user':
      history.messages.push({ role: 'user', content: readContent(item, path, lose) })
      return
  }
  throw invalid(`${path}.role`, 'The role of a message is `user`, `assistant`, `system` or `developer`.')
}

function readContent(item: Members, path: string, lose: ReportLoss): UserPart[] {
  if (typeof item.content === 'string') return [{ type: 'text', text: item.content, ...openAiCacheHint(item, path, lose) }]
  if (!Array.isArray(item.content)) throw invalid(`${path}.content`, '`content` has to be a string or an array of parts.')
  const parts = item.content.flatMap((value, index): UserPart | [] => {
    const part = asObject(value)
    const at = `${path}.content[${index}]`
    return part.type === 'input_audio' ? decodeAudio(part, at) : (decodeContent(part, at, lose) ?? [])
  })
  return hinted(parts, openAiCacheHint(item, path, lose).cache)
}

/** A hint on the whole message stands after its last part. */
function hinted<P extends UserPart | AssistantPart>(parts: P[], cache: CacheHint | undefined): P[] {
  const last = parts.at(-1)
  if (cache && last && last.type !== 'audio') parts[parts.length - 1] = { ...last, cache }
  return parts
}

function readAssistantContent(item: Members, path: string, lose: ReportLoss): AssistantPart[] {
  const phase = phaseOf(item)
  if (typeof item.content === 'string')
    return [{ type: 'text', text: item.content, ...phase, ...openAiCacheHint(item, path, lose) }]
  const parts = asArray(item.content).flatMap((value, index): AssistantPart[] => {
    const part = asObject(value)
    const at = `${path}.content[${index}]`
    if (part.type === 'refusal') return [{ type: 'refusal', text: asString(part.refusal) ?? '' }]
    if (part.type === 'output_text') return [{ ...phase, ...readOutputText(part, at, lose) }]
    const read = decodeContent(part, at, lose)
    if (read?.type === 'file') lose(at, 'dropped', 'An assistant message holds no files.')
    return read && read.type !== 'file' ? [read] : []
  })
  return hinted(parts, openAiCacheHint(item, path, lose).cache)
}

function readOutputText(part: Members, path: string, lose: ReportLoss): TextPart {
  noticeUnread(part, outputTextMembers, path, lose)
  const citations = decodeAnnotations(part.annotations)
  const signature = readExtraContent(part)
  return {
    type: 'text',
    text: asString(part.text) ?? '',
    ...(citations.length > 0 && { citations }),
    ...(signature && { signature }),
    ...openAiCacheHint(part, path, lose),
  }
}

/** The parts of the assistant's turn that is under way, or of a new one. */
function turn({ messages }: History): AssistantPart[] {
  const last = messages.at(-1)
  // Only this file fills these messages, and each has its own array.
  if (last?.role === 'assistant') return last.content as AssistantPart[]
  const content: AssistantPart[] = []
  messages.push({ role: 'assistant', content })
  return content
}

/** One part for each text of the item; the last carries the encrypted whole. */
function readReasoning(item: Members, path: string, history: History): void {
  noticeUnread(item, reasoningMembers, path, history.lose)
  const parts = reasoningParts(item)
  if (parts.length === 0) history.lose(path, 'dropped', 'The reasoning item is empty: its content is only at OpenAI.')
  turn(history).push(...parts)
}

function readFunctionCall(item: Members, path: string, history: History): void {
  noticeUnread(item, callMembers, path, history.lose)
  const signature = readExtraContent(item)
  const given = asString(item.arguments) || '{}'
  turn(history).push({ ...readCall(item, path, history), arguments: given, ...(signature && { signature }) })
}

/** Of a tool that takes free text. */
function readCustomCall(item: Members, path: string, history: History): void {
  const { lose } = history
  noticeUnread(item, customMembers, path, lose)
  lose(path, 'approximated', 'A call of a custom tool is sent as a call of a function with the argument `input`.')
  const signature = readExtraContent(item)
  turn(history).push({ ...readCall(item, path, history), arguments: argumentsOf(item.input), ...(signature && { signature }) })
}

function readSearch(item: Members, path: string, history: History): void {
  if (!isOfCaller(item)) {
    history.lose(path, 'dropped', whyDropped('tool_search_call'))
    return
  }
  const given = JSON.stringify(isObject(item.arguments) ? item.arguments : {})
  turn(history).push({ ...readCall({ ...item, name: searchName }, path, history), arguments: given })
}

function readFound(item: Members, path: string, history: History): void {
  const { lose, messages } = history
  const tools = readAdded(item, path, history)
  const id = asString(item.call_id)
  if (!id || !isOfCaller(item)) {
    lose(path, 'dropped', 'It answers a search that OpenAI has made. What was found is offered.')
    return
  }
  lose(path, 'approximated', 'What a search of tools has found is told in words.')
  addResult(messages, { type: 'tool-result', id, name: searchName, content: foundIn(tools) })
}

function readAdded(item: Members, path: string, { found, lose }: History): Tool[] {
  const tools = decodeTools(asArray(item.tools), lose, `${path}.tools`)
  found.push(...tools)
  return tools
}

/** An image that the assistant made. */
function readImageCall(item: Members, path: string, history: History): void {
  const data = asString(item.result)
  const mediaType = `image/${asString(item.output_format) ?? 'png'}`
  if (data) turn(history).push({ type: 'image', source: { kind: 'base64', data, mediaType } })
  else history.lose(path, 'dropped', 'The image itself is only at OpenAI.')
}

function readCall(item: Members, path: string, { names }: History): { type: 'tool-call'; id: string; name: string } {
  const id = asString(item.call_id)
  const called = asString(item.name)
  if (!id) throw invalid(`${path}.call_id`, 'A call needs the `call_id` that its output refers to.')
  if (!called) throw invalid(`${path}.name`, 'A call needs the `name` of what is called.')
  const name = joined(item.namespace, called)
  names.set(id, name)
  return { type: 'tool-call', id, name }
}

function readFunctionCallOutput(item: Members, path: string, history: History): void {
  const { lose, messages, names } = history
  noticeUnread(item, outputMembers, path, lose)
  const id = asString(item.call_id)
  const called = asString(item.name)
  const name = (id && names.get(id)) ?? (called && joined(item.namespace, called))
  const content = readOutput(item.output, path, lose)
  const hint = openAiCacheHint(item, path, lose)
  if (!id) {
    lose(path, 'approximated', 'The output of a tool that was not called is told by the user.')
    const from = { type: 'text', text: `Output of the tool "${name ?? ''}":` } as const
    messages.push({ role: 'user', content: hinted<UserPart>([from, ...content], hint.cache) })
    return
  }
  addResult(messages, { type: 'tool-result', id, ...(name !== undefined && { name }), content, ...hint })
}

function addResult(messages: Message[], result: ToolResultPart): void {
  const last = messages.at(-1)
  if (last?.role === 'tool') (last.content as ToolResultPart[]).push(result)
  else messages.push({ role: 'tool', content: [result] })
}

function readOutput(output: unknown, path: string, lose: ReportLoss): ToolResultPart['content'] {
  if (typeof output === 'string') return output === '' ? [] : [{ type: 'text', text: output }]
  if (!Array.isArray(output)) throw invalid(`${path}.output`, '`output` has to be a string or an array of parts.')
  return output.flatMap((value, index) => decodeContent(asObject(value), `${path}.output[${index}]`, lose) ?? [])
}
