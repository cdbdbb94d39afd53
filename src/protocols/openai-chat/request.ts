/** The whole request, in both directions: each member of the body has its place in one table. */
import type OpenAI from 'openai'
import { asNumber, asObject, asString, type JsonObject } from '../../core/json.js'
import type { ChatRequest, Reasoning, ReasoningEffort } from '../../core/message.js'
import { asJson } from '../as-json.js'
import { invalid } from '../invalid.js'
import { effortFor, isEffort, takenEffort } from '../openai-efforts.js'
import { isInWords, jsonInWords, reachableFormat, reachableTools } from '../openai-strict.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'
import { openAiUser, userId } from '../user-id.js'
import { adapt } from './adapt.js'
import { readMessages } from './read-messages.js'
import {
  readFunctionCall,
  readFunctions,
  readResponseFormat,
  readToolChoice,
  readTools,
  writeResponseFormat,
  writeTool,
  writeToolChoice,
} from './tools.js'
import { writeMessages } from './write-messages.js'

type Draft = { -readonly [Member in keyof ChatRequest]: ChatRequest[Member] }
/** Called with a value that is neither null nor undefined. */
type MemberReader = (draft: Draft, value: unknown, lose: ReportLoss, body: JsonObject) => void

const readers = new Map<string, MemberReader>([
  // Read by `match`: both stand beside the neutral request, not in it.
  ['model', () => {}],
  ['stream', () => {}],
  ['messages', () => {}],
  ['tools', (draft, value, lose) => addTools(draft, readTools(value, lose))],
  ['functions', (draft, value, lose) => addTools(draft, readFunctions(value, lose))],
  ['tool_choice', (draft, value, lose) => assign(draft, 'toolChoice', readToolChoice(value, lose))],
  ['function_call', (draft, value) => assign(draft, 'toolChoice', readFunctionCall(value))],
  ['parallel_tool_calls', boolean('parallelToolCalls')],
  ['response_format', (draft, value, lose) => assign(draft, 'responseFormat', readResponseFormat(value, lose))],
  ['max_completion_tokens', number('maxTokens')],
  ['max_tokens', (draft, value, lose, body) => body.max_completion_tokens ?? number('maxTokens')(draft, value, lose, body)],
  ['temperature', number('temperature')],
  ['top_p', number('topP')],
  ['top_k', number('topK')],
  ['stop', readStop],
  ['seed', number('seed')],
  ['presence_penalty', number('presencePenalty')],
  ['frequency_penalty', number('frequencyPenalty')],
  ['logit_bias', readLogitBias],
  ['logprobs', boolean('logprobs')],
  ['top_logprobs', number('topLogprobs')],
  ['n', number('n')],
  ['user', (draft, value) => assign(draft, 'user', asString(value))],
  // What replaced `user`. Both are given at times, and then `user` is what other vendors know.
  ['safety_identifier', readSafetyIdentifier],
  ['metadata', readMetadata],
  ['service_tier', (draft, value) => assign(draft, 'serviceTier', asString(value))],
  ['stream_options', readStreamOptions],
  ['modalities', readModalities],
  ['store', (_draft, value, lose) => value && lose('store', 'dropped', 'Only OpenAI stores answers.')],
  ...readReasoningMembers(),
])

export function decodeRequest(body: JsonObject, lose: ReportLoss): ChatRequest {
  const draft: Draft = { messages: readMessages(body.messages, lose) }
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined) continue
    const read = readers.get(name)
    if (read) read(draft, value, lose, body)
    else lose(name, 'dropped', `\`${name}\` has no counterpart outside the Chat Completions API.`)
  }
  return draft
}

function assign<Member extends keyof Draft>(draft: Draft, member: Member, value: Draft[Member] | undefined): void {
  if (value !== undefined) draft[member] = value
}

type Numeric = { [Member in keyof Draft]-?: Draft[Member] extends number | undefined ? Member : never }[keyof Draft]
type Logical = { [Member in keyof Draft]-?: Draft[Member] extends boolean | undefined ? Member : never }[keyof Draft]

function number(member: Numeric): MemberReader {
  return (draft, value) => {
    const read = asNumber(value)
    if (read === undefined) throw invalid(wireName(member), 'is to be a number.')
    draft[member] = read
  }
}

