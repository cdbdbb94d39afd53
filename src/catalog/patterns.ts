/** Whose model a name is, by the way vendors name theirs. */

/**
 * Names, in order, to the providers that serve them, the maker first. The first row that matches counts.
 * A name is matched in lower case.
 */
const table: readonly (readonly [names: RegExp, providers: readonly string[]])[] = [
  // Bedrock: a vendor's name and a dot, perhaps with the reach of an inference profile before it, or an ARN.
  // https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
  [/^arn:aws[\w-]*:bedrock:/, ['bedrock']],
  [
    /^(?:(?:us|eu|apac|ap|jp|au|ca|sa|us-gov|global)\.)?(?:ai21|amazon|anthropic|cohere|deepseek|google|luma|meta|minimax|mistral|moonshot(?:ai)?|nvidia|openai|qwen|stability|twelvelabs|writer|zai)\.[a-z]/,
    ['bedrock'],
  ],
  // Vertex AI: resource names, and dates behind an @.
  [/^(?:projects|publishers|endpoints)\//, ['vertex']],
  [/^claude-[\w.-]+@/, ['vertex']],
  [/^accounts\/[\w-]+\/(?:models|deployments|routers)\//, ['fireworks']],
  // Ollama's tags name a size or a quantisation after a colon.
  [/^[a-z][\w.-]*:(?:latest|cloud|e?\d+(?:\.\d+)?[bm]\b)/, ['ollama']],
  [/^gpt-oss-\d/, ['cerebras', 'ollama', 'vllm']],
  [/^(?:ft:)?(?:gpt-|chatgpt-|codex-|davinci|babbage)/, ['openai', 'azure']],
  [/^(?:ft:)?o\d(?:-|$)/, ['openai', 'azure']],
  [
    /^(?:text-embedding-(?:3|ada)|omni-moderation|text-moderation|dall-e|sora-|whisper-1|tts-1|computer-use)/,
    ['openai', 'azure'],
  ],
  // Not Bedrock, which has ids of its own for them, and a region's reach in front.
  [/^claude-/, ['anthropic', 'vertex']],
  [/^(?:models\/|tunedmodels\/)/, ['google']],
  [/^(?:gemini-|gemma-\d|text-embedding-00\d|imagen-|veo-|learnlm-)/, ['google', 'vertex']],
  [/^(?:open-)?(?:mistral|mixtral|ministral|magistral|codestral|devstral|pixtral|voxtral|labs-)/, ['mistral']],
  [/^deepseek-/, ['deepseek']],
  [/^grok-/, ['xai']],
  [/^(?:command|c4ai-|embed-(?:v\d|english|multilingual)|rerank-)/, ['cohere']],
  [/^(?:sonar|pplx-)/, ['perplexity']],
  [/^(?:kimi-|moonshot-v)/, ['moonshot']],
  [/^llama-[\d.]+-\d+b-(?:versatile|instant)|^(?:groq\/)?compound(?:-|$)/, ['groq']],
  [/^(?:llama3\.1-\d+b|zai-glm-)/, ['cerebras']],
  // Open models by the organisation that published them: whoever is configured may have them.
  [
    /^@?(?:meta-llama|qwen|deepseek-ai|mistralai|moonshotai|zai-org|minimaxai|nousresearch|microsoft|ibm-granite|allenai)\//,
    ['openrouter', 'together', 'huggingface', 'fireworks', 'nvidia', 'vllm'],
  ],
  // OpenRouter's own names for other vendors.
  [
    /^~?(?:x-ai|z-ai|openrouter|minimax|nvidia|amazon|thedrummer|sao10k|inflection|ai21|liquid|baidu|tencent|stepfun|xiaomi)\//,
    ['openrouter'],
  ],
]

/** Programs ask for the same few models over and over. */
const known = new Map<string, readonly string[]>()
const mostKnown = 1000

/** The providers that may serve this model, the likeliest first; none for a name that tells nothing. */
export function resolveByPattern(model: string): readonly string[] {
  // No vendor's name is longer; a pattern need not run over a prompt that was passed by mistake.
  if (model.length > 512) return []
  const found = known.get(model)
  if (found) return found
  const name = model.toLowerCase()
  const providers = table.find(([names]) => names.test(name))?.[1] ?? []
  if (known.size >= mostKnown) known.clear()
  known.set(model, providers)
  return providers
}
