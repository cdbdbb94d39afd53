/** From the neutral request to the body of `Converse` and `ConverseStream`. */
import { compact, type JsonObject } from '../../core/json.js'
import type { ChatRequest, ResponseFormat } from '../../core/message.js'
import { claude } from '../claude.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'
import { beyondSubset, holdsItself, withinSubset } from '../schema-subset.js'
import { askedToGoOn, encodeHistory } from './history.js'
import { habitsOf, type ModelHabits } from './models.js'
import { planThinking } from './thinking.js'
import { encodeTools, isForced } from './tools.js'
import type { ConverseBody, Document } from './wire.js'

export function encodeRequest(request: ChatRequest, { model, traits, lose }: EncodeContext): JsonObject {
  const habits = habitsOf(traits.baseModel ?? model)
  const known = claude(traits.baseModel ?? model)
  const native = (traits.structuredOutput ?? 'json-schema') === 'json-schema'
  const history = encodeHistory(request.messages, habits, lose)
  const { resumesUnsigned } = history
  const forced = known.forcedTools && isForced(request)
  const plan = planThinking(request.reasoning, request.maxTokens, { habits, claude: known, resumesUnsigned, forced }, lose)
  const continues = (traits.supportsPrefill ?? true) && !plan.thinks
  const refused = [...(traits.refuses ?? []), ...plan.refuses]
  const sampling = encodeSampling(request, plan.maxTokens, refused, habits, lose)
  const format = encodeFormat(request.responseFormat, native, lose)
  const toolConfig = encodeTools(request, {
    habits,
    strict: native,
    unforced: plan.thinks || !known.forcedTools,
    called: history.called,
    lose,
  })
  const fields = { ...plan.fields, ...sampling.fields }
  const outputConfig = compact({ textFormat: format.textFormat, effort: plan.effort })
  const system = [...history.system, ...(format.instruction ? [{ text: format.instruction }] : [])]
  const metadata = encodeMetadata(request, lose)
  const tier = encodeTier(request.serviceTier, lose)
  reportWordless(request, lose)
  const body: ConverseBody = {
    messages: continues ? history.messages : askedToGoOn(history.messages, lose),
    ...(system.length > 0 && { system }),
    ...(Object.keys(sampling.config).length > 0 && { inferenceConfig: sampling.config }),
    ...(toolConfig && { toolConfig }),
    ...(Object.keys(fields).length > 0 && { additionalModelRequestFields: fields as Document }),
    ...(habits.tellsStopSequence && request.stop?.length && { additionalModelResponseFieldPaths: ['/stop_sequence'] }),
    ...(metadata && { requestMetadata: metadata }),
    ...(tier && { serviceTier: { type: tier } }),
    ...(Object.keys(outputConfig).length > 0 && { outputConfig }),
  }
  return body
}

interface Sampling {
  readonly config: NonNullable<ConverseBody['inferenceConfig']>
  /** For `additionalModelRequestFields`. */
  readonly fields: JsonObject
}

