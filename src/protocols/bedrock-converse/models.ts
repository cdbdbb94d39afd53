/**
 * What each model behind the one API takes, which Bedrock itself does not smooth over. Sources, read in November 2026:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html
 * https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
 * https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
 * https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
 * https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html
 */
import type { SignatureFormat } from '../../core/message.js'
import type { Traits } from '../../core/provider.js'

export interface ModelHabits {
  /** Who signs its reasoning, and so whose reasoning may stand in the history. Absent: none may. */
  readonly signature?: SignatureFormat
  /** How it is told to think: each is a form of `additionalModelRequestFields`. */
  readonly thinking?: 'claude-budget' | 'claude-adaptive' | 'nova' | 'reasoning-effort'
  /** A thinking budget is still taken beside adaptive thinking. */
  readonly thinkingBudget?: boolean
  /** Where `top_k` goes in `additionalModelRequestFields`. */
  readonly topK?: 'top_k' | 'nova'
  /** `temperature` and `topP` may not come together. */
  readonly oneSampler?: boolean
  readonly toolChoice: readonly ('any' | 'tool')[]
  /** `toolResult.status` is taken. */
  readonly toolStatus?: boolean
  /** Where cache points are taken. */
  readonly cache?: readonly ('system' | 'messages' | 'tools')[]
  readonly cacheTtl?: boolean
  /** It tells which stop sequence it met, at `/stop_sequence` of its own answer. */
  readonly tellsStopSequence?: boolean
}

type Known = { readonly habits: ModelHabits; readonly traits: Traits }

const everyChoice = ['any', 'tool'] as const
const everywhere = ['system', 'messages', 'tools'] as const
const common: Traits = { streamUsage: 'always', imageUrls: false }

/** 4_05 from `us.anthropic.claude-sonnet-4-5-20250929-v1:0`; a name without a number is taken for the newest. */
function claudeVersion(model: string): number {
  if (/claude-(instant|v\d)/.test(model)) return 2_00
  const [, major, minor] = /claude-(?:[a-z]+-)?(\d+)(?:-(\d{1,2})(?!\d))?/.exec(model) ?? []
  return major === undefined ? Number.POSITIVE_INFINITY : Number(major) * 100 + Number(minor ?? 0)
}

function claude(model: string): Known {
  const version = claudeVersion(model)
  const thinking = version >= 4_06 ? 'claude-adaptive' : version >= 3_07 ? 'claude-budget' : undefined
  return {
    habits: {
      signature: 'anthropic-claude-v1',
      ...(thinking && { thinking }),
      thinkingBudget: version < 4_07,
      topK: 'top_k',
      oneSampler: version >= 4_01,
      toolChoice: everyChoice,
      toolStatus: true,
      ...(version >= 3_05 && { cache: everywhere }),
      cacheTtl: version >= 4_05,
      tellsStopSequence: true,
    },
    traits: {
      ...common,
      supportsPrefill: version < 4_06,
      structuredOutput: version >= 4_05 ? 'json-schema' : 'none',
      ...(version >= 4_07 && { refuses: ['temperature', 'top_p', 'top_k'] }),
    },
  }
}

function nova(model: string): Known {
  return {
    habits: {
      ...(/nova-2/.test(model) && { thinking: 'nova' }),
      topK: 'nova',
      toolChoice: everyChoice,
      toolStatus: true,
      cache: ['system', 'messages'],
    },
    traits: { ...common, supportsPrefill: false, structuredOutput: 'none' },
  }
}

const open =
  (habits: ModelHabits, structuredOutput: 'json-schema' | 'none' = 'json-schema') =>
  (): Known => ({
    habits,
    traits: { ...common, supportsPrefill: false, structuredOutput },
  })

const table: readonly (readonly [name: RegExp, known: (model: string) => Known])[] = [
  [/claude/, claude],
  [/nova-/, nova],
  [/meta\.llama|llama\d/, open({ toolChoice: [] }, 'none')],
  [/mistral-(large-2402|large-2407|small|7b)|mixtral|pixtral/, open({ toolChoice: ['any'] }, 'none')],
  [/cohere\.command|ai21\.|amazon\.titan|deepseek\.r1/, open({ toolChoice: [] }, 'none')],
  [/openai\.gpt-oss/, open({ toolChoice: everyChoice, thinking: 'reasoning-effort' })],
  [/mistral|qwen|deepseek|google\.gemma|minimax|moonshot|nvidia|zai\./, open({ toolChoice: everyChoice })],
]

/**
 * A name that tells nothing (an application inference profile, an imported model) is refused nothing that may go well:
 * Bedrock itself then says no.
 */
const unknown: Known = {
  habits: { signature: 'anthropic-claude-v1', toolChoice: everyChoice, toolStatus: true, cache: everywhere, cacheTtl: true },
  traits: common,
}

function known(model: string): Known {
  return table.find(([name]) => name.test(model))?.[1](model) ?? unknown
}

/** By model id, ARN or inference profile. */
export function habitsOf(model: string): ModelHabits {
  return known(model).habits
}

export function traitsOf(model: string): Traits {
  return known(model).traits
}
