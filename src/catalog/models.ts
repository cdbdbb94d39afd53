/**
 * Well-known models, for suggestions and for `leash models`. Not a gate: a model that is missing here works all the same.
 * Numbers stand only where the vendor's own page says them (read in November 2026).
 */
export interface KnownModel {
  readonly name: string
  readonly provider: string
  readonly kind: 'chat' | 'embeddings'
  /** Tokens in and out together; for embeddings, tokens of one input. */
  readonly contextWindow?: number
  /** Tokens that one answer may have. */
  readonly maxOutput?: number
}

type Row = readonly [name: string, contextWindow?: number, maxOutput?: number]

const chat: Readonly<Record<string, readonly Row[]>> = {
  openai: [
    ['gpt-6-astra', 1_050_000, 128_000],
    ['gpt-6.1-sol', 1_050_000, 128_000],
    ['gpt-6.1-terra', 1_050_000, 128_000],
    ['gpt-6-sol', 1_050_000, 128_000],
    ['gpt-6-luna', 1_050_000, 128_000],
    ['gpt-5.6-sol', 1_050_000, 128_000],
    ['gpt-5.6-terra', 1_050_000, 128_000],
    ['gpt-5.6-luna', 1_050_000, 128_000],
    ['gpt-5.5'],
    ['gpt-5.4'],
    ['gpt-5.4-mini'],
    ['gpt-5.4-nano'],
    ['gpt-5.2', 400_000, 128_000],
    ['gpt-5.1', 400_000, 128_000],
    ['gpt-5', 400_000, 128_000],
    ['gpt-5-mini', 400_000, 128_000],
    ['gpt-5-nano', 400_000, 128_000],
    ['gpt-4.1', 1_047_576, 32_768],
    ['gpt-4.1-mini', 1_047_576, 32_768],
    ['gpt-4.1-nano', 1_047_576, 32_768],
    ['gpt-4o', 128_000, 16_384],
    ['gpt-4o-mini', 128_000, 16_384],
    ['o3', 200_000, 100_000],
    ['o4-mini', 200_000, 100_000],
  ],
  anthropic: [
    ['claude-fable-5-2'],
    ['claude-fable-5-1', 1_000_000, 128_000],
    ['claude-opus-5-5', 1_000_000, 128_000],
    ['claude-sonnet-5-5', 1_000_000, 128_000],
    ['claude-haiku-5-5', 1_000_000, 128_000],
    ['claude-opus-5', 1_000_000, 128_000],
    ['claude-sonnet-5', 1_000_000, 128_000],
    ['claude-opus-4-8', 1_000_000, 128_000],
    ['claude-opus-4-7', 1_000_000, 128_000],
    ['claude-opus-4-6', 1_000_000, 128_000],
    ['claude-sonnet-4-6', 1_000_000, 128_000],
    ['claude-opus-4-5', 200_000, 64_000],
    ['claude-sonnet-4-5', 200_000, 64_000],
    ['claude-haiku-4-5', 200_000, 64_000],
  ],
  google: [
    ['gemini-4-argon'],
    ['gemini-4-carbon'],
    ['gemini-4-hydrogen'],
    ['gemini-3.8-flash'],
    ['gemini-3.6-flash'],
    ['gemini-3.5-flash'],
    ['gemini-3.5-flash-lite'],
    ['gemini-3.1-pro-preview', 1_048_576, 65_536],
    ['gemini-2.5-pro', 1_048_576, 65_536],
    ['gemini-2.5-flash', 1_048_576, 65_536],
    ['gemini-2.5-flash-lite', 1_048_576, 65_536],
    ['gemini-flash-latest'],
    ['gemini-pro-latest'],
  ],
  bedrock: [
    ['global.anthropic.claude-sonnet-4-5-20250929-v1:0', 200_000, 64_000],
    ['global.anthropic.claude-opus-4-6-v1:0'],
    ['amazon.nova-pro-v1:0', 300_000],
    ['amazon.nova-lite-v1:0', 300_000],
    ['amazon.nova-micro-v1:0', 128_000],
    ['global.amazon.nova-2-lite-v1:0'],
    ['openai.gpt-oss-120b-1:0', 128_000],
  ],
  mistral: [
    ['mistral-large-latest'],
    ['mistral-medium-latest'],
    ['mistral-small-latest'],
    ['ministral-8b-latest'],
    ['magistral-medium-latest'],
    ['codestral-latest'],
    ['devstral-latest'],
  ],
  deepseek: [['deepseek-flash'], ['deepseek-v4-pro', 1_000_000]],
  xai: [['grok-4.5', 500_000], ['grok-4.3', 1_000_000], ['grok-latest']],
  groq: [
    ['llama-3.3-70b-versatile', 131_072, 32_768],
    ['llama-3.1-8b-instant', 131_072, 131_072],
    ['openai/gpt-oss-120b', 131_072, 65_536],
    ['openai/gpt-oss-20b', 131_072, 65_536],
  ],
  cerebras: [['gpt-oss-120b', 131_072], ['zai-glm-4.7']],
  cohere: [
    ['command-a-03-2025', 256_000, 8_000],
    ['command-r-plus-08-2024', 128_000, 4_000],
    ['command-r7b-12-2024', 128_000, 4_000],
  ],
  perplexity: [['sonar']],
  moonshot: [
    ['kimi-k3', 1_048_576],
    ['kimi-k2.7-code', 262_144],
    ['kimi-k2.6', 262_144],
  ],
}

const embeddings: Readonly<Record<string, readonly Row[]>> = {
  openai: [
    ['text-embedding-3-large', 8_192],
    ['text-embedding-3-small', 8_192],
    ['text-embedding-ada-002', 8_192],
  ],
  google: [['gemini-embedding-001', 2_048]],
  bedrock: [
    ['amazon.titan-embed-text-v2:0', 8_192],
    ['cohere.embed-v4:0', 128_000],
  ],
  mistral: [['mistral-embed', 8_192], ['codestral-embed']],
  cohere: [['embed-v4.0', 128_000]],
}

function listed(kind: KnownModel['kind'], table: Readonly<Record<string, readonly Row[]>>): KnownModel[] {
  return Object.entries(table).flatMap(([provider, rows]) =>
    rows.map(([name, contextWindow, maxOutput]) => ({
      name,
      provider,
      kind,
      ...(contextWindow !== undefined && { contextWindow }),
      ...(maxOutput !== undefined && { maxOutput }),
    })),
  )
}

export const knownModels: readonly KnownModel[] = Object.freeze([...listed('chat', chat), ...listed('embeddings', embeddings)])
