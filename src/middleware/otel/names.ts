/**
 * What spans and metrics are called: OpenTelemetry's conventions for generative AI, in two editions, for the packages that
 * export them lag behind, and what is collected today is charted by the names of yesterday.
 *
 * `published`: v1.41, https://opentelemetry.io/docs/specs/semconv/gen-ai/
 * `newest`: https://github.com/open-telemetry/semantic-conventions-genai
 */
export type Profile = 'published' | 'newest'

export const optInVariable = 'OTEL_SEMCONV_STABILITY_OPT_IN'

/** @param value of the environment's {@link optInVariable}: a list with commas between */
export function profileOf(value: string | undefined): Profile {
  const asked = value?.split(',').map((name) => name.trim()) ?? []
  return asked.includes('gen_ai_latest_experimental') ? 'newest' : 'published'
}

/** In both editions. */
export const attribute = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  conversation: 'gen_ai.conversation.id',
  outputType: 'gen_ai.output.type',
  requestModel: 'gen_ai.request.model',
  requestStream: 'gen_ai.request.stream',
  maxTokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  topP: 'gen_ai.request.top_p',
  topK: 'gen_ai.request.top_k',
  frequencyPenalty: 'gen_ai.request.frequency_penalty',
  presencePenalty: 'gen_ai.request.presence_penalty',
  seed: 'gen_ai.request.seed',
  choices: 'gen_ai.request.choice.count',
  stop: 'gen_ai.request.stop_sequences',
  responseId: 'gen_ai.response.id',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  firstChunk: 'gen_ai.response.time_to_first_chunk',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheRead: 'gen_ai.usage.cache_read.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
  tokenType: 'gen_ai.token.type',
  modality: 'gen_ai.token.modality',
  inputMessages: 'gen_ai.input.messages',
  outputMessages: 'gen_ai.output.messages',
  system: 'gen_ai.system_instructions',
  tools: 'gen_ai.tool.definitions',
  error: 'error.type',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  status: 'http.response.status_code',
} as const

/** Where the editions differ. Absent: the edition has none. */
export const editions = {
  published: {
    cacheWrite: 'gen_ai.usage.cache_creation.input_tokens',
    effort: undefined,
    duration: { chat: 'gen_ai.client.operation.duration', embeddings: 'gen_ai.client.operation.duration' },
    firstChunk: 'gen_ai.client.operation.time_to_first_chunk',
    perChunk: 'gen_ai.client.operation.time_per_output_chunk',
  },
  newest: {
    cacheWrite: 'gen_ai.usage.cache_write.input_tokens',
    effort: 'gen_ai.request.reasoning.level',
    duration: { chat: 'gen_ai.client.inference.duration', embeddings: 'gen_ai.client.operation.duration' },
    firstChunk: 'gen_ai.client.inference.time_to_first_chunk',
    perChunk: 'gen_ai.client.inference.time_per_output_chunk',
  },
} as const

export type Edition = (typeof editions)[Profile]

/** Tokens, as the published edition counts them. */
export const tokenUsage = 'gen_ai.client.token.usage'

/** Tokens, as the newest edition counts them. */
export const usageCounters = {
  input: 'gen_ai.client.inference.usage.input_tokens',
  output: 'gen_ai.client.inference.usage.output_tokens',
  cacheRead: 'gen_ai.client.inference.usage.cache_read.input_tokens',
  cacheWrite: 'gen_ai.client.inference.usage.cache_write.input_tokens',
  reasoning: 'gen_ai.client.inference.usage.reasoning.output_tokens',
} as const

export const usageHistograms = {
  input: 'gen_ai.client.inference.operation.input_tokens',
  output: 'gen_ai.client.inference.operation.output_tokens',
} as const

/** What no convention has a name for. */
export const own = {
  callId: 'leash.call.id',
  tenant: 'leash.tenant',
  tag: 'leash.tag.',
  outcome: 'leash.outcome',
  attempts: 'leash.attempts',
  attempt: 'leash.attempt',
  hedged: 'leash.hedged',
  key: 'leash.key',
  model: 'leash.model',
  protocol: 'leash.protocol',
  route: 'leash.route',
  cache: 'leash.cache',
  coalesced: 'leash.coalesced',
  redactions: 'leash.redactions',
  warnings: 'leash.warnings',
  cost: 'leash.cost.usd',
  costEstimated: 'leash.cost.estimated',
  costSaved: 'leash.cost.saved_usd',
  attemptInput: 'leash.usage.input_tokens',
  attemptOutput: 'leash.usage.output_tokens',
  costMetric: 'leash.client.cost',
  savedMetric: 'leash.client.cost.saved',
  attemptsMetric: 'leash.client.attempts',
} as const

/** Seconds. */
export const timeBuckets = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]

export const tokenBuckets = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]
