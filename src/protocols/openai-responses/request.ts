/** `POST /responses`, both ways. https://platform.openai.com/docs/api-reference/responses/create */
import { LeashError } from '../../core/errors.js'
import { asArray, asNumber, asString, compact, isObject, type JsonObject } from '../../core/json.js'
import type { ChatRequest, Message } from '../../core/message.js'
import { asJson } from '../as-json.js'
import { isInWords, jsonInWords, reachableFormat, reachableTools } from '../openai-strict.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'
import { openAiUser, userId } from '../user-id.js'
import { withoutRefused } from './adapt.js'
import { decodeInput } from './read-input.js'
import { decodeReasoning, decodeTextFormat, encodeFormat, encodeReasoning } from './settings.js'
import { decodeToolChoice, decodeTools, encodeToolChoice, encodeTools } from './tools.js'
import { invalid, noticeUnread } from './wire.js'
import { encodeInput } from './write-input.js'

// ---- a caller's body to a neutral request

/** State that only OpenAI holds: without it, the request is another one than the caller meant. */
const stateful: Readonly<Record<string, string>> = {
  previous_response_id: 'Send the earlier items in `input` instead (`input: [...input, ...response.output, next]`)',
  conversation: 'Send the items of the conversation in `input` instead',
  prompt: 'Send the text of the prompt as `instructions` and `input` instead',
  background: 'Leave `background` out, and wait for the answer or stream it',
}

const readMembers = new Set([
  'model',
  'stream',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'include',
  'max_output_tokens',
  'temperature',
  'top_p',
  'top_logprobs',
  'metadata',
  'user',
  'safety_identifier',
  'service_tier',
  'store',
  'truncation',
  'stream_options',
  // A false one asks for nothing; a true one has been refused.
  'background',
])

const logprobsIncluded = 'message.output_text.logprobs'
const encryptedIncluded = 'reasoning.encrypted_content'

export function decodeRequest(body: JsonObject, lose: ReportLoss): ChatRequest {
  refuseState(body)
  noticeUnread(body, readMembers, '', lose)
  noticeDefaults(body, lose)
  const declared = body.tools == null ? [] : decodeTools(body.tools, lose)
  const { messages, found } = decodeMessages(body, lose)
  // What was found again is one tool.
  const more = new Map(found.map((tool) => [tool.name, tool]))
  for (const { name } of declared) more.delete(name)
  const tools = [...declared, ...more.values()]
  const toolChoice = body.tool_choice == null ? undefined : decodeToolChoice(body.tool_choice, lose)
  const reasoning = body.reasoning == null ? undefined : decodeReasoning(body.reasoning, lose)
  return compact({
    messages,
    tools: tools.length > 0 ? tools : undefined,
    toolChoice: offered(toolChoice, body.tools, tools.length, lose),
    parallelToolCalls: booleanIn(body, 'parallel_tool_calls'),
    responseFormat: body.text == null ? undefined : decodeTextFormat(body.text, lose),
    reasoning: reasoning && Object.keys(reasoning).length > 0 ? reasoning : undefined,
    maxTokens: numberIn(body, 'max_output_tokens'),
    temperature: numberIn(body, 'temperature'),
    topP: numberIn(body, 'top_p'),
    ...decodeLogprobs(body, lose),
    user: decodeUser(body, lose),
    metadata: decodeMetadata(body, lose),
    serviceTier: stringIn(body, 'service_tier'),
  })
}

function refuseState(body: JsonObject): void {
  for (const [name, advice] of Object.entries(stateful)) {
    const value = body[name]
    if (value === undefined || value === null || value === false) continue
    throw new LeashError(
      'unsupported',
      `\`${name}\` works only with a target that speaks the Responses API itself. ${advice}, or choose such a target.`,
      { param: name },
    )
  }
}

