import type { BindToolsInput } from '@langchain/core/language_models/chat_models'
import { convertToOpenAITool, isLangChainTool } from '@langchain/core/utils/function_calling'
import { toJsonSchema } from '@langchain/core/utils/json_schema'
import { isInteropZodSchema } from '@langchain/core/utils/types'
import { LeashError } from '../../core/errors.js'
import { asObject, asString, compact, isObject, type JsonObject, type Members } from '../../core/json.js'
import { plain } from '../ai-sdk/json.js'

/** @throws LeashError `unsupported` for tools that run at one vendor alone */
export function toolsOf(tools: readonly BindToolsInput[], strict: boolean | undefined): JsonObject[] {
  return tools.map((tool, index) => {
    const { name, description, parameters, strict: own = strict } = definitionOf(tool, index)
    return compact({ type: 'function', name, description, inputSchema: parameters, strict: own })
  })
}

interface Definition {
  readonly name: string
  readonly description?: string
  readonly parameters?: JsonObject
  readonly strict?: boolean
}

/** LangChain's own tools, and the forms of OpenAI's two interfaces and of Anthropic's. */
function definitionOf(tool: BindToolsInput, index: number): Definition {
  const given: Members = isLangChainTool(tool) ? asObject(convertToOpenAITool(tool).function) : asObject(tool)
  const told = isObject(given.function) ? given.function : given
  const name = asString(told.name)
  const schema = told.parameters ?? told.input_schema
  const ours = given.type === undefined || given.type === 'function' || given.type === 'custom'
  if (name === undefined || !ours) {
    const what = `\`tools[${index}]\` is a tool of one vendor's own, or none at all.`
    throw new LeashError('unsupported', `${what} Bind LangChain's tools, or functions with a name and a schema.`, {
      param: 'tools',
    })
  }
  return compact({
    name,
    description: asString(told.description),
    parameters: isObject(schema) ? schemaOf(schema) : undefined,
    strict: typeof told.strict === 'boolean' ? told.strict : undefined,
  })
}

function schemaOf(schema: object): JsonObject {
  return plain(isInteropZodSchema(schema) ? toJsonSchema(schema) : schema)
}

/** @throws LeashError `invalid_request` for a form that nobody has */
export function toolChoiceOf(choice: unknown): JsonObject {
  if (choice === 'any' || choice === 'required') return { type: 'required' }
  if (choice === 'auto' || choice === 'none') return { type: choice }
  if (typeof choice === 'string') return { type: 'tool', toolName: choice }
  const { type, name, function: called } = asObject(choice)
  const toolName = asString(name) ?? asString(asObject(called).name)
  if (toolName !== undefined) return { type: 'tool', toolName }
  if (type === 'any' || type === 'auto' || type === 'none') return toolChoiceOf(type)
  const message = '`tool_choice` is to be "auto", "any", "none", or the name of a tool.'
  throw new LeashError('invalid_request', message, { param: 'tool_choice' })
}
