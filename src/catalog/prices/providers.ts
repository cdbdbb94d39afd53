/** What our providers are called in genai-prices, and how their names for models are brought to those it knows. */

interface Listed {
  readonly id: string
  /** The spellings to look for, the first that is found counts. @defaultValue the name as it is */
  readonly names?: (model: string) => readonly string[]
}

/** A provider that is missing here (a server of one's own) has no price but the one that its owner writes down. */
const listed: Readonly<Record<string, Listed>> = {
  openai: { id: 'openai' },
  // Models of OpenAI, Anthropic and others, at their makers' prices where it has none of its own.
  azure: { id: 'azure' },
  anthropic: { id: 'anthropic' },
  google: { id: 'google', names: resourceNames },
  vertex: { id: 'google', names: resourceNames },
  bedrock: { id: 'aws', names: bedrockNames },
  mistral: { id: 'mistral' },
  groq: { id: 'groq' },
  deepseek: { id: 'deepseek' },
  xai: { id: 'x-ai' },
  together: { id: 'together' },
  fireworks: { id: 'fireworks' },
  openrouter: { id: 'openrouter' },
  cerebras: { id: 'cerebras' },
  perplexity: { id: 'perplexity', names: (model) => [model.replace(/^perplexity\//, '')] },
  cohere: { id: 'cohere' },
  moonshot: { id: 'moonshotai' },
}

export interface Spellings {
  readonly id: string
  readonly names: readonly string[]
}

export function spellingsOf(provider: string, model: string): Spellings | undefined {
  if (provider === 'huggingface') return huggingFace(model)
  const known = Object.hasOwn(listed, provider) ? listed[provider] : undefined
  return known && { id: known.id, names: known.names?.(model) ?? [model] }
}

/** `publishers/google/models/gemini-2.5-pro` and `models/gemini-2.5-pro` are Gemini; dates of Claude stand behind an `@`. */
function resourceNames(model: string): readonly string[] {
  const name = model.replace(/^.*\//, '').replace(/@(default|latest)$/, '')
  return name.includes('@') ? [name, name.replace('@', '-')] : [name]
}

/**
 * The id that stands in an ARN; an application inference profile has none. A profile of a region that is not listed is
 * charged as the region's own model: https://docs.aws.amazon.com/bedrock/latest/userguide/cross-region-inference.html
 */
function bedrockNames(model: string): readonly string[] {
  const id = /^arn:[^/]*:(?:foundation-model|inference-profile)\/(.+)$/.exec(model)?.[1] ?? model
  const regional = /^(?:us|eu|apac|ap|jp|au|ca|sa|in|us-gov)\.(.+)$/.exec(id)?.[1]
  return regional === undefined ? [id] : [id, regional]
}

/** The router charges what the provider behind the colon does; without one it chooses by itself. */
function huggingFace(model: string): Spellings | undefined {
  const [name = '', behind] = model.split(':')
  return behind === undefined ? undefined : { id: `huggingface_${behind}`, names: [name] }
}