/** Members whose usual value asks for nothing, so that only another one is a loss. */
function noticeDefaults(body: JsonObject, lose: ReportLoss): void {
  if (body.store === true) lose('store', 'dropped', 'The answer is not stored: send the items again with the next request.')
  if (typeof body.truncation === 'string' && body.truncation !== 'disabled')
    lose('truncation', 'dropped', 'No other vendor shortens the input by itself.')
  if (isObject(body.stream_options)) noticeUnread(body.stream_options, new Set(['include_obfuscation']), 'stream_options', lose)
}

function decodeMessages(body: JsonObject, lose: ReportLoss): ReturnType<typeof decodeInput> {
  if (body.input === undefined || body.input === null)
    throw invalid('input', '`input` is missing: send a string or an array of items.')
  const instructions = stringIn(body, 'instructions')
  const { messages, found } = decodeInput(body.input, lose)
  const first: Message[] = instructions ? [{ role: 'system', content: [{ type: 'text', text: instructions }] }] : []
  return { messages: [...first, ...messages], found }
}

/** A choice among tools of which none crosses means nothing any more. */
function offered(
  choice: ChatRequest['toolChoice'],
  tools: unknown,
  crossing: number,
  lose: ReportLoss,
): ChatRequest['toolChoice'] {
  if (choice === undefined || crossing > 0 || asArray(tools).length === 0) return choice
  if (choice.type === 'required' || choice.type === 'tool') lose('tool_choice', 'dropped', 'None of the tools crosses.')
  return undefined
}

function decodeLogprobs(body: JsonObject, lose: ReportLoss): Pick<ChatRequest, 'logprobs' | 'topLogprobs'> {
  const include = asArray(body.include)
  for (const [index, what] of include.entries()) {
    // Opaque reasoning is always given, so that a tool loop can go on.
    if (what === logprobsIncluded || what === encryptedIncluded) continue
    lose(`include[${index}]`, 'dropped', `"${String(what)}" has no counterpart outside the Responses API.`)
  }
  const topLogprobs = numberIn(body, 'top_logprobs')
  if (include.includes(logprobsIncluded)) return { logprobs: true, ...(topLogprobs !== undefined && { topLogprobs }) }
  if (topLogprobs) lose('top_logprobs', 'dropped', `Without "${logprobsIncluded}" in \`include\` no logprobs are given.`)
  return {}
}

function decodeUser(body: JsonObject, lose: ReportLoss): string | undefined {
  const user = stringIn(body, 'user')
  const safety = stringIn(body, 'safety_identifier')
  if (user !== undefined && safety !== undefined && user !== safety)
    lose('user', 'dropped', 'There is one name for the user: `safety_identifier` was taken.')
  return safety ?? user
}

function decodeMetadata({ metadata }: JsonObject, lose: ReportLoss): Record<string, string> | undefined {
  if (!isObject(metadata)) return undefined
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === 'string') texts[name] = value
    else lose(`metadata.${name}`, 'dropped', 'Metadata are texts.')
  }
  return texts
}

function stringIn(body: JsonObject, name: string): string | undefined {
  const value = body[name]
  if (value !== undefined && value !== null && asString(value) === undefined)
    throw invalid(name, `\`${name}\` has to be a string.`)
  return asString(value)
}

function numberIn(body: JsonObject, name: string): number | undefined {
  const value = body[name]
  if (value !== undefined && value !== null && asNumber(value) === undefined)
    throw invalid(name, `\`${name}\` has to be a number.`)
  return asNumber(value)
}

function booleanIn(body: JsonObject, name: string): boolean | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') throw invalid(name, `\`${name}\` has to be true or false.`)
  return value
}

// ---- a neutral request to the target's body

const unknownMembers = [
  ['topK', 'top_k'],
  ['stop', 'stop'],
  ['seed', 'seed'],
  ['presencePenalty', 'presence_penalty'],
  ['frequencyPenalty', 'frequency_penalty'],
  ['logitBias', 'logit_bias'],
] as const satisfies readonly (readonly [keyof ChatRequest, string])[]

/** "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16". Chat completions take 1. */
const leastOutputTokens = 16

/** "Encrypted content is not supported with this model", say these families, which do not reason. Newer ones all do. */
const unreasoning = /(^|\/)(gpt-3|gpt-4|chatgpt-|gpt-5[.\d]*-chat)/

