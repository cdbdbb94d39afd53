/** Tools, the choice among them, and the format of the answer, in both directions. */
import type OpenAI from 'openai'
import { asArray, asObject, asObjects, asString, isObject, type JsonObject, type Members } from '../../core/json.js'
import type { ResponseFormat, Tool, ToolChoice } from '../../core/message.js'
import { asJson } from '../as-json.js'
import { cacheMembers, openAiCacheHint } from '../cache-hint.js'
import { customTool } from '../custom-tool.js'
import { invalid } from '../invalid.js'
import type { ReportLoss } from '../protocol.js'
import { noticeUnread, type WireTool, writeCache } from './wire.js'

const toolMembers = new Set(['type', 'function', ...cacheMembers])
const customToolMembers = new Set(['type', 'custom'])
const customMembers = new Set(['name', 'description', 'format'])
const functionMembers = new Set(['name', 'description', 'parameters', 'strict', 'cache_control'])
const schemaMembers = new Set(['name', 'description', 'schema', 'strict'])

export function readTools(tools: unknown, lose: ReportLoss): Tool[] {
  if (!Array.isArray(tools)) throw invalid('tools', 'is to be a list.')
  return tools.flatMap((tool: unknown, index) => {
    const path = `tools[${index}]`
    if (!isObject(tool)) throw invalid(path, 'is to be an object.')
    if (tool.type === 'custom') return [readCustom(tool, path, lose)]
    if (tool.type !== undefined && tool.type !== 'function') {
      lose(path, 'dropped', `A tool of type "${String(tool.type)}" has no counterpart outside the Chat Completions API.`)
      return []
    }
    noticeUnread(tool, toolMembers, path, lose)
    return [readFunction(asObject(tool.function), `${path}.function`, lose, tool)]
  })
}

function readCustom(tool: Members, path: string, lose: ReportLoss): Tool {
  noticeUnread(tool, customToolMembers, path, lose)
  const custom = asObject(tool.custom)
  noticeUnread(custom, customMembers, `${path}.custom`, lose)
  const name = asString(custom.name)
  if (!name) throw invalid(`${path}.custom.name`, 'is to be the name of a tool.')
  return customTool(asJson(custom), name, path, lose)
}

/** The list that `tools` replaced. */
export function readFunctions(functions: unknown, lose: ReportLoss): Tool[] {
  lose('functions', 'approximated', 'They are sent as `tools`, and calls come back as `tool_calls`.')
  return asObjects(functions).map((each, index) => readFunction(each, `functions[${index}]`, lose, {}))
}

function readFunction(definition: Members, path: string, lose: ReportLoss, tool: Members): Tool {
  noticeUnread(definition, functionMembers, path, lose)
  const name = asString(definition.name)
  if (!name) throw invalid(`${path}.name`, 'is to be the name of a function.')
  const description = asString(definition.description)
  return {
    name,
    ...(description !== undefined && { description }),
    ...(isObject(definition.parameters) && { parameters: definition.parameters as JsonObject }),
    ...(typeof definition.strict === 'boolean' && { strict: definition.strict }),
    ...openAiCacheHint(definition, path, lose),
    ...openAiCacheHint(tool, path, lose),
  }
}

export function writeTool({ name, description, parameters, strict, cache }: Tool): WireTool {
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      ...(parameters && { parameters }),
      ...(strict !== undefined && { strict }),
    },
    ...writeCache(cache),
  }
}

export function readToolChoice(choice: unknown, lose: ReportLoss): ToolChoice | undefined {
  // `any` is Mistral's word for `required`.
  if (choice === 'required' || choice === 'any') return { type: 'required' }
  if (choice === 'auto' || choice === 'none') return { type: choice }
  if (!isObject(choice)) throw invalid('tool_choice', 'is to be "auto", "none", "required" or an object that names a function.')
  switch (choice.type ?? 'function') {
    case 'function':
    case 'custom': {
      const name = nameIn(choice)
      if (!name) throw invalid(`tool_choice.${String(choice.type ?? 'function')}.name`, 'is to be the name of a tool.')
      return { type: 'tool', name }
    }
    case 'allowed_tools':
      return readAllowedTools(asObject(choice.allowed_tools), lose)
  }
  lose('tool_choice', 'dropped', `The choice "${String(choice.type)}" has no counterpart outside the Chat Completions API.`)
  return undefined
}

function nameIn({ function: called, custom }: Members): string | undefined {
  return asString(asObject(called ?? custom).name)
}

function readAllowedTools({ mode, tools }: Members, lose: ReportLoss): ToolChoice {
  const names = asArray(tools).flatMap((tool, index) => {
    const name = nameIn(asObject(tool))
    if (name) return [name]
    lose(
      `tool_choice.allowed_tools.tools[${index}]`,
      'dropped',
      'Only functions and custom tools have a counterpart outside the Chat Completions API.',
    )
    return []
  })
  if (names.length > 0) return { type: 'allowed', names, mode: mode === 'required' ? 'required' : 'auto' }
  // Other vendors take an empty list for all of them.
  lose('tool_choice', 'approximated', 'None of the allowed tools crosses, so no tool may be called.')
  return { type: 'none' }
}

/** What `tool_choice` replaced: `none`, `auto` or `{ name }`. */
export function readFunctionCall(choice: unknown): ToolChoice {
  if (choice === 'auto' || choice === 'none') return { type: choice }
  const name = asString(asObject(choice).name)
  if (!name) throw invalid('function_call', 'is to be "auto", "none" or the name of a function in an object.')
  return { type: 'tool', name }
}

export function writeToolChoice(choice: ToolChoice): OpenAI.ChatCompletionToolChoiceOption {
  switch (choice.type) {
    case 'tool':
      return { type: 'function', function: { name: choice.name } }
    case 'allowed': {
      const tools = choice.names.map((name) => ({ type: 'function', function: { name } }))
      return { type: 'allowed_tools', allowed_tools: { mode: choice.mode, tools } }
    }
    default:
      return choice.type
  }
}

export function readResponseFormat(format: unknown, lose: ReportLoss): ResponseFormat | undefined {
  if (!isObject(format)) throw invalid('response_format', 'is to be an object with a `type`.')
  switch (format.type) {
    case 'text':
      return { type: 'text' }
    case 'json_object':
      return { type: 'json' }
    case 'json_schema':
      return readSchema(asObject(format.json_schema), lose)
  }
  lose('response_format', 'dropped', `The format "${String(format.type)}" has no counterpart outside the Chat Completions API.`)
  return undefined
}

function readSchema(definition: Members, lose: ReportLoss): ResponseFormat {
  noticeUnread(definition, schemaMembers, 'response_format.json_schema', lose)
  const { name, description, schema, strict } = definition
  return {
    type: 'json-schema',
    name: asString(name) ?? 'answer',
    ...(typeof description === 'string' && { description }),
    schema: isObject(schema) ? (schema as JsonObject) : {},
    ...(typeof strict === 'boolean' && { strict }),
  }
}

export function writeResponseFormat(format: ResponseFormat): NonNullable<OpenAI.ChatCompletionCreateParams['response_format']> {
  switch (format.type) {
    case 'text':
      return { type: 'text' }
    case 'json':
      return { type: 'json_object' }
    case 'json-schema': {
      const { type: _, ...schema } = format
      return { type: 'json_schema', json_schema: schema }
    }
  }
}