function boolean(member: Logical): MemberReader {
  return (draft, value) => {
    if (typeof value !== 'boolean') throw invalid(wireName(member), 'is to be true or false.')
    draft[member] = value
  }
}

function wireName(member: string): string {
  return member.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)
}

function addTools(draft: Draft, tools: NonNullable<ChatRequest['tools']>): void {
  if (tools.length > 0) draft.tools = [...(draft.tools ?? []), ...tools]
}

function readStop(draft: Draft, value: unknown): void {
  const list = Array.isArray(value) ? value : [value]
  if (!list.every((each) => typeof each === 'string')) throw invalid('stop', 'is to be a string or a list of strings.')
  if (list.length > 0) draft.stop = list
}

function readSafetyIdentifier(draft: Draft, value: unknown, lose: ReportLoss, { user }: JsonObject): void {
  if (user == null) assign(draft, 'user', asString(value))
  else if (user !== value) lose('safety_identifier', 'dropped', 'There is one name for the user: `user` was taken.')
}

function readLogitBias(draft: Draft, value: unknown): void {
  const entries = Object.entries(asObject(value)).flatMap(([token, bias]) =>
    typeof bias === 'number' ? [[token, bias] as const] : [],
  )
  draft.logitBias = Object.fromEntries(entries)
}

function readMetadata(draft: Draft, value: unknown): void {
  const entries = Object.entries(asObject(value)).map(
    ([name, each]) => [name, typeof each === 'string' ? each : JSON.stringify(each)] as const,
  )
  draft.metadata = Object.fromEntries(entries)
}

function readStreamOptions(draft: Draft, value: unknown, lose: ReportLoss): void {
  for (const [name, option] of Object.entries(asObject(value))) {
    if (name === 'include_usage') draft.includeUsage = option === true
    else if (option) lose(`stream_options.${name}`, 'dropped', `\`${name}\` has no counterpart outside the Chat Completions API.`)
  }
}

function readModalities(_draft: Draft, value: unknown, lose: ReportLoss): void {
  const others = Array.isArray(value) && value.some((modality) => modality !== 'text')
  if (others)
    lose('modalities', 'dropped', 'An answer other than text can only be asked of a target that speaks Chat Completions.')
}

/** OpenAI's `reasoning_effort`, OpenRouter's `reasoning`, DeepSeek's, Z.ai's and LiteLLM's `thinking`. */
function readReasoningMembers(): [string, MemberReader][] {
  const add = (draft: Draft, reasoning: Reasoning) => {
    draft.reasoning = { ...draft.reasoning, ...reasoning }
  }
  const effort = (draft: Draft, value: unknown, path: string, lose: ReportLoss) => {
    if (isEffort(value)) add(draft, { effort: value })
    else if (value != null) lose(path, 'dropped', `No other vendor knows the effort "${String(value)}".`)
  }
  return [
    ['reasoning_effort', (draft, value, lose) => effort(draft, value, 'reasoning_effort', lose)],
    [
      'reasoning',
      (draft, value, lose) => {
        const { effort: wanted, max_tokens, exclude, enabled } = asObject(value)
        if (enabled === false) add(draft, { effort: 'none' })
        effort(draft, wanted, 'reasoning.effort', lose)
        if (typeof max_tokens === 'number') add(draft, { budget: max_tokens })
        if (typeof exclude === 'boolean') add(draft, { show: !exclude })
      },
    ],
    ['include_reasoning', (draft, value) => add(draft, { show: value === true })],
    [
      'thinking',
      (draft, value) => {
        const { type, budget_tokens } = asObject(value)
        if (type === 'disabled') add(draft, { effort: 'none' })
        if (typeof budget_tokens === 'number') add(draft, { budget: budget_tokens })
      },
    ],
  ]
}

