/** Tools and the choice among them. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html */
import type { JsonObject } from '../../core/json.js'
import type { ChatRequest, Tool, ToolChoice } from '../../core/message.js'
import type { ReportLoss } from '../protocol.js'
import { beyondSubset, holdsItself, withinSubset } from '../schema-subset.js'
import { cachePoint } from './cache.js'
import type { ModelHabits } from './models.js'
import type { ConverseBody, Document, Tool as WireTool } from './wire.js'

type ToolConfig = NonNullable<ConverseBody['toolConfig']>

export interface ToolContext {
  readonly habits: ModelHabits
  /** The model can be held to a schema. */
  readonly strict: boolean
  /** It is to think, which excludes a forced tool, or takes none at all. */
  readonly unforced: boolean
  /** The names of the tools that the history calls. */
  readonly called: ReadonlySet<string>
  readonly lose: ReportLoss
}

export function isForced({ tools, toolChoice }: ChatRequest): boolean {
  const must = toolChoice?.type === 'allowed' ? toolChoice.mode : toolChoice?.type
  return (must === 'required' || must === 'tool') && !!tools?.length
}

export function encodeTools(request: ChatRequest, context: ToolContext): ToolConfig | undefined {
  const { tools = [], toolChoice, parallelToolCalls } = request
  const { called, lose } = context
  if (tools.length === 0) return forgotten(called, lose)
  if (toolChoice?.type === 'none') {
    if (called.size === 0) return undefined
    lose('tool_choice', 'approximated', 'Bedrock cannot forbid the tools that the history calls: the model may call one')
  }
  if (parallelToolCalls === false) lose('parallel_tool_calls', 'dropped', 'Bedrock cannot forbid several calls at once')
  const offered = toolChoice?.type === 'allowed' ? tools.filter(({ name }) => toolChoice.names.includes(name)) : tools
  if (toolChoice?.type === 'allowed')
    lose('tool_choice.allowed_tools', 'approximated', 'only the allowed tools are sent, which a prompt cache notices')
  if (offered.length === 0) return forgotten(called, lose)
  const choice = encodeChoice(toolChoice, context)
  return {
    tools: offered.flatMap((tool, index) => encodeTool(tool, `tools[${index}]`, context)),
    ...(choice && { toolChoice: choice }),
  }
}

function encodeTool(tool: Tool, path: string, { habits, strict, lose }: ToolContext): WireTool[] {
  const { name, description, parameters = emptyObject } = tool
  const endless = tool.strict === true && holdsItself(parameters)
  const held = tool.strict === true && strict && !endless
  if (tool.strict && !held) {
    const why = endless ? 'Bedrock holds no model to a schema that holds itself' : 'this model cannot be held to a schema'
    lose(`${path}.function.strict`, 'dropped', why)
  }
  const softened = (at: string) => lose(`${path}.function.parameters${at}`, 'approximated', beyondSubset)
  const asked = held ? withinSubset(parameters, softened) : parameters
  const schema = { ...(asked.type === undefined && { type: 'object' }), ...asked }
  const toolSpec = {
    name,
    ...(description && { description }),
    inputSchema: { json: schema as Document },
    ...(held && { strict: true }),
  }
  return [{ toolSpec }, ...cachePoint(tool.cache, 'tools', path, habits, lose)]
}

const emptyObject: JsonObject = { type: 'object', properties: {} }

function encodeChoice(choice: ToolChoice | undefined, { habits, unforced, lose }: ToolContext): ToolConfig['toolChoice'] {
  if (!choice || choice.type === 'none') return undefined
  const must = choice.type === 'allowed' ? choice.mode : choice.type
  if (must === 'auto') return { auto: {} }
  if (unforced) {
    lose('tool_choice', 'dropped', 'this model takes no forced tool, or none while it thinks: it may call one')
    return undefined
  }
  if (choice.type === 'tool' && habits.toolChoice.includes('tool')) return { tool: { name: choice.name } }
  if (habits.toolChoice.includes('any')) {
    if (choice.type === 'tool') lose('tool_choice', 'approximated', 'this model must call a tool, but may choose which')
    return { any: {} }
  }
  lose('tool_choice', 'dropped', 'this model cannot be made to call a tool')
  return undefined
}

/** Bedrock refuses tool calls in the history of a request without tools. */
function forgotten(called: ReadonlySet<string>, lose: ReportLoss): ToolConfig | undefined {
  if (called.size === 0) return undefined
  lose('tools', 'approximated', 'the tools called in the history are declared by name: the model may call one')
  return { tools: [...called].map((name) => ({ toolSpec: { name, inputSchema: { json: { type: 'object' } } } })) }
}
