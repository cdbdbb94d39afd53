/**
 * Signs of a prompt injection: a text that speaks to the model as if it were its operator. A heuristic by wording alone. It finds
 * what is written in these ways, in English; who words it otherwise passes, and who writes about injections is found.
 */
import { LeashError } from '../core/errors.js'
import { type ModerationOptions, moderation } from './moderation.js'
import type { Module, ModuleDefinition, Text } from './module.js'

export interface PromptInjectionOptions
  extends Pick<ModerationOptions, 'name' | 'action'>,
    Pick<ModuleDefinition, 'priority' | 'when' | 'onError'> {
  /** From which sum of weights on, from 0 to 1. @defaultValue 0.5 */
  readonly threshold?: number
}

interface Sign {
  readonly name: string
  readonly weight: number
  readonly pattern: RegExp
}

/** Bounded everywhere, so that none takes longer than the text is long. */
const signs: readonly Sign[] = [
  {
    name: 'override',
    weight: 0.6,
    pattern:
      /\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|preceding|all|your|the)\b[^.\n]{0,30}\b(?:instructions?|prompts?|rules?|directives?|guidelines?)\b/i,
  },
  {
    name: 'reveal',
    weight: 0.5,
    pattern:
      /\b(?:reveal|repeat|print|show|output|leak|tell me)\b[^.\n]{0,40}\b(?:system|hidden|initial|original)\s{1,3}(?:prompt|instructions?|message)\b/i,
  },
  {
    name: 'persona',
    weight: 0.4,
    pattern:
      /\b(?:you are now|from now on,? you|pretend (?:to be|you)|act as)\b[^.\n]{0,60}\b(?:unrestricted|unfiltered|jailbroken|without (?:any )?(?:rules|restrictions|limits|filters)|DAN|developer mode)\b/i,
  },
  {
    name: 'markers',
    weight: 0.5,
    pattern: /<\|(?:im_start|im_end|system|endoftext)\|>|\[\/?INST\]|<<SYS>>|^#{1,4} ?(?:system|new instructions?)\b/im,
  },
  {
    name: 'secrecy',
    weight: 0.4,
    pattern: /\b(?:do not|don't|never)\s{1,3}(?:tell|inform|mention|reveal)\b[^.\n]{0,30}\b(?:the user|to the user|anyone)\b/i,
  },
  {
    name: 'exfiltration',
    weight: 0.4,
    pattern:
      /\b(?:send|post|forward|upload|exfiltrate)\b[^.\n]{0,60}\b(?:conversation|chat history|api keys?|passwords?|credentials|secrets?)\b[^.\n]{0,40}\bto\b/i,
  },
]

/** Looks at what the caller's texts and tools' results say. */
export function promptInjection(options: PromptInjectionOptions = {}): Module {
  const { threshold = 0.5, ...rest } = options
  if (!(threshold > 0 && threshold <= 1))
    throw new LeashError('invalid_config', 'promptInjection(): `threshold` is above 0 and at most 1.')
  return moderation({
    name: 'prompt-injection',
    ...rest,
    pre: (texts) => {
      const worst = texts.filter(isLooked).map(signsIn).reduce(heavier, { weight: 0, names: [] })
      return {
        flagged: worst.weight >= threshold,
        categories: worst.names,
        message: 'The request looks like a prompt injection.',
      }
    },
  })
}

const isLooked = ({ kind }: Text) => kind === 'text' || kind === 'tool-result'

interface Signs {
  readonly weight: number
  readonly names: readonly string[]
}

function signsIn({ text }: Text): Signs {
  const met = signs.filter(({ pattern }) => pattern.test(text))
  return {
    weight: Math.min(
      1,
      met.reduce((sum, { weight }) => sum + weight, 0),
    ),
    names: met.map(({ name }) => name),
  }
}

const heavier = (one: Signs, other: Signs) => (other.weight > one.weight ? other : one)
