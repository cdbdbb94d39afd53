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
import { samplers, versionOf } from '../claude.js'

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

function claude(model: string): Known {
  const version = versionOf(model)?.number ?? Number.POSITIVE_INFINITY
  const thinking = version >= 406 ? 'claude-adaptive' : version >= 307 ? 'claude-budget' : undefined
  return {
    habits: {
      signature: 'anthropic-claude-v1',
      ...(thinking && { thinking }),
      thinkingBudget: version < 407,
      topK: 'top_k',
      oneSampler: version >= 401,
      toolChoice: everyChoice,
      toolStatus: true,
      ...(version >= 305 && { cache: everywhere }),
      cacheTtl: version >= 405,
      tellsStopSequence: true,
    },
    traits: {
      ...common,
      supportsPrefill: version < 406,
      structuredOutput: version >= 405 ? 'json-schema' : 'none',
      ...(version >= 407 && { refuses: samplers }),
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
