/** The neutral request as the body of `POST /v1/messages`. https://platform.claude.com/docs/en/api/messages/create */
import { compact, type JsonObject, type Members } from '../../core/json.js'
import type { ChatRequest, ResponseFormat } from '../../core/message.js'
import type { Traits } from '../../core/provider.js'
import { asJson } from '../as-json.js'
import { type ClaudeTraits, claude } from '../claude.js'
import { lookup } from '../lookup.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'
import { beyondSubset, holdsItself, withinSubset } from '../schema-subset.js'
import { userId } from '../user-id.js'
import { encodeMessages } from './encode-messages.js'
import { withoutRefused } from './refused.js'
import { planThinking } from './thinking.js'
import { resumesUnsigned } from './tool-loop.js'
import { encodeTools, isForced } from './tools.js'
import type { Sdk } from './wire.js'

/** "user_id appears to contain an email address. Please send a uuid or hash value instead", and so it is with telephone numbers. */
const opaque = /^(?!.*@)(?!\+?[\d\s().-]{7,}$).{0,256}$/s

export function encodeRequest(request: ChatRequest, { model, stream, traits, lose }: EncodeContext): JsonObject {
  const own = declared(claude(model), traits)
  reportUnknown(request, lose)
  const forced = isForced(request.toolChoice) && own.forcedTools && !!request.tools?.length
  const unsigned = resumesUnsigned(request.messages)
  const user = userId(request.user, opaque, lose)
  const plan = planThinking({ reasoning: request.reasoning, maxTokens: request.maxTokens, forced, unsigned }, own, lose)
  const { format, instruction } = encodeFormat(request.responseFormat, own, lose)
  const { system, messages } = encodeMessages(request.messages, {
    prefill: own.prefill && !plan.thinks,
    systemBetween: own.systemBetween,
    addresses: traits.imageUrls !== false,
    lose,
  })
  if (instruction) system.push({ type: 'text', text: instruction })
  const body: Sdk.MessageCreateParams = compact({
    model,
    max_tokens: plan.maxTokens,
    system: encodeSystem(system),
    messages,
    ...encodeTools(request, own, plan.thinks, lose),
    thinking: plan.thinking,
    output_config: plan.effort || format ? compact({ effort: plan.effort, format }) : undefined,
    ...encodeSampling(request, own, plan.thinks, lose),
    stop_sequences: encodeStop(request.stop, lose),
    metadata: user === undefined ? undefined : { user_id: user },
    service_tier: encodeTier(request.serviceTier, lose),
    stream: stream ? (true as const) : undefined,
  })
  return withoutRefused(asJson(body), traits, lose)
}

/** What a provider declares outweighs what is known of the model. */
function declared(own: ClaudeTraits, traits: Traits): ClaudeTraits {
  return {
    ...own,
    ...(traits.supportsPrefill !== undefined && { prefill: traits.supportsPrefill }),
    ...(traits.reasoningEffort === false && { thinking: 'none' }),
    ...(traits.structuredOutput !== undefined && { structuredOutput: traits.structuredOutput === 'json-schema' }),
  }
}

function reportUnknown(request: ChatRequest, lose: ReportLoss): void {
  const unknown: Members = {
    seed: request.seed,
    presence_penalty: request.presencePenalty || undefined,
    frequency_penalty: request.frequencyPenalty || undefined,
    logit_bias: Object.keys(request.logitBias ?? {}).length > 0 || undefined,
    logprobs: request.logprobs || undefined,
    top_logprobs: request.topLogprobs || undefined,
    metadata: Object.keys(request.metadata ?? {}).length > 0 || undefined,
  }
  for (const [path, value] of Object.entries(unknown)) {
    if (value !== undefined) lose(path, 'dropped', 'Claude has nothing like it')
  }
  if ((request.n ?? 1) > 1) lose('n', 'dropped', 'Claude gives one answer per request')
}

function encodeSystem(blocks: Sdk.TextBlockParam[]): Sdk.MessageCreateParams['system'] {
  const [only] = blocks
  if (!only) return undefined
  return blocks.length === 1 && !only.cache_control ? only.text : blocks
}

