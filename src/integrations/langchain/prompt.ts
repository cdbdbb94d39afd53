/** A conversation of LangChain's, in the words that models of this process are asked in: those of the `ai-sdk` protocol. */
import { AIMessage, type BaseMessage, ChatMessage, ToolMessage } from '@langchain/core/messages'
import { LeashError } from '../../core/errors.js'
import { asObject, asString, isObject, type JsonObject } from '../../core/json.js'
import { plain } from '../ai-sdk/json.js'
import { fileOf } from './blocks.js'
import { carriedByCalls, kept } from './carried.js'

type Members = Readonly<Record<string, unknown>>

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
        prompt.push({ role, content: blocksOf(message).map((block) => inputPart(block, at)) })
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
  const name = message instanceof ChatMessage ? message.role : message.type
  return Object.hasOwn(roles, name) ? roles[name] : undefined
}

function invalid(param: string, message: string): LeashError {
  return new LeashError('invalid_request', `\`${param}\` ${message}`, { param })
}

/** LangChain itself reads the forms of vendors and of its own past. */
function blocksOf(message: BaseMessage): Members[] {
  return message.contentBlocks.map(asObject)
}

/** A breakpoint of the prompt cache stands on blocks as Anthropic has it. */
function cacheOf({ cache_control }: Members): JsonObject {
  return isObject(cache_control) ? { providerOptions: { leash: { cacheControl: plain(cache_control) } } } : {}
}

function systemMessage(block: Members, at: string): JsonObject {
  if (block.type !== 'text') throw invalid(at, 'is a system message: it takes text alone.')
  return { role: 'system', content: asString(block.text) ?? '', ...cacheOf(block) }
}

function inputPart(block: Members, at: string): JsonObject {
  if (block.type === 'text') return { type: 'text', text: asString(block.text) ?? '', ...cacheOf(block) }
  const file = fileOf(block)
  if (!file) throw invalid(at, `has a block of the type "${String(block.type)}" that is no text and no file.`)
  return { ...file, ...cacheOf(block) }
}

function answerParts(message: BaseMessage, names: Map<string, string>): JsonObject[] {
  const signed = carriedByCalls(message)
  const parts = blocksOf(message).flatMap((block) => answerPart(block))
  if (!(message instanceof AIMessage) && !('tool_calls' in message)) return parts
  const { tool_calls = [], invalid_tool_calls = [] } = message as AIMessage
  for (const { id = '', name, args } of tool_calls) {
    names.set(id, name)
    parts.push({ type: 'tool-call', toolCallId: id, toolName: name, input: plain(args), ...signed(id) })
  }
  for (const { id = '', name = '', args = '' } of invalid_tool_calls) {
    names.set(id, name)
    parts.push({ type: 'tool-call', toolCallId: id, toolName: name, input: args, ...signed(id) })
  }
  return parts
}

/** Blocks that only their own vendor understands are left out, as its server's tools are. */
function answerPart(block: Members): JsonObject[] {
  switch (block.type) {
    case 'text':
      return [{ type: 'text', text: asString(block.text) ?? '', ...kept(block), ...cacheOf(block) }]
    case 'reasoning':
      return [{ type: 'reasoning', text: asString(block.reasoning) ?? '', ...kept(block) }]
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
  return { type: 'content', value: blocksOf(message).map((block) => inputPart(block, at)) }
}

/** The results of one answer's calls stand together. */
function addResult(prompt: JsonObject[], part: JsonObject): void {
  const last = prompt.at(-1)
  if (last?.role === 'tool' && Array.isArray(last.content)) last.content.push(part)
  else prompt.push({ role: 'tool', content: [part] })
}
