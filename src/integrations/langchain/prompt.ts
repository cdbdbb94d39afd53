/** A conversation of LangChain's, in the words that models of this process are asked in: those of the `ai-sdk` protocol. */
import { AIMessage, type BaseMessage, ChatMessage, ToolMessage } from '@langchain/core/messages'
import { asArray, asObject, asString, isObject, type JsonObject, type Members } from '../../core/json.js'
import { invalid } from '../../protocols/invalid.js'
import { lookup } from '../../protocols/lookup.js'
import { plain } from '../ai-sdk/json.js'
import { fileOf, ofOpenAi } from './blocks.js'
import { carriedByCalls, kept, type PartOptions, told } from './carried.js'
import { refusalParts } from './refusal.js'

/** @throws LeashError `invalid_request` that names the message at fault */
export function promptOf(messages: readonly BaseMessage[]): JsonObject[] {
  const names = new Map<string, string>()
  const prompt: JsonObject[] = []
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`
    const role = roleOf(message)
    switch (role) {
      case 'system':
        prompt.push(...blocksOf(message).map((block) => systemMessage(block, at)))
        break
      case 'user':
        prompt.push({ role, content: inputParts(message, at) })
        break
      case 'assistant':
        prompt.push({ role, content: answerParts(message, names) })
        break
      case 'tool':
        addResult(prompt, resultPart(message, names, at))
        break
      default:
        throw invalid(at, `is of the type "${message.type}". Send system, human, AI and tool messages.`)
    }
  }
  return prompt
}

const roles: Readonly<Record<string, string>> = {
  system: 'system',
  developer: 'system',
  human: 'user',
  user: 'user',
  ai: 'assistant',
  assistant: 'assistant',
  tool: 'tool',
}

function roleOf(message: BaseMessage): string | undefined {
  return lookup(roles, message instanceof ChatMessage ? message.role : message.type)
}

/** LangChain itself reads the forms of vendors and of its own past. */
function blocksOf(message: BaseMessage): Members[] {
  return message.contentBlocks.map(asObject)
}

/** A breakpoint of the prompt cache stands on blocks as Anthropic has it, or as OpenAI does. */
function cacheOf({ cache_control, prompt_cache_breakpoint, extras }: Members): PartOptions {
  if (isObject(cache_control)) return { leash: { cacheControl: plain(cache_control) } }
  const breakpoint = prompt_cache_breakpoint ?? asObject(extras).prompt_cache_breakpoint
  return isObject(breakpoint) ? { openai: { promptCacheBreakpoint: plain(breakpoint) } } : {}
}

/** How closely an image is to be looked at, which is paid for. */
function detailOf({ metadata }: Members, { image_url }: Members): PartOptions {
  const detail = asString(asObject(image_url).detail) ?? asString(asObject(metadata).detail)
  return detail === undefined ? {} : { openai: { imageDetail: detail } }
}

function systemMessage(block: Members, at: string): JsonObject {
  if (block.type !== 'text') throw invalid(at, 'is a system message: it takes text alone.')
  return { role: 'system', content: asString(block.text) ?? '', ...told(cacheOf(block)) }
}

function inputParts(message: BaseMessage, at: string): JsonObject[] {
  const given = asArray(message.content)
  return blocksOf(message).map((block, index) => inputPart(block, asObject(given[index]), at))
}

/** @param given the block before LangChain read it, which leaves out what it has no word for */
function inputPart(block: Members, given: Members, at: string): JsonObject {
  if (block.type === 'text') return { type: 'text', text: asString(block.text) ?? '', ...told(cacheOf(block)) }
  const file = fileOf(block) ?? fileOf(ofOpenAi(block))
  if (!file) throw invalid(at, `has a block of the type "${String(block.type)}" that is no text and no file.`)
  return { ...file, ...told(detailOf(block, given), cacheOf(block)) }
}

function answerParts(message: BaseMessage, names: Map<string, string>): JsonObject[] {
  const signed = carriedByCalls(message)
  const parts = blocksOf(message).flatMap((block) => answerPart(block))
  if (!(message instanceof AIMessage) && !('tool_calls' in message)) return parts
  const { tool_calls = [], invalid_tool_calls = [] } = message as AIMessage
  for (const { id = '', name, args } of tool_calls) {
    names.set(id, name)
    parts.push({ type: 'tool-call', toolCallId: id, toolName: name, input: plain(args), ...told(signed(id)) })
  }
  for (const { id = '', name = '', args = '' } of invalid_tool_calls) {
    names.set(id, name)
    parts.push({ type: 'tool-call', toolCallId: id, toolName: name, input: args, ...told(signed(id)) })
  }
  return parts
}

/** Blocks that only their own vendor understands are left out, as its server's tools are. */
function answerPart(block: Members): JsonObject[] {
  switch (block.type) {
    case 'text':
      return [{ type: 'text', text: asString(block.text) ?? '', ...told(kept(block), cacheOf(block)) }]
    case 'reasoning':
      return [{ type: 'reasoning', text: asString(block.reasoning) ?? '', ...told(kept(block)) }]
    case 'refusal':
      return refusalParts(block)
  }
  const file = fileOf(block)
  return file ? [file] : []
}

function resultPart(message: BaseMessage, names: ReadonlyMap<string, string>, at: string): JsonObject {
  if (!(message instanceof ToolMessage)) throw invalid(at, 'has the role of a tool, and is no ToolMessage.')
  const { tool_call_id: id, status } = message
  const toolName = message.name ?? names.get(id)
  return {
    type: 'tool-result',
    toolCallId: id,
    ...(toolName !== undefined && { toolName }),
    output: outputOf(message, status === 'error', at),
  }
}

function outputOf(message: ToolMessage, failed: boolean, at: string): JsonObject {
  const text = { type: failed ? 'error-text' : 'text', value: message.text }
  if (failed || typeof message.content === 'string') return text
  return { type: 'content', value: inputParts(message, at) }
}

/** The results of one answer's calls stand together. */
function addResult(prompt: JsonObject[], part: JsonObject): void {
  const last = prompt.at(-1)
  if (last?.role === 'tool' && Array.isArray(last.content)) last.content.push(part)
  else prompt.push({ role: 'tool', content: [part] })
}
