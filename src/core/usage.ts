/**
 * Tokens in buckets that do not overlap: their sum is the total, so each can be multiplied by its own price.
 * Vendors count otherwise (OpenAI's `prompt_tokens` holds the cached ones, Anthropic's `input_tokens` does not);
 * each protocol brings its numbers into this form once.
 */
export interface Usage {
  /** Read by the model, neither from nor into a cache, neither audio. */
  readonly input: number
  readonly cacheRead: number
  /** Written to the vendor's cache for its short time to live (Anthropic: 5 minutes). */
  readonly cacheWrite: number
  /** Written to the vendor's cache for one hour. */
  readonly cacheWrite1h: number
  readonly audioInput: number
  /** Written by the model for the caller: text and tool calls. */
  readonly output: number
  /** Written by the model for itself. Billed as output by every vendor known so far. */
  readonly reasoning: number
  readonly audioOutput: number
}

export const buckets = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'audioInput',
  'output',
  'reasoning',
  'audioOutput',
] as const satisfies readonly (keyof Usage)[]

export const noUsage: Usage = Object.freeze({
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  cacheWrite1h: 0,
  audioInput: 0,
  output: 0,
  reasoning: 0,
  audioOutput: 0,
})

/** Fills the missing buckets with zero, and never lets a vendor's odd arithmetic make one negative. */
export function usageOf(known: Partial<Usage>): Usage {
  const usage: Record<keyof Usage, number> = { ...noUsage }
  for (const bucket of buckets) usage[bucket] = Math.max(0, known[bucket] ?? 0)
  return usage
}

export function inputTotal(usage: Usage): number {
  return usage.input + usage.cacheRead + usage.cacheWrite + usage.cacheWrite1h + usage.audioInput
}

export function outputTotal(usage: Usage): number {
  return usage.output + usage.reasoning + usage.audioOutput
}

export function total(usage: Usage): number {
  return inputTotal(usage) + outputTotal(usage)
}

export function addUsage(a: Usage, b: Usage): Usage {
  const sum: Record<keyof Usage, number> = { ...noUsage }
  for (const bucket of buckets) sum[bucket] = a[bucket] + b[bucket]
  return sum
}
