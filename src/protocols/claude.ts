/**
 * What the generations of Claude take and refuse, read from the version in a model's name. Versions are ordered, so
 * that a model which is newer than this table is treated as the newest one in it.
 *
 * Sources: https://platform.claude.com/docs/en/about-claude/models/overview, the migration guides beneath
 * https://platform.claude.com/docs/en/models/ and https://platform.claude.com/docs/en/build-with-claude/thinking
 */
export type Effort = 'low' | 'medium' | 'high' | 'xhigh' | 'max'

/** Members of a request that some of them refuse, in Anthropic's words and OpenAI's. */
export const samplers = ['temperature', 'top_p', 'top_k']

export interface ClaudeTraits {
  /** How it is told to think: not at all, by a budget in tokens, or by an effort. */
  readonly thinking: 'none' | 'budget' | 'adaptive'
  /** It thinks when the request says nothing about it. */
  readonly thinksByDefault: boolean
  /** What comes nearest to not thinking. */
  readonly off: 'disabled' | 'between_tools' | 'low-effort'
  readonly efforts: readonly Effort[]
  /** `either`: temperature or top_p, not both. */
  readonly sampling: 'any' | 'either' | 'none'
  /** An assistant turn may come last and is continued. */
  readonly prefill: boolean
  /** `tool_choice` may be `any` or `tool`. */
  readonly forcedTools: boolean
  /** `output_config.format` and strict tools are known. */
  readonly structuredOutput: boolean
  /** A system message may stand between the turns. */
  readonly systemBetween: boolean
  /** The largest `max_tokens`. */
  readonly maxOutput: number
}

/** Another vendor's model, or a name that tells nothing: nothing is known against it. */
const foreign: ClaudeTraits = {
  thinking: 'budget',
  thinksByDefault: false,
  off: 'disabled',
  efforts: [],
  sampling: 'any',
  prefill: true,
  forcedTools: true,
  structuredOutput: true,
  systemBetween: false,
  maxOutput: Number.POSITIVE_INFINITY,
}

/** `claude-sonnet-4-5-20250929`, `claude-3-7-sonnet`, `us.anthropic.claude-opus-4-1`, `claude-opus-4.5`, `claude-v2:1`. */
const versioned = /claude-(?:([a-z]{2,})-)?v?(\d)(?:[-.:](\d{1,2})(?!\d))?(?:-([a-z]{3,}))?/

interface Version {
  readonly family: string
  /** 405 for 4.5. */
  readonly number: number
}

/** Undefined for what is no Claude. A name without a number is taken for the newest. */
export function versionOf(model: string): Version | undefined {
  const match = versioned.exec(model.toLowerCase())
  if (match) return { family: match[1] ?? match[4] ?? '', number: Number(match[2]) * 100 + Number(match[3] ?? 0) }
  return /claude/i.test(model) ? { family: '', number: Number.POSITIVE_INFINITY } : undefined
}

export function claude(model: string): ClaudeTraits {
  const version = versionOf(model)
  if (!version) return foreign
  const { number } = version
  return {
    thinking: number < 307 ? 'none' : number < 406 ? 'budget' : 'adaptive',
    thinksByDefault: number >= 500,
    off: offSwitch(version),
    efforts: number < 407 ? ['low', 'medium', 'high', 'max'] : ['low', 'medium', 'high', 'xhigh', 'max'],
    sampling: number < 401 ? 'any' : number < 407 ? 'either' : 'none',
    prefill: number < 406,
    forcedTools: !refusesForcedTools(version),
    structuredOutput: number >= 401,
    systemBetween: number >= 408 && !(version.family === 'sonnet' && number < 505),
    maxOutput: maxOutput(version),
  }
}

function offSwitch({ family, number }: Version): ClaudeTraits['off'] {
  if (family === 'fable' || family === 'mythos') return 'low-effort'
  if (number < 505 || family === 'haiku') return 'disabled'
  return family === 'sonnet' ? 'between_tools' : 'low-effort'
}

function refusesForcedTools({ family, number }: Version): boolean {
  if (family === 'haiku') return false
  return number >= (family === 'fable' || family === 'mythos' ? 501 : 505)
}

function maxOutput({ family, number }: Version): number {
  if (number < 305) return 4_096
  if (number < 307) return 8_192
  if (family === 'opus' && number < 405) return 32_000
  return number < 406 ? 64_000 : 128_000
}

/**
 * `max_tokens` for a caller who gave none: Anthropic demands the member, OpenAI means "as much as it takes". It counts
 * the thinking too, and stays below the 21,333 tokens from which Anthropic's SDKs insist on streaming
 * (https://platform.claude.com/docs/en/api/errors#long-requests).
 */
export function defaultMaxTokens(traits: ClaudeTraits): number {
  return Math.min(16_384, traits.maxOutput)
}
