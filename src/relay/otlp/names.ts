/**
 * What spans call what the ledger is made of, in all editions that are in use. The first name that a span has counts.
 *
 * - OpenTelemetry, published and newest: https://opentelemetry.io/docs/specs/semconv/gen-ai/ and
 *   https://github.com/open-telemetry/semantic-conventions-genai
 * - OpenLLMetry: https://github.com/traceloop/openllmetry
 * - OpenInference: https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
 * - Langfuse: https://langfuse.com/integrations/native/opentelemetry
 * - ours: docs/observability.md
 */
export const names = {
  operation: ['gen_ai.operation.name', 'llm.request.type'],
  /** Of frameworks that mark every step of a program as one of a few kinds. */
  kind: ['openinference.span.kind', 'traceloop.span.kind', 'langfuse.observation.type'],
  provider: ['gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system'],
  host: ['server.address'],
  requestModel: [
    'gen_ai.request.model',
    'llm.request.model',
    'llm.model_name',
    'embedding.model_name',
    'langfuse.observation.model.name',
  ],
  responseModel: ['gen_ai.response.model', 'llm.response.model'],
  input: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.usage.prompt_tokens', 'llm.token_count.prompt'],
  output: [
    'gen_ai.usage.output_tokens',
    'gen_ai.usage.completion_tokens',
    'llm.usage.completion_tokens',
    'llm.token_count.completion',
  ],
  cacheRead: [
    'gen_ai.usage.cache_read.input_tokens',
    'gen_ai.usage.cache_read_input_tokens',
    'gen_ai.usage.details.cache_read_tokens',
    'llm.usage.cache_read_input_tokens',
    'llm.token_count.prompt_details.cache_read',
  ],
  cacheWrite: [
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.usage.cache_creation.input_tokens',
    'gen_ai.usage.cache_creation_input_tokens',
    'gen_ai.usage.details.cache_write_tokens',
    'llm.usage.cache_creation_input_tokens',
    'llm.token_count.prompt_details.cache_write',
  ],
  reasoning: [
    'gen_ai.usage.reasoning.output_tokens',
    'gen_ai.usage.reasoning_tokens',
    'gen_ai.usage.details.reasoning_tokens',
    'llm.usage.reasoning_tokens',
    'llm.token_count.completion_details.reasoning',
  ],
  audioInput: ['gen_ai.usage.audio.input_tokens', 'llm.token_count.prompt_details.audio'],
  audioOutput: ['gen_ai.usage.audio.output_tokens', 'llm.token_count.completion_details.audio'],
  cost: ['leash.cost.usd', 'gen_ai.usage.cost', 'llm.cost.total'],
  serviceTier: ['openai.response.service_tier', 'gen_ai.openai.response.service_tier', 'openai.request.service_tier'],
  user: ['user.id', 'enduser.id', 'traceloop.association.properties.user_id'],
  error: ['error.type'],
  status: ['http.response.status_code', 'http.status_code'],
  /** Of our own spans: the call as a whole, and one attempt of it. */
  callId: ['leash.call.id'],
  attempt: ['leash.attempt'],
} as const satisfies Record<string, readonly string[]>

/** Langfuse writes its numbers as JSON, several in one attribute: by their names there, those that they are read as. */
export const folded: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'langfuse.observation.usage_details': {
    input: names.input[0],
    output: names.output[0],
    input_cached_tokens: names.cacheRead[0],
    cache_read_input_tokens: names.cacheRead[0],
    cache_creation_input_tokens: names.cacheWrite[0],
    output_reasoning_tokens: names.reasoning[0],
    input_audio_tokens: names.audioInput[0],
    output_audio_tokens: names.audioOutput[0],
  },
  'langfuse.observation.cost_details': { total: names.cost[1] },
}

/** Of a program: what becomes a tag of its lines. */
export const resourceTags = {
  'service.name': 'service',
  'deployment.environment.name': 'environment',
  'deployment.environment': 'environment',
} as const

/** In front of the names of tags. */
export const tagPrefix = 'leash.tag.'

const known = new Set<string>([...Object.values(names).flat(), ...Object.keys(resourceTags), ...Object.keys(folded)])

/** All else is dropped unread: prompts and answers may stand there. */
export function isRead(name: string): boolean {
  return known.has(name) || name.startsWith(tagPrefix)
}
