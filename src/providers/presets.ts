/**
 * Vendors and servers that follow OpenAI's API, one entry each, with the vendor's page that it follows on top.
 * docs/providers/openai-compatible.md is made of this table.
 */
import { LeashError } from '../core/errors.js'
import type { Provider, Traits } from '../core/provider.js'
import { ollamaBase } from './ollama-host.js'
import { compatible } from './openai-compatible.js'
import { foreignMembers } from './openai-traits.js'
import { type ProviderOptions, traitsWith } from './options.js'

export interface Preset {
  readonly baseURL: string
  /** The variables that a key is read from, the first that is set. */
  readonly keys: readonly string[]
  /** A server of one's own: no key is needed. */
  readonly keyless?: true
  /** A variable that says where the server is, and how to read it. */
  readonly baseVariable?: { readonly name: string; readonly read: (value: string) => string }
  /** @defaultValue chat completions and embeddings */
  readonly protocols?: readonly string[]
  /** Whose models the names without a slash are; the server wants it in front of them. */
  readonly owner?: string
  readonly traits?: Traits
  /** For some models only: those that match, over `traits`. Later rows win. */
  readonly models?: readonly (readonly [models: RegExp, traits: Traits])[]
  /** Since when the vendor no longer answers, and where it says so. */
  readonly retired?: string
}

const chat = ['openai-chat'] as const
const chatAndResponses = ['openai-chat', 'openai-responses'] as const
const all = ['openai-chat', 'openai-responses', 'openai-embeddings'] as const
/** What servers took before OpenAI renamed both, and still take. */
const older: Traits = { maxTokensField: 'max_tokens', systemRole: 'system' }
const unknownToMoonshot = ['seed', 'logit_bias', 'logprobs', 'top_logprobs', 'parallel_tool_calls'] as const
const sampling = ['temperature', 'top_p', 'n', 'presence_penalty', 'frequency_penalty'] as const
/** Of a message, what strict servers refuse though OpenAI takes it: they are read back from OpenAI's own answers. */
const answered = ['annotations', 'refusal', 'prompt_cache_breakpoint'] as const

