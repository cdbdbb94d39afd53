/** Tools and the choice among them, in both directions. */
import { LeashError } from '../../core/errors.js'
import { asArray, asString, type JsonObject } from '../../core/json.js'
import type { ChatRequest, Tool, ToolChoice } from '../../core/message.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'
import { atLeast, generationOf } from './generation.js'
import { fromOpenApi } from './openapi.js'
import { toOpenApi } from './schema.js'
import { asJsonObject, message, messages, type WireRequest, type WireToolConfig } from './wire.js'

type CallingConfig = NonNullable<WireToolConfig['functionCallingConfig']>

export function encodeTools(request: ChatRequest, context: EncodeContext): Pick<WireRequest, 'tools' | 'toolConfig'> {
  const { tools = [], toolChoice, parallelToolCalls } = request
  const { lose } = context
  if (parallelToolCalls === false)
    lose('parallel_tool_calls', 'dropped', 'Gemini cannot be kept from calling several tools at once.')
  if (tools.length === 0) {
    // A choice without tools is refused.
    if (toolChoice && toolChoice.type !== 'auto' && toolChoice.type !== 'none')
      lose('tool_choice', 'dropped', 'There are no tools to choose from.')
    return {}
  }
  const functionDeclarations = tools.map((tool, index) => declaration(tool, `tools[${index}]`, context))
  const functionCallingConfig = callingConfig(toolChoice, tools, context)
  return { tools: [{ functionDeclarations }], ...(functionCallingConfig && { toolConfig: { functionCallingConfig } }) }
}

function declaration({ name, description, parameters, cache }: Tool, path: string, { traits, lose }: EncodeContext): JsonObject {
  if (cache) lose(`${path}.cache_control`, 'dropped', 'Gemini chooses by itself what to cache.')
  const told = { name, ...(description !== undefined && { description }) }
  if (!parameters) return told
  if (traits.schemaDialect !== 'openapi-subset') return { ...told, parametersJsonSchema: parameters }
  const schema = toOpenApi(parameters, `${path}.function.parameters`, lose)
  // An object without properties is refused; a function without parameters is not.
  const empty = schema.type === 'OBJECT' && Object.keys(asJsonObject(schema.properties) ?? {}).length === 0
  return empty ? told : { ...told, parameters: schema }
}

/** https://ai.google.dev/gemini-api/docs/function-calling#function_calling_modes */
function callingConfig(
  choice: ToolChoice | undefined,
  tools: readonly Tool[],
  { model, traits, lose }: EncodeContext,
): CallingConfig | undefined {
  switch (choice?.type) {
    case 'none':
      return { mode: 'NONE' }
    case 'required':
      return { mode: 'ANY' }
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] }
    case 'allowed':
      return { mode: choice.mode === 'required' ? 'ANY' : 'VALIDATED', allowedFunctionNames: [...choice.names] }
  }
  // ANY holds the arguments to the schema by itself; AUTO does so only when it is called VALIDATED.
  if (tools.some(({ strict }) => strict)) {
    if (atLeast(generationOf(traits.baseModel ?? model), 2.5)) return { mode: 'VALIDATED' }
    lose('tools[].function.strict', 'approximated', 'This model does not check the arguments of a call against their schema.')
  }
  return choice ? { mode: 'AUTO' } : undefined
}

/** @throws LeashError `invalid_request` for a function without a name */
export function decodeTools(body: Record<string, unknown>, lose: ReportLoss): Pick<ChatRequest, 'tools' | 'toolChoice'> {
  const tools: Tool[] = []
  for (const [index, entry] of messages(body.tools).entries()) {
    for (const member of Object.keys(entry)) {
      if (member !== 'functionDeclarations')
        lose(`tools[${index}].${member}`, 'dropped', "Google's own tools run at Google; the target has none of them.")
    }
    for (const [at, declared] of messages(entry.functionDeclarations).entries())
      tools.push(decodeDeclaration(declared, `tools[${index}].functionDeclarations[${at}]`, lose))
  }
  const toolChoice = decodeChoice(message(body.toolConfig), lose)
  return { ...(tools.length > 0 && { tools }), ...(toolChoice && { toolChoice }) }
}

function decodeDeclaration(declared: Record<string, unknown>, path: string, lose: ReportLoss): Tool {
  const { name, description, parameters, parametersJsonSchema, ...rest } = declared
  if (typeof name !== 'string' || name === '')
    throw new LeashError('invalid_request', `${path} has no name. Give the function one.`, { param: `${path}.name` })
  for (const member of Object.keys(rest)) lose(`${path}.${member}`, 'dropped', 'Other vendors have no word for it.')
  const schema = asJsonObject(parametersJsonSchema) ?? (parameters === undefined ? undefined : fromOpenApi(parameters))
  return { name, ...(typeof description === 'string' && { description }), ...(schema && { parameters: schema }) }
}

function decodeChoice(config: Record<string, unknown>, lose: ReportLoss): ToolChoice | undefined {
  const { functionCallingConfig, ...rest } = config
  for (const member of Object.keys(rest)) lose(`toolConfig.${member}`, 'dropped', 'Other vendors have no word for it.')
  const { mode, allowedFunctionNames, ...others } = message(functionCallingConfig)
  for (const member of Object.keys(others))
    lose(`toolConfig.functionCallingConfig.${member}`, 'dropped', 'Other vendors have no word for it.')
  const names = asArray(allowedFunctionNames).flatMap((name) => asString(name) ?? [])
  switch (mode) {
    case 'AUTO':
      return { type: 'auto' }
    case 'NONE':
      return { type: 'none' }
    case 'ANY':
      if (names.length > 1) return { type: 'allowed', names, mode: 'required' }
      return names[0] === undefined ? { type: 'required' } : { type: 'tool', name: names[0] }
    case 'VALIDATED':
      if (names.length > 0) return { type: 'allowed', names, mode: 'auto' }
      lose('toolConfig.functionCallingConfig.mode', 'approximated', 'Taken as AUTO: the arguments may not fit their schema.')
      return { type: 'auto' }
    default:
      return undefined
  }
}