export function encodeRequest(request: ChatRequest, context: EncodeContext): JsonObject {
  const { lose, model, stream, traits } = context
  for (const [name, wire] of unknownMembers) {
    if (request[name] !== undefined) lose(wire, 'dropped', `The Responses API has no \`${wire}\`.`)
  }
  if ((request.n ?? 1) > 1) lose('n', 'dropped', 'The Responses API gives one answer.')
  const body = compact({
    model,
    input: [...jsonInWords(request, context), ...encodeInput(request.messages, context)],
    ...encodeToolMembers(request, context),
    text: encodeText(request, context),
    reasoning: encodeThinking(request, context),
    include: encodeInclude(request, context),
    max_output_tokens: encodeMaxTokens(request, lose),
    temperature: request.temperature,
    top_p: request.topP,
    top_logprobs: request.logprobs ? request.topLogprobs : undefined,
    user: userId(request.user, openAiUser, lose),
    metadata: request.metadata,
    service_tier: request.serviceTier,
    // The history travels with each request: nothing of it is to be kept at the vendor.
    store: false,
    stream: stream || undefined,
  })
  return withoutRefused(asJson(body), traits.refuses, lose)
}

function encodeToolMembers({ tools = [], toolChoice, parallelToolCalls }: ChatRequest, { traits, lose }: EncodeContext) {
  if (tools.length === 0) {
    if (toolChoice && toolChoice.type !== 'auto' && toolChoice.type !== 'none')
      lose('tool_choice', 'dropped', 'There are no tools to choose from.')
    return {}
  }
  const required = traits.requiredToolChoice ?? 'required'
  return {
    tools: encodeTools(reachableTools(tools, lose), lose),
    tool_choice: toolChoice?.type === 'required' ? required : toolChoice && encodeToolChoice(toolChoice),
    parallel_tool_calls: parallelToolCalls,
  }
}

function encodeText({ responseFormat }: ChatRequest, { traits, lose }: EncodeContext) {
  if (responseFormat === undefined || isInWords(responseFormat)) return undefined
  const means = traits.structuredOutput ?? 'json-schema'
  if (responseFormat.type === 'text' || means === 'json-schema')
    return { format: encodeFormat(reachableFormat(responseFormat, lose)) }
  if (means === 'none') {
    lose('response_format', 'dropped', 'The target has no structured output.')
    return undefined
  }
  if (responseFormat.type === 'json-schema')
    lose('response_format', 'approximated', 'The target gives JSON, but holds to no schema.')
  return { format: encodeFormat({ type: 'json' }) }
}

function encodeThinking({ reasoning }: ChatRequest, context: EncodeContext) {
  const { traits, lose } = context
  if (reasoning === undefined) return undefined
  if (traits.reasoningEffort !== false) return encodeReasoning(reasoning, context)
  if (reasoning.effort === 'none') return undefined
  lose('reasoning_effort', 'dropped', 'The target does not reason on demand.')
  return undefined
}

/** Encrypted reasoning, because with `store: false` it is the only way for a tool loop to carry the thinking on. */
function encodeInclude({ logprobs }: ChatRequest, { model, traits, lose }: EncodeContext): string[] | undefined {
  const refused = logprobs && traits.refuses?.includes('logprobs')
  if (refused) lose('logprobs', 'dropped', 'The target refuses `logprobs`.')
  const include = [
    ...(traits.reasoningEffort === false || unreasoning.test(traits.baseModel ?? model) ? [] : [encryptedIncluded]),
    ...(logprobs && !refused ? [logprobsIncluded] : []),
  ]
  return include.length > 0 ? include : undefined
}

function encodeMaxTokens({ maxTokens }: ChatRequest, lose: ReportLoss): number | undefined {
  if (maxTokens === undefined || maxTokens >= leastOutputTokens) return maxTokens
  lose('max_tokens', 'approximated', `The Responses API takes ${leastOutputTokens} or more.`)
  return leastOutputTokens
}
