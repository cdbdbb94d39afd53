/** Tools and the choice among them. Only what the caller runs crosses: every other tool runs at OpenAI. */
import type { FunctionTool, ToolChoiceAllowed, ToolChoiceFunction, ToolChoiceOptions } from 'openai/resources/responses/responses'
import { asArray, asObject, asString, isObject, type JsonObject, type Members } from '../../core/json.js'
import type { Tool, ToolChoice } from '../../core/message.js'
import { asJson } from '../as-json.js'
import { cacheMembers, openAiCacheHint } from '../cache-hint.js'
import { customTool } from '../custom-tool.js'
import type { ReportLoss } from '../protocol.js'
import { noticeCache } from './media.js'
import { joined } from './namespace.js'
import { isOfCaller, searchTool } from './tool-search.js'
import { invalid, noticeUnread } from './wire.js'

const functionMembers = new Set(['type', 'name', 'description', 'parameters', 'strict', ...cacheMembers])

const customMembers = new Set(['type', 'name', 'description', 'format'])

const namespaceMembers = new Set(['type', 'name', 'description', 'tools'])

export function decodeTools(tools: unknown, lose: ReportLoss, at = 'tools'): Tool[] {
  if (!Array.isArray(tools)) throw invalid(at, `\`${at}\` has to be an array.`)
  return tools.flatMap((value, index): Tool[] => {
    const tool = asObject(value)
    const path = `${at}[${index}]`
    if (tool.type === 'function') return [decodeFunction(tool, path, lose)]
    if (tool.type === 'custom') return [decodeCustom(tool, path, lose)]
    if (tool.type === 'tool_search' && isOfCaller(tool)) return [searchTool(tool, path, lose)]
    if (tool.type === 'namespace') return decodeNamespace(tool, path, lose)
    lose(
      path,
      'dropped',
      `A tool of type "${String(tool.type)}" is run by OpenAI and has no counterpart elsewhere. Offer a function instead.`,
    )
    return []
  })
}

/** An absent `strict` stays absent: the API then tries strict mode and falls back, which no other vendor does. */
function decodeFunction(tool: Members, path: string, lose: ReportLoss): Tool {
  noticeUnread(tool, functionMembers, path, lose)
  const name = asString(tool.name)
  if (!name) throw invalid(`${path}.name`, 'A function needs a `name`.')
  const description = asString(tool.description)
  return {
    name,
    ...(description !== undefined && { description }),
    ...(isObject(tool.parameters) && { parameters: tool.parameters as JsonObject }),
    ...(typeof tool.strict === 'boolean' && { strict: tool.strict }),
    ...openAiCacheHint(tool, path, lose),
  }
}

function decodeCustom(tool: Members, path: string, lose: ReportLoss): Tool {
  noticeUnread(tool, customMembers, path, lose)
  const name = asString(tool.name)
  if (!name) throw invalid(`${path}.name`, 'A custom tool needs a `name`.')
  return customTool(asJson(tool), name, path, lose)
}

function decodeNamespace(group: Members, path: string, lose: ReportLoss): Tool[] {
  noticeUnread(group, namespaceMembers, path, lose)
  const namespace = asString(group.name)
  if (!namespace) throw invalid(`${path}.name`, 'A namespace needs a `name`.')
  lose(path, 'approximated', 'The functions of a namespace are offered one by one, under names that begin with its own.')
  const tools = decodeTools(group.tools, lose, `${path}.tools`)
  return tools.map((tool) => ({ ...tool, name: joined(namespace, tool.name), namespace }))
}

export function decodeToolChoice(choice: unknown, lose: ReportLoss): ToolChoice | undefined {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice }
  if (!isObject(choice)) throw invalid('tool_choice', '`tool_choice` is "auto", "none", "required" or an object.')
  if (choice.type === 'function' || choice.type === 'custom') {
    const name = asString(choice.name)
    if (!name) throw invalid('tool_choice.name', `A \`tool_choice\` of type "${choice.type}" needs the \`name\` of the tool.`)
    return { type: 'tool', name }
  }
  if (choice.type === 'allowed_tools') return decodeAllowed(choice, lose)
  lose('tool_choice', 'dropped', `A tool of type "${String(choice.type)}" has no counterpart outside the Responses API.`)
  return undefined
}

function decodeAllowed(choice: Members, lose: ReportLoss): ToolChoice {
  const names = asArray(choice.tools).flatMap((value, index): string[] => {
    const tool = asObject(value)
    const name = asString(tool.name)
    if ((tool.type === 'function' || tool.type === 'custom') && name) return [name]
    lose(`tool_choice.tools[${index}]`, 'dropped', `A tool of type "${String(tool.type)}" does not cross.`)
    return []
  })
  if (names.length > 0) return { type: 'allowed', names, mode: choice.mode === 'required' ? 'required' : 'auto' }
  lose('tool_choice', 'approximated', 'None of the allowed tools crosses, so no tool may be called.')
  return { type: 'none' }
}

/**
 * `strict` is always said: left out, this API would take every function for a strict one, which makes each optional member
 * of its schema a required one (https://platform.openai.com/docs/guides/function-calling, "strict mode").
 */
export function encodeTools(tools: readonly Tool[], lose: ReportLoss): FunctionTool[] {
  return tools.map((tool, index) => {
    const { name, description, parameters, strict } = tool
    noticeCache(tool, `tools[${index}]`, lose)
    return {
      type: 'function',
      name,
      ...(description !== undefined && { description }),
      parameters: parameters ?? { type: 'object', properties: {}, additionalProperties: false },
      strict: strict ?? false,
    }
  })
}

export function encodeToolChoice(choice: ToolChoice): ToolChoiceOptions | ToolChoiceFunction | ToolChoiceAllowed {
  if (choice.type === 'tool') return { type: 'function', name: choice.name }
  if (choice.type !== 'allowed') return choice.type
  return { type: 'allowed_tools', mode: choice.mode, tools: choice.names.map((name) => ({ type: 'function', name })) }
}