function encodeSampling(
  request: ChatRequest,
  bound: number | undefined,
  refused: readonly string[],
  habits: ModelHabits,
  lose: ReportLoss,
): Sampling {
  const taken = <Value>(name: string, value: Value | undefined, usual?: Value): Value | undefined => {
    if (value === undefined || !refused.includes(name)) return value
    if (value !== usual) lose(name, 'dropped', 'this model refuses it, or refuses it beside its thinking')
    return undefined
  }
  const maxTokens = taken('max_tokens', bound)
  const temperature = upToOne('temperature', taken('temperature', request.temperature, 1), lose)
  const topP = taken('top_p', request.topP, 1)
  const both = habits.oneSampler && temperature !== undefined && topP !== undefined
  if (both && topP !== 1) lose('top_p', 'dropped', 'this model takes `temperature` or `top_p`, not both')
  const stop = taken('stop', request.stop)?.filter((text) => text !== '')
  return {
    config: compact({ maxTokens, temperature, topP: both ? undefined : topP, stopSequences: stop?.length ? stop : undefined }),
    fields: encodeTopK(taken('top_k', request.topK), habits, lose),
  }
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html: at most 1, where OpenAI has 2. */
function upToOne(name: string, value: number | undefined, lose: ReportLoss): number | undefined {
  if (value === undefined || value <= 1) return value
  lose(name, 'approximated', `Bedrock takes at most 1, not ${value}`)
  return 1
}

function encodeTopK(topK: number | undefined, habits: ModelHabits, lose: ReportLoss): JsonObject {
  if (topK === undefined) return {}
  if (habits.topK === 'top_k') return { top_k: topK }
  if (habits.topK === 'nova') return { inferenceConfig: { topK } }
  lose('top_k', 'dropped', 'this model does not take it')
  return {}
}

interface Format {
  readonly textFormat?: NonNullable<ConverseBody['outputConfig']>['textFormat']
  /** What the model is told where it cannot be held to a format. */
  readonly instruction?: string
}

function encodeFormat(format: ResponseFormat | undefined, native: boolean, lose: ReportLoss): Format {
  if (!format || format.type === 'text') return {}
  if (format.type === 'json') {
    lose('response_format', 'approximated', 'Bedrock has no JSON mode without a schema: the model is asked for JSON')
    return { instruction: 'Answer with one JSON object and nothing else.' }
  }
  const { name, description, schema } = format
  const endless = holdsItself(schema)
  if (!native || endless) {
    const held = endless ? 'Bedrock holds no model to a schema that holds itself' : 'this model cannot be held to a schema'
    lose('response_format', 'approximated', `${held}: it is told the schema`)
    const told = `Answer with JSON of this JSON Schema and nothing else:\n${JSON.stringify(schema)}`
    return { instruction: description ? `${description}\n${told}` : told }
  }
  const softened = (at: string) => lose(`response_format.json_schema.schema${at}`, 'approximated', beyondSubset)
  const closed = withinSubset(schema, softened)
  if (closed !== schema)
    lose(
      'response_format.json_schema.schema',
      'approximated',
      'it was brought within the subset that Bedrock takes, with every object closed',
    )
  const jsonSchema = { schema: JSON.stringify(closed), name, ...(description && { description }) }
  return { textFormat: { type: 'json_schema', structure: { jsonSchema } } }
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html: 16 pairs, each up to 256 characters of these. */
const metadataText = /^[a-zA-Z0-9\s:_@$#=/+,\-.]{0,256}$/

function encodeMetadata({ metadata, user }: ChatRequest, lose: ReportLoss): Record<string, string> | undefined {
  const pairs: [string, string][] = []
  for (const [key, value] of Object.entries(metadata ?? {})) {
    if (key !== '' && metadataText.test(key) && metadataText.test(value) && pairs.length < 16) pairs.push([key, value])
    else lose(`metadata.${key}`, 'dropped', 'Bedrock takes 16 pairs of at most 256 plain characters')
  }
  if (user !== undefined) lose('user', 'dropped', 'Bedrock does not ask who the end user is')
  return pairs.length > 0 ? Object.fromEntries(pairs) : undefined
}

const tiers = ['default', 'flex', 'priority', 'reserved'] as const

function encodeTier(asked: string | undefined, lose: ReportLoss): (typeof tiers)[number] | undefined {
  const tier = tiers.find((known) => known === asked)
  if (asked !== undefined && asked !== 'auto' && !tier) lose('service_tier', 'dropped', 'Bedrock sells no such tier')
  return tier
}

function reportWordless(request: ChatRequest, lose: ReportLoss): void {
  const wordless: Readonly<Record<string, boolean>> = {
    n: (request.n ?? 1) > 1,
    seed: request.seed !== undefined,
    presence_penalty: (request.presencePenalty ?? 0) !== 0,
    frequency_penalty: (request.frequencyPenalty ?? 0) !== 0,
    logit_bias: Object.keys(request.logitBias ?? {}).length > 0,
    logprobs: request.logprobs === true,
    top_logprobs: request.topLogprobs !== undefined && request.logprobs !== true,
  }
  for (const [name, asked] of Object.entries(wordless)) if (asked) lose(name, 'dropped', 'Bedrock has no word for it')
}