export function encodeRequest(request: ChatRequest, context: EncodeContext): JsonObject {
  const { model, stream, traits, lose } = context
  const mostStops = traits.mostStops ?? 4
  reportUnsaid(request, mostStops, lose)
  if (request.messages.at(-1)?.role === 'assistant' && !traits.supportsPrefill)
    lose('messages', 'approximated', 'The target may begin a new answer instead of continuing the last message.')
  const usage = stream && (traits.streamUsage ?? 'on-request') === 'on-request'
  const body = asJson({
    model,
    messages: [...jsonInWords(request, context), ...writeMessages(request.messages, lose)],
    ...(stream && { stream: true }),
    ...(usage && { stream_options: { include_usage: true } }),
    ...writeTools(request, lose),
    ...(request.responseFormat &&
      !isInWords(request.responseFormat) && {
        response_format: writeResponseFormat(reachableFormat(request.responseFormat, lose)),
      }),
    ...writeEffort(request.reasoning, context),
    ...writeScalars(request, mostStops, context),
    ...writeTier(request.serviceTier, lose),
  })
  return adapt(body, traits, lose)
}

function reportUnsaid({ topK, reasoning, stop = [] }: ChatRequest, mostStops: number, lose: ReportLoss): void {
  if (stop.length > mostStops) lose('stop', 'dropped', `The target takes ${mostStops} stop sequences; the others are left out.`)
  if (topK !== undefined) lose('top_k', 'dropped', 'Chat Completions has no `top_k`.')
  if (reasoning?.show) lose('reasoning.show', 'approximated', 'Chat Completions cannot be asked to show its thinking.')
}

type Params = OpenAI.ChatCompletionCreateParams

/** The members about tools are refused by OpenAI when there are none. */
function writeTools({ tools, toolChoice, parallelToolCalls }: ChatRequest, lose: ReportLoss): Partial<Params> {
  if (!tools || tools.length === 0) return {}
  return {
    tools: reachableTools(tools, lose).map(writeTool),
    ...(toolChoice && { tool_choice: writeToolChoice(toolChoice) }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
  }
}

/** The members that are the same value under another name, in the order they go out. */
const scalars = {
  maxTokens: 'max_completion_tokens',
  temperature: 'temperature',
  topP: 'top_p',
  stop: 'stop',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  logitBias: 'logit_bias',
  logprobs: 'logprobs',
  topLogprobs: 'top_logprobs',
  n: 'n',
  user: 'user',
  metadata: 'metadata',
} as const satisfies { readonly [Member in keyof ChatRequest]?: keyof Params }

function writeScalars(request: ChatRequest, mostStops: number, { traits, lose }: EncodeContext): Record<string, unknown> {
  const wanted: Partial<Record<keyof typeof scalars, unknown>> = {
    ...request,
    stop: request.stop?.slice(0, mostStops),
    user: userId(request.user, openAiUser, lose),
    metadata: traits.storedMetadata ? unstored(request, lose) : request.metadata,
  }
  const written: Record<string, unknown> = {}
  for (const [member, name] of Object.entries(scalars)) {
    const value = wanted[member as keyof typeof scalars]
    if (value !== undefined) written[name] = value
  }
  return written
}

function unstored({ metadata = {} }: ChatRequest, lose: ReportLoss): undefined {
  if (Object.keys(metadata).length > 0) lose('metadata', 'dropped', 'The target keeps metadata only of answers that it stores.')
}

function writeEffort(
  reasoning: Reasoning | undefined,
  { model, traits, lose }: EncodeContext,
): { reasoning_effort?: ReasoningEffort } {
  const { effort, budget } = reasoning ?? {}
  const asked = effort ?? (budget === undefined ? undefined : effortFor(budget))
  if (budget !== undefined)
    lose('reasoning.budget', effort ? 'dropped' : 'approximated', 'Chat Completions grades the effort and counts no tokens.')
  // Where nothing is thought anyway, not to think is what the caller gets.
  if (asked === undefined || (asked === 'none' && traits.reasoningEffort === false)) return {}
  return { reasoning_effort: traits.reasoningEffort === false ? asked : takenEffort(traits.baseModel ?? model, asked, lose) }
}

/** OpenAI's own, and those of Groq; Anthropic's and Gemini's words for the ordinary tier are one more. */
const tiers = new Set(['auto', 'default', 'flex', 'scale', 'priority', 'fast', 'on_demand', 'performance'])

function writeTier(tier: string | undefined, lose: ReportLoss): { service_tier?: string } {
  if (tier === undefined) return {}
  if (tiers.has(tier)) return { service_tier: tier }
  if (tier === 'standard' || tier === 'standard_only') return { service_tier: 'default' }
  lose('service_tier', 'dropped', `Chat Completions has no service tier "${tier}".`)
  return {}
}
