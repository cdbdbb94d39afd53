/** Tools and the choice among them, in both directions. https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview */
import { parseExact } from '../../core/exact-json.js'
import { asArray, asObject, asString, compact, isObject, type JsonObject } from '../../core/json.js'
import type { ChatRequest, Message, Tool, ToolChoice } from '../../core/message.js'
import { cacheHint } from '../cache-hint.js'
import type { ClaudeTraits } from '../claude.js'
import type { ReportLoss } from '../protocol.js'
import { beyondSubset, holdsItself, withinSubset } from '../schema-subset.js'
import { cacheControl, type Sdk } from './wire.js'

export interface EncodedTools {
  readonly tools?: Sdk.Tool[]
  readonly tool_choice?: Sdk.ToolChoice
}

export function isForced(choice: ToolChoice | undefined): boolean {
  return choice?.type === 'required' || choice?.type === 'tool' || (choice?.type === 'allowed' && choice.mode === 'required')
}

/** @param thinks a model that thinks refuses a forced tool */
export function encodeTools(request: ChatRequest, traits: ClaudeTraits, thinks: boolean, lose: ReportLoss): EncodedTools {
  const { tools = [], toolChoice, parallelToolCalls } = request
  if (tools.length === 0) return forgottenTools(request.messages, lose)
  const offered = toolChoice?.type === 'allowed' ? tools.filter(({ name }) => toolChoice.names.includes(name)) : tools
  if (toolChoice?.type === 'allowed')
    lose('tool_choice.allowed_tools', 'approximated', 'only the allowed tools are sent, which a prompt cache notices')
  const choice = encodeChoice(freed(toolChoice, traits, thinks, lose))
  return compact({
    tools: offered.map((tool, index) => encodeTool(tool, `tools[${index}]`, traits, lose)),
    tool_choice: parallelToolCalls === false ? serial(choice) : choice,
  })
}

function freed(choice: ToolChoice | undefined, traits: ClaudeTraits, thinks: boolean, lose: ReportLoss): ToolChoice | undefined {
  if (!isForced(choice) || (traits.forcedTools && !thinks)) return choice
  lose(
    'tool_choice',
    'dropped',
    `${thinks ? 'thinking excludes a forced tool' : 'this model refuses a forced tool'}: it may call one`,
  )
  return { type: 'auto' }
}

function encodeChoice(choice: ToolChoice | undefined): Sdk.ToolChoice | undefined {
  if (!choice) return undefined
  switch (choice.type) {
    case 'required':
      return { type: 'any' }
    case 'allowed':
      return { type: choice.mode === 'required' ? 'any' : 'auto' }
    case 'tool':
      return { type: 'tool', name: choice.name }
    default:
      return { type: choice.type }
  }
}

function serial(choice: Sdk.ToolChoice = { type: 'auto' }): Sdk.ToolChoice {
  return choice.type === 'none' ? choice : { ...choice, disable_parallel_tool_use: true }
}

function encodeTool(tool: Tool, path: string, traits: ClaudeTraits, lose: ReportLoss): Sdk.Tool {
  const { parameters = { type: 'object', properties: {} } } = tool
  const endless = tool.strict === true && holdsItself(parameters)
  const strict = tool.strict === true && traits.structuredOutput && !endless
  if (tool.strict && !strict) {
    const why = endless ? 'Claude cannot be held to a schema that holds itself' : 'this model cannot be held to a schema'
    lose(`${path}.function.strict`, 'dropped', why)
  }
  const softened = (at: string) => lose(`${path}.function.parameters${at}`, 'approximated', beyondSubset)
  return {
    name: tool.name,
    ...(tool.description !== undefined && { description: tool.description }),
    input_schema: inputSchema(strict ? withinSubset(parameters, softened) : parameters),
    ...(strict && { strict }),
    ...cacheControl(tool.cache),
  }
}

/** The vendor demands an object; the caller's own members keep their order. */
function inputSchema(parameters: JsonObject): Sdk.Tool.InputSchema {
  return { ...(parameters.type === undefined && { type: 'object' }), ...parameters } as Sdk.Tool.InputSchema
}

/** Tool calls in the history demand tools in the request, which the caller has left out because none may be called now. */
function forgottenTools(messages: readonly Message[], lose: ReportLoss): EncodedTools {
  const names = new Set<string>()
  for (const { role, content } of messages) {
    if (role === 'assistant') for (const part of content) if (part.type === 'tool-call') names.add(part.name)
  }
  if (names.size === 0) return {}
  lose('tools', 'approximated', 'the tools called in the history are declared by name, with `tool_choice` none')
  return {
    tools: [...names].map((name) => ({ name, input_schema: { type: 'object' } })),
    tool_choice: { type: 'none' },
  }
}

/** Only letters, digits, `_` and `-` may stand in the id of a tool call; vendors exist that use more. */
export function toolCallId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, (character) => `_${character.charCodeAt(0).toString(16)}`)
}

/** Arguments that were cut, or never were an object, still have to travel as one. */
export function toolInput(text: string): JsonObject | undefined {
  const value = text.trim() === '' ? {} : parseExact(text)
  return isObject(value) ? (value as JsonObject) : undefined
}

const toolMembers = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control'])

export function decodeTools(tools: unknown, lose: ReportLoss): { tools?: readonly Tool[] } {
  const known: Tool[] = []
  for (const [index, raw] of asArray(tools).entries()) {
    const tool = decodeTool(asObject(raw), `tools[${index}]`, lose)
    if (tool) known.push(tool)
  }
  return known.length > 0 ? { tools: known } : {}
}

function decodeTool(raw: Record<string, unknown>, path: string, lose: ReportLoss): Tool | undefined {
  const type = asString(raw.type)
  const name = asString(raw.name)
  if ((type !== undefined && type !== 'custom') || name === undefined) {
    lose(path, 'dropped', `a tool of the type "${type}" runs at Anthropic, or is trained into its models`)
    return undefined
  }
  for (const member of Object.keys(raw)) {
    if (!toolMembers.has(member)) lose(`${path}.${member}`, 'dropped', 'it is unknown elsewhere')
  }
  return compact({
    name,
    description: asString(raw.description),
    parameters: isObject(raw.input_schema) ? (raw.input_schema as JsonObject) : undefined,
    strict: typeof raw.strict === 'boolean' ? raw.strict : undefined,
    ...cacheHint(raw.cache_control),
  })
}

export function decodeToolChoice(
  raw: unknown,
  tools: readonly Tool[] | undefined,
  lose: ReportLoss,
): { toolChoice?: ToolChoice; parallelToolCalls?: boolean } {
  if (!isObject(raw)) return {}
  const choice = readChoice(raw)
  const unknown = choice?.type === 'tool' ? !tools?.some(({ name }) => name === choice.name) : isForced(choice) && !tools
  if (!choice || unknown)
    lose('tool_choice', 'dropped', choice ? 'it asks for a tool that is not carried' : 'this choice is unknown')
  return {
    ...(choice && !unknown && { toolChoice: choice }),
    ...(raw.disable_parallel_tool_use === true && { parallelToolCalls: false }),
  }
}

function readChoice(raw: Record<string, unknown>): ToolChoice | undefined {
  const name = asString(raw.name)
  if (raw.type === 'auto' || raw.type === 'none') return { type: raw.type }
  if (raw.type === 'any') return { type: 'required' }
  return raw.type === 'tool' && name !== undefined ? { type: 'tool', name } : undefined
}
