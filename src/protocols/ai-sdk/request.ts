/** Call options of the AI SDK, in both directions. */
import {
  asArray,
  asNumber,
  asObject,
  asObjects,
  asString,
  compact,
  isObject,
  type JsonObject,
  type Members,
} from '../../core/json.js'
import type { ChatRequest, Reasoning, ReasoningEffort, ResponseFormat, Tool, ToolChoice } from '../../core/message.js'
import { effortFor, isEffort } from '../openai-efforts.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'
import { readPrompt } from './read-prompt.js'
import { cacheIn, loseOptions, optionsOf, whyNotTranslated } from './signature.js'
import { ours } from './wire.js'
import { writePrompt } from './write-prompt.js'

/** @throws LeashError `invalid_request` that names the member at fault */
export function decodeRequest(body: JsonObject, lose: ReportLoss): ChatRequest {
  for (const name of Object.keys(asObject(body.providerOptions)))
    if (name !== ours) lose(`providerOptions.${name}`, 'dropped', whyNotTranslated)
  if (body.includeRawChunks === true) lose('includeRawChunks', 'dropped', 'A translated stream has no raw chunks.')
  const own = asObject(asObject(body.providerOptions)[ours])
  const tools = readTools(body.tools, lose)
  const toolChoice = tools.length > 0 ? readToolChoice(asObject(body.toolChoice)) : undefined
  const stop = asArray(body.stopSequences).filter((sequence) => typeof sequence === 'string')
  return compact({
    messages: readPrompt(body.prompt, lose),
    tools: tools.length > 0 ? tools : undefined,
    toolChoice,
    parallelToolCalls: typeof own.parallelToolCalls === 'boolean' ? own.parallelToolCalls : undefined,
    responseFormat: readFormat(asObject(body.responseFormat), own.strictSchema),
    reasoning: readReasoning(body.reasoning, asNumber(own.reasoningBudget)),
    maxTokens: asNumber(body.maxOutputTokens),
    temperature: asNumber(body.temperature),
    topP: asNumber(body.topP),
    topK: asNumber(body.topK),
    stop: stop.length > 0 ? stop : undefined,
    seed: asNumber(body.seed),
    presencePenalty: asNumber(body.presencePenalty),
    frequencyPenalty: asNumber(body.frequencyPenalty),
  })
}

function readTools(tools: unknown, lose: ReportLoss): Tool[] {
  return asObjects(tools).flatMap((tool, index) => {
    if (tool.type !== 'function') {
      lose(`tools[${index}]`, 'dropped', `"${String(tool.id)}" is a tool of one provider, and runs only there.`)
      return []
    }
    if (asArray(tool.inputExamples).length > 0)
      lose(`tools[${index}].inputExamples`, 'dropped', 'Put examples into the description of the tool.')
    loseOptions(tool, `tools[${index}]`, lose)
    return {
      name: asString(tool.name) ?? '',
      ...(typeof tool.description === 'string' && { description: tool.description }),
      ...(isObject(tool.inputSchema) && { parameters: tool.inputSchema as JsonObject }),
      ...(typeof tool.strict === 'boolean' && { strict: tool.strict }),
      ...cacheIn(tool),
    }
  })
}

function readToolChoice({ type, toolName }: Members): ToolChoice | undefined {
  if (type === 'auto' || type === 'none' || type === 'required') return { type }
  return type === 'tool' && typeof toolName === 'string' ? { type, name: toolName } : undefined
}

function readFormat({ type, schema, name, description }: Members, strict: unknown): ResponseFormat | undefined {
  if (type !== 'json') return undefined
  if (!isObject(schema)) return { type: 'json' }
  return {
    type: 'json-schema',
    name: asString(name) ?? 'response',
    ...(typeof description === 'string' && { description }),
    schema: schema as JsonObject,
    ...(typeof strict === 'boolean' && { strict }),
  }
}

/** Whoever asks the AI SDK for reasoning is shown it. */
function readReasoning(effort: unknown, budget: number | undefined): Reasoning | undefined {
  if (!isEffort(effort)) return budget === undefined ? undefined : { budget, show: true }
  return effort === 'none' ? { effort } : { effort, show: true, ...(budget !== undefined && { budget }) }
}

export function encodeRequest(request: ChatRequest, { lose }: EncodeContext): JsonObject {
  for (const [path, value] of Object.entries(unsaid(request)))
    if (value !== undefined) lose(path, 'dropped', 'The AI SDK has no word for it.')
  const { toolChoice } = request
  const tools =
    toolChoice?.type === 'allowed' ? request.tools?.filter(({ name }) => toolChoice.names.includes(name)) : request.tools
  return compact({
    prompt: writePrompt(request.messages, lose),
    tools: tools?.map(writeTool),
    toolChoice: toolChoice && writeToolChoice(toolChoice),
    responseFormat: request.responseFormat && writeFormat(request.responseFormat),
    reasoning: request.reasoning && effortOf(request.reasoning),
    providerOptions: request.reasoning && writeReasoning(request.reasoning, lose),
    maxOutputTokens: request.maxTokens,
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    stopSequences: request.stop && [...request.stop],
    seed: request.seed,
    presencePenalty: request.presencePenalty,
    frequencyPenalty: request.frequencyPenalty,
  })
}

function unsaid(request: ChatRequest): Members {
  const { logitBias, logprobs, topLogprobs, user, metadata, serviceTier, parallelToolCalls, n } = request
  return {
    logitBias,
    logprobs: logprobs || undefined,
    topLogprobs,
    user,
    metadata,
    serviceTier,
    parallelToolCalls: parallelToolCalls === false ? false : undefined,
    n: n === 1 ? undefined : n,
  }
}

const noArguments: JsonObject = { type: 'object', properties: {}, additionalProperties: false }

function writeTool({ name, description, parameters = noArguments, strict, cache }: Tool): JsonObject {
  return compact({
    type: 'function',
    name,
    description,
    inputSchema: parameters,
    strict,
    ...optionsOf(cache ? { cache } : {}),
  }) as JsonObject
}

function writeToolChoice(choice: ToolChoice): JsonObject {
  if (choice.type === 'tool') return { type: 'tool', toolName: choice.name }
  return { type: choice.type === 'allowed' ? choice.mode : choice.type }
}

function writeFormat(format: ResponseFormat): JsonObject {
  if (format.type !== 'json-schema') return { type: format.type }
  return compact({ type: 'json', schema: format.schema, name: format.name, description: format.description })
}

function effortOf({ effort, budget }: Reasoning): ReasoningEffort | undefined {
  return effort ?? (budget === undefined ? undefined : effortFor(budget))
}

/** Its own word is a degree, and its provider for Gemini shows no thoughts that it is not asked for: others pass that by. */
function writeReasoning({ budget, show }: Reasoning, lose: ReportLoss): JsonObject | undefined {
  if (budget !== undefined) lose('reasoning.budget', 'approximated', 'The AI SDK knows only degrees.')
  return show ? { google: { thinkingConfig: { includeThoughts: true } } } : undefined
}