interface Sampling {
  readonly temperature?: number
  readonly top_p?: number
  readonly top_k?: number
}

/** https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility */
function encodeSampling(
  { temperature, topP, topK }: ChatRequest,
  { sampling }: ClaudeTraits,
  thinks: boolean,
  lose: ReportLoss,
): Sampling {
  const drop = (path: string, why: string) => {
    lose(path, 'dropped', why)
    return undefined
  }
  if (sampling === 'none') {
    // 1 is the default of the first two, and leaving it out loses nothing.
    for (const [path, value] of Object.entries({ temperature, top_p: topP, top_k: topK })) {
      if (value !== undefined && !(value === 1 && path !== 'top_k')) drop(path, 'this model refuses sampling parameters')
    }
    return {}
  }
  const warmth = clamped(temperature, lose)
  if (thinks) {
    return compact({
      temperature: warmth === undefined || warmth === 1 ? warmth : drop('temperature', 'thinking excludes it'),
      top_p: topP === undefined || topP >= 0.95 ? topP : drop('top_p', 'thinking excludes values below 0.95'),
      top_k: topK === undefined ? undefined : drop('top_k', 'thinking excludes it'),
    })
  }
  const both = sampling === 'either' && warmth !== undefined && topP !== undefined
  return compact({
    temperature: warmth,
    top_p: both ? drop('top_p', 'this model takes either temperature or top_p') : topP,
    top_k: topK,
  })
}

function clamped(temperature: number | undefined, lose: ReportLoss): number | undefined {
  if (temperature === undefined || temperature <= 1) return temperature
  lose('temperature', 'approximated', 'Claude takes 0 to 1: 1 is sent')
  return 1
}

function encodeStop(stop: readonly string[] | undefined, lose: ReportLoss): string[] | undefined {
  const kept = stop?.filter((sequence) => sequence.trim() !== '')
  if (kept?.length !== stop?.length) lose('stop', 'dropped', 'a stop sequence of white space alone is refused')
  return kept?.length ? kept : undefined
}

/** OpenAI's words on the left. https://platform.claude.com/docs/en/api/service-tiers */
const tiers: Readonly<Record<string, 'auto' | 'standard_only'>> = {
  auto: 'auto',
  default: 'standard_only',
  standard: 'standard_only',
  standard_only: 'standard_only',
  priority: 'auto',
}

function encodeTier(tier: string | undefined, lose: ReportLoss): 'auto' | 'standard_only' | undefined {
  if (tier === undefined) return undefined
  if (tier === 'priority') lose('service_tier', 'approximated', 'priority capacity is used where the account has it')
  const known = lookup(tiers, tier)
  if (!known) lose('service_tier', 'dropped', 'Claude has no such tier')
  return known
}

interface EncodedFormat {
  readonly format?: Sdk.JSONOutputFormat
  /** What stands in for a means that is missing. */
  readonly instruction?: string
}

function encodeFormat(wanted: ResponseFormat | undefined, own: ClaudeTraits, lose: ReportLoss): EncodedFormat {
  if (wanted === undefined || wanted.type === 'text') return {}
  const told = 'Answer with one valid JSON object and nothing else: no prose, no code fence.'
  if (wanted.type === 'json') {
    lose('response_format', 'approximated', 'Claude has no JSON mode without a schema: the system prompt asks for JSON')
    return { instruction: told }
  }
  const { schema, description } = wanted
  const endless = holdsItself(schema)
  if (!own.structuredOutput || endless) {
    const held = endless ? 'Claude cannot be held to a schema that holds itself' : 'this model cannot be held to a schema'
    lose('response_format', 'approximated', `${held}: the system prompt asks for it`)
    return {
      instruction: [told, description, `It follows this JSON Schema:\n${JSON.stringify(schema)}`].filter(Boolean).join('\n'),
    }
  }
  if (description) lose('response_format.json_schema.description', 'dropped', 'a format has no description here')
  const softened = (at: string) => lose(`response_format.json_schema.schema${at}`, 'approximated', beyondSubset)
  return { format: { type: 'json_schema', schema: withinSubset(schema, softened) } }
}
