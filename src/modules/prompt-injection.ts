/**
 * Signs of a prompt injection: a text that speaks to the model as if it were its operator. A heuristic by wording alone, mostly
 * in English. Who words it otherwise passes, and who writes about injections is found. docs/modules.md has how often it is right.
 */
import { LeashError } from '../core/errors.js'
import { readingsOf } from './content-filter/readings.js'
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

/** Bounded everywhere, so that none takes longer than the text is long. What is met in a text is added up; 1 at most. */
const signs: readonly Sign[] = [
  {
    // To the model, of what it was told.
    name: 'override',
    weight: 0.6,
    pattern:
      /\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overrid(?:e|ing)|abandon|neglect|discard|bypass|do(?: not|n't) follow|stop following)\b[^.\n]{0,40}\b(?:previous(?:ly)?|prior|above|earlier|preceding|foregoing|former|initial|original|existing|current|system|all|any|your|the|these|those|my)\b[^.\n]{0,30}\b(?:instructions?|prompts?|rules?|directives?|directions|guidelines?|orders|commands?|assignments?|tasks?|restrictions|constraints|safeguards|programming|training|context|policies)\b/i,
  },
  {
    // The same without saying of what.
    name: 'override',
    weight: 0.5,
    pattern:
      /\b(?:ignore|disregard|forget)\s{1,3}(?:about\s{1,3})?(?:(?:all|everything|anything|whatever|what)\s{1,3}(?:(?:that|of)\s{1,3})?(?:the\s{1,3}|that\s{1,3})?(?:before|above|previous|prior|earlier|we|you|I)\b|(?:the\s{1,3})?above\b|everything\b(?=\s{0,3}(?:[.,:;!]|and\b|above|before)))/i,
  },
  {
    name: 'override',
    weight: 0.6,
    pattern:
      /(?<!\p{L}|n['’])(?:(?:vergiss|vergessen sie|ignoriere?|ignorieren sie|missachte|oublie[sz]?|ignore[zr]?|ne tiens pas compte|olvid[ae]|olvide|ignor[ae]|descarta|desconsidere|esqueça|dimentica|ignora|vergeet|negeer|zaboravi|zapomnij|zignoruj|забудь|игнорируй)(?!\p{L}| nicht| pas| niet)[^.\n]{0,30}(?<!\p{L})(?:alles?|allen|obigen?|vorherigen?|bisherigen?|tout(?:es)?|précédent(?:e?s)?|tod[ao]s?|anterior(?:es)?|lo que|tutt[eoi]|precedent[ei]|alle|eerdere|sve|wszystkie|wszystko|все|всё|предыдущ\p{L}{1,4})(?!\p{L}))/iu,
  },
  {
    name: 'reveal',
    weight: 0.5,
    pattern:
      /\b(?:reveal|repeat|print|show|output|display|leak|disclose|give me|tell me|what (?:is|are|was|were))\b[^.\n]{0,40}\b(?:(?:(?:system|hidden|initial|original|secret|internal|full|entire|exact|above|previous)\s{1,3}(?:system\s{1,3})?(?:prompts?|instructions?|messages?|rules|configuration))|your\s{1,3}(?:own\s{1,3})?(?:prompts?|instructions|embeddings|guidelines|system message)|(?:prompt|text|instructions)\s{1,3}above|prompt texts?)\b/i,
  },
  {
    name: 'persona',
    weight: 0.5,
    pattern:
      /\b(?:you are (?:now|going to)|from now on,? you|pretend (?:to be|that you|you)|imagine you|act(?:ing)? as|(?:role-?play|respond|behave) as|stay in character)\b[^\n]{0,160}\b(?:unrestricted|unfiltered|uncensored|jailbroken|amoral|immoral|unethical|evil|without (?:any )?(?:rules|restrictions|limits|limitations|filters|ethics|morals|warnings?)|no (?:programming )?(?:guidelines|restrictions|limits|limitations|filters|rules|ethics|morals)|DAN\b|do anything now|developer mode|god mode)/i,
  },
  {
    // Weak by itself: people ask for this without any harm.
    name: 'role',
    weight: 0.25,
    pattern:
      /\b(?:you are now|now,? you are|from now on|from now known as|pretend (?:to be|you are)|imagine you are|i want you to act as|you are role-?playing|act as (?:a|an|if)|ich möchte, dass sie als|stell dir vor, du bist|(?:jetzt|ab jetzt|nun) bist du)\b/i,
  },
  {
    name: 'new-task',
    weight: 0.3,
    pattern:
      /\b(?:(?:focus|concentrate) (?:only )?on (?:your |the |this )?(?:new|next|following) task|new (?:task|instructions?|orders?|statement|rules?)\b\s{0,2}(?:[:\-–]|follow|is\b|are\b)|your (?:new )?(?:instructions?|task|job|goal|purpose) (?:is|are) now|change your instructions|new instructions|neue (?:aufgabe|anweisung)(?:en)?|konzentrier\w{0,2} dich|passed the (?:first )?test)\b/i,
  },
  {
    name: 'forced-answer',
    weight: 0.2,
    pattern:
      /\b(?:(?:just|only|instead|simply|and|then|now)\s{1,3}(?:say|print|output|write|answer|respond|reply|tell|repeat)\b[^.\n]{0,24}["'“:]|repeat after me|say (?:exactly|the following)|print\s{1,3}["'“]|respond only with|begin your (?:answer|response|reply) with|start your (?:answer|response|reply) with)/i,
  },
  {
    name: 'no-refusal',
    weight: 0.4,
    pattern:
      /\b(?:(?:never|do not|don't|cannot|can't|must not|won't) (?:ever )?(?:refuse|decline|reject|say no|apologi[sz]e|warn)|(?:bypass|disable|turn off|remove|evade|circumvent)\b[^.\n]{0,30}\b(?:safety|filters?|restrictions?|guardrails?|moderation|content polic(?:y|ies)|safeguards)|in (?:developer|admin|debug|maintenance|god|sudo|root) mode|(?:enable|enter|activate|switch to) (?:developer|admin|debug|maintenance|god|sudo|root|unrestricted|jailbreak) mode|do anything now)\b/i,
  },
  {
    name: 'markers',
    weight: 0.5,
    pattern:
      /<\|(?:im_start|im_end|system|endoftext)\|>|\[\/?INST\]|<<\/?SYS>>|^#{1,4} ?(?:system|new instructions?)\b|={3} ?END\b|\[(?:system|admin|override)[\]:]|<\/?system>/im,
  },
  {
    name: 'secrecy',
    weight: 0.4,
    pattern:
      /\b(?:do not|don't|never|without)\s{1,3}(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?|reveal(?:ing)?)\b[^.\n]{0,30}\b(?:the user|to the user|anyone|anybody)\b/i,
  },
  {
    name: 'exfiltration',
    weight: 0.4,
    pattern:
      /\b(?:send|post|forward|upload|exfiltrate|transmit)\b[^.\n]{0,60}\b(?:conversation|chat history|api keys?|passwords?|credentials|secrets?)\b[^.\n]{0,40}\bto\b/i,
  },
]

/** Looks at what the caller's texts and tools' results say, but for the instructions: their operator has written those. */
export function promptInjection(options: PromptInjectionOptions = {}): Module {
  const { threshold = 0.5, ...rest } = options
  if (!(threshold > 0 && threshold <= 1))
    throw new LeashError('invalid_config', 'promptInjection(): `threshold` is above 0 and at most 1.')
  return moderation({
    name: 'prompt-injection',
    ...rest,
    pre: (texts, { call }) => {
      const { instructions } = call
      const looked = texts.filter((text) => isLooked(text) && !instructions.has(text.text))
      const worst = looked.map(signsIn).reduce(heavier, { weight: 0, names: [] })
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

function signsIn(text: Text): Signs {
  const all = readingsOf(text).flatMap((read) => readings(read(text.text).replace(/[^\S\n]+/g, ' ')))
  const met = signs.filter(({ pattern }) => all.some((reading) => pattern.test(reading)))
  // Two signs of one name say the same.
  const weights = new Map<string, number>()
  for (const { name, weight } of met) weights.set(name, Math.max(weight, weights.get(name) ?? 0))
  const sum = [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  return { weight: Math.min(1, sum), names: [...weights.keys()] }
}

const letters: Readonly<Record<string, string>> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's' }

/** Also with letters in the place of the digits that stand for them: `1gn0re`. */
function readings(text: string): readonly string[] {
  if (!/[a-z][013457@$][a-z]/i.test(text)) return [text]
  return [text, text.replace(/[013457@$]/g, (sign) => letters[sign] ?? sign)]
}

const heavier = (one: Signs, other: Signs) => (other.weight > one.weight ? other : one)