const table = {
  mistral: {
    // Mistral: https://docs.mistral.ai/api/endpoint/chat
    baseURL: 'https://api.mistral.ai/v1',
    keys: ['MISTRAL_API_KEY'],
    // A member that the API does not know is a 422: `seed` is called `random_seed`, and usage ends every stream unasked.
    traits: {
      ...older,
      requiredToolChoice: 'any',
      shortCallIds: true,
      streamUsage: 'always',
      reasoningEffort: false,
      refuses: [
        ...['logprobs', 'top_logprobs', 'logit_bias', 'seed', 'user', 'store', 'service_tier', 'stream_options', 'dimensions'],
        ...['name', 'reasoning', ...foreignMembers, ...answered],
      ],
    },
    models: [[/^mistral-(small-(latest|2603)|medium-(latest|3[.-]5))/, { reasoningEffort: true }]],
  },
  groq: {
    // Groq: https://console.groq.com/docs/openai
    baseURL: 'https://api.groq.com/openai/v1',
    keys: ['GROQ_API_KEY'],
    protocols: chatAndResponses,
    // "The following fields are currently not supported and will result in a 400 error"; only some models hold to a schema.
    traits: {
      systemRole: 'system',
      structuredOutput: 'json',
      reasoningEffort: false,
      refuses: ['logprobs', 'top_logprobs', 'logit_bias', 'n', 'name', 'store', 'metadata', ...foreignMembers, ...answered],
    },
    // https://console.groq.com/docs/structured-outputs and https://console.groq.com/docs/reasoning
    models: [
      [/gpt-oss|llama-4|kimi-k2/, { structuredOutput: 'json-schema' }],
      [/gpt-oss|qwen3/, { reasoningEffort: true }],
    ],
  },
  deepseek: {
    // DeepSeek: https://api-docs.deepseek.com/api/create-chat-completion
    baseURL: 'https://api.deepseek.com',
    keys: ['DEEPSEEK_API_KEY'],
    protocols: chat,
    // JSON without a schema: https://api-docs.deepseek.com/guides/json_mode. What its page does not list has no effect.
    traits: { ...older, structuredOutput: 'json', mostStops: 16, refuses: ['seed', 'n', 'logit_bias', 'parallel_tool_calls'] },
  },
  xai: {
    // xAI: https://docs.x.ai/docs/guides/reasoning
    baseURL: 'https://api.x.ai/v1',
    keys: ['XAI_API_KEY'],
    protocols: chatAndResponses,
    // "presencePenalty, frequencyPenalty and stop are not supported by reasoning models": all but these.
    traits: { tellsCharge: true, refuses: ['presence_penalty', 'frequency_penalty', 'stop', 'logit_bias'] },
    models: [
      [/non-reasoning|^grok-(2|3)(?!-mini)/, { refuses: ['logit_bias'], reasoningEffort: false }],
      // "Argument not supported on this model", whatever the effort.
      [/^grok-4(-0709|-fast|-1-fast|\.20(-\d{4})?-reasoning|$)/, { reasoningEffort: false }],
    ],
  },
  together: {
    // Together AI: https://docs.together.ai/reference/chat-completions-1
    baseURL: 'https://api.together.xyz/v1',
    keys: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY'],
    // `logprobs` is a number there.
    traits: { ...older, refuses: ['logprobs', 'top_logprobs'] },
  },
  fireworks: {
    // Fireworks AI: https://docs.fireworks.ai/tools-sdks/openai-compatibility
    baseURL: 'https://api.fireworks.ai/inference/v1',
    keys: ['FIREWORKS_API_KEY'],
    protocols: all,
    // "Usage stats are returned on streaming responses too, in the final chunk."
    traits: { ...older, streamUsage: 'always' },
  },
  openrouter: {
    // OpenRouter: https://openrouter.ai/docs/use-cases/usage-accounting
    baseURL: 'https://openrouter.ai/api/v1',
    keys: ['OPENROUTER_API_KEY'],
    protocols: all,
    // Usage comes with every answer; what a model does not take is ignored, not refused.
    traits: { systemRole: 'system', streamUsage: 'always', tellsCharge: true },
  },
  cerebras: {
    // Cerebras: https://inference-docs.cerebras.ai/resources/openai
    baseURL: 'https://api.cerebras.ai/v1',
    keys: ['CEREBRAS_API_KEY'],
    protocols: chat,
    // "The following fields are currently not supported and will result in a 400 error"; so does a message's odd member.
    traits: {
      systemRole: 'system',
      refuses: ['frequency_penalty', 'presence_penalty', 'logit_bias', ...foreignMembers, ...answered],
    },
  },
  perplexity: {
    // Perplexity: https://docs.perplexity.ai/docs/agent-api/openai-compatibility
    baseURL: 'https://api.perplexity.ai/v1',
    keys: ['PERPLEXITY_API_KEY', 'PPLX_API_KEY'],
    // Sonar's chat completions ended on 2026-09-27; the Agent API, which follows the Responses API, took their place.
    protocols: ['openai-responses'],
    owner: 'perplexity',
    traits: { tellsCharge: true },
  },
  cohere: {
    // Cohere: https://docs.cohere.com/docs/compatibility-api
    baseURL: 'https://api.cohere.ai/compatibility/v1',
    keys: ['COHERE_API_KEY', 'CO_API_KEY'],
    // The page lists the first under "Unsupported parameters"; an "unknown field" is a 422 wherever it stands.
    traits: {
      maxTokensField: 'max_tokens',
      refuses: [
        ...['logit_bias', 'top_logprobs', 'n', 'parallel_tool_calls', 'modalities', 'prediction', 'audio'],
        ...['store', 'metadata', 'service_tier', ...foreignMembers, ...answered],
      ],
    },
  },
  huggingface: {
    // Hugging Face: https://huggingface.co/docs/inference-providers/tasks/chat-completion
    baseURL: 'https://router.huggingface.co/v1',
    keys: ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'],
    protocols: chatAndResponses,
    // What a model takes depends on who serves it behind the router.
    traits: older,
  },
  nvidia: {
    // NVIDIA NIM: https://docs.api.nvidia.com/nim/reference/llm-apis
    baseURL: 'https://integrate.api.nvidia.com/v1',
    keys: ['NVIDIA_API_KEY'],
    traits: older,
  },
  'github-models': {
    // GitHub Models: https://docs.github.com/rest/models/inference
    baseURL: 'https://models.github.ai/inference',
    keys: ['GITHUB_MODELS_TOKEN', 'GITHUB_TOKEN'],
    traits: older,
    retired: '2026-07-30, see https://github.com/orgs/community/discussions/203602',
  },
  moonshot: {
    // Moonshot AI (Kimi): https://platform.kimi.ai/docs/api/chat
    baseURL: 'https://api.moonshot.ai/v1',
    keys: ['MOONSHOT_API_KEY'],
    protocols: chatAndResponses,
    // Images are sent, not fetched: https://platform.kimi.ai/docs/guide/use-kimi-vision-model
    traits: {
      systemRole: 'system',
      structuredOutput: 'json',
      reasoningEffort: false,
      imageUrls: false,
      refuses: unknownToMoonshot,
    },
    models: [
      // Sampling is fixed for the Kimi models: any other value is an error.
      [
        /^kimi-/,
        {
          structuredOutput: 'json-schema',
          refuses: [...sampling, ...unknownToMoonshot],
        },
      ],
      [/^kimi-k([3-9]|\d\d)/, { reasoningEffort: true }],
    ],
  },
  ollama: {
    // Ollama: https://docs.ollama.com/api/openai-compatibility
    baseURL: 'http://127.0.0.1:11434/v1',
    baseVariable: { name: 'OLLAMA_HOST', read: ollamaBase },
    keys: ['OLLAMA_API_KEY'],
    keyless: true,
    // Not in its list of supported fields, and ignored without a word; images only as base64.
    traits: { ...older, imageUrls: false, refuses: ['logit_bias', 'user', 'n', 'parallel_tool_calls'] },
  },
  vllm: {
    // vLLM: https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
    baseURL: 'http://127.0.0.1:8000/v1',
    keys: ['VLLM_API_KEY'],
    keyless: true,
    // Roles go into the model's chat template as they are, and few know `developer`.
    traits: { systemRole: 'system', mostStops: Number.POSITIVE_INFINITY },
  },
  lmstudio: {
    // LM Studio: https://lmstudio.ai/docs/developer/openai-compat
    baseURL: 'http://127.0.0.1:1234/v1',
    keys: ['LM_API_TOKEN'],
    keyless: true,
    traits: { ...older, imageUrls: false },
  },
  llamacpp: {
    // llama.cpp server: https://github.com/ggml-org/llama.cpp/tree/master/tools/server
    baseURL: 'http://127.0.0.1:8080/v1',
    keys: ['LLAMA_API_KEY'],
    keyless: true,
    traits: { ...older, mostStops: Number.POSITIVE_INFINITY },
  },
} as const satisfies Record<string, Preset>

export type PresetName = keyof typeof table

export const presets: Readonly<Record<PresetName, Preset>> = table

export function isPreset(name: string): name is PresetName {
  return Object.hasOwn(presets, name)
}

/**
 * A provider of the table, with options of your own over it.
 *
 * @example
 * preset('mistral', { apiKey: () => vault.read('mistral') })
 * preset('vllm', { baseURL: 'http://gpu-7:8000/v1' })
 */
export function preset(name: PresetName, options: ProviderOptions = {}): Provider {
  if (!isPreset(name))
    throw new LeashError('invalid_config', `There is no preset of that name. There are: ${Object.keys(presets).join(', ')}.`)
  const entry: Preset = presets[name]
  const provider = compatible(
    {
      ...options,
      name: options.name ?? name,
      apiKeyVariable: entry.keys,
      keyless: entry.keyless,
      protocols: entry.protocols,
      traits: traitsWith((model) => knownTraits(entry, model), options.traits),
    },
    entry,
  )
  if (entry.retired === undefined || options.baseURL !== undefined) return provider
  const gone = `"${name}" was retired on ${entry.retired}. Use another provider.`
  return {
    ...provider,
    missing: () => gone,
    prepare() {
      throw new LeashError('unsupported', gone)
    },
  }
}

function knownTraits({ traits, models = [] }: Preset, model: string): Traits {
  return Object.assign({}, traits, ...models.filter(([matching]) => matching.test(model)).map(([, traits]) => traits))
}

let hosts: ReadonlyMap<string, string> | undefined

/** Whose public host it is. Its models may be named `vendor/model`, so that the part before the slash is no provider of ours. */
export function presetAt(host: string): string | undefined {
  hosts ??= new Map(
    Object.entries(presets).flatMap(([name, { baseURL, keyless }]) => (keyless ? [] : [[new URL(baseURL).hostname, name]])),
  )
  return hosts.get(host)
}
