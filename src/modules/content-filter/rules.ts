/** What a content filter looks for. */
import { compilePattern, type PatternEngine } from '../../core/patterns.js'
import { escaped } from '../escaped.js'
import { folded } from './readings.js'

export type Severity = 'low' | 'medium' | 'high' | 'critical'

/** `warn` annotates too, and its event `policy` says `flag`. */
export type FilterAction = 'block' | 'warn' | 'annotate'

export interface ContentRule {
  /** Stands in annotations and events. @defaultValue 'content' */
  readonly name?: string
  /** Whole words, whatever their case. In scripts without spaces between words: wherever they stand. */
  readonly keywords?: readonly string[]
  /** Words in this order, with whatever space and punctuation between them. */
  readonly phrases?: readonly string[]
  /** In RE2's syntax: no look-around, no back-references, linear in the text. `(?i)` in front ignores case. */
  readonly patterns?: readonly string[]
  /** The longest match of a pattern in characters that a stream is held back for. @defaultValue 256 */
  readonly maxLength?: number
  /** @defaultValue 'high' */
  readonly severity?: Severity
  /** @defaultValue by severity: `low` annotates, `medium` warns, `high` and `critical` block */
  readonly action?: FilterAction
  /** What the caller is told of a call that is stopped. */
  readonly message?: string
  /** @defaultValue both */
  readonly direction?: 'request' | 'response'
}

export interface CompiledRule {
  readonly name: string
  readonly severity: Severity
  readonly action: FilterAction
  readonly message: string | undefined
  readonly direction: ContentRule['direction']
  /** How often it is met, in matches that end after `from`. */
  count(text: string, from: number): number
}

const usual: Readonly<Record<Severity, FilterAction>> = { low: 'annotate', medium: 'warn', high: 'block', critical: 'block' }

/** What may stand between the words of a phrase, in characters. */
const between = 8
const defaultReach = 256
const mostReach = 4096

/** The most characters that a match of it has. */
export function reachOf({ keywords = [], phrases = [], patterns = [], maxLength = defaultReach }: ContentRule): number {
  const words = [...keywords, ...phrases].map(
    (phrase) => folded(phrase).normalize('NFD').length + between * phrase.trim().split(/\s+/).length,
  )
  return Math.min(mostReach, Math.max(1, ...words, patterns.length > 0 ? maxLength : 0))
}

/** @throws LeashError `invalid_config` for a rule that looks for nothing, or whose pattern is none */
export function compileRule(rule: ContentRule, engine: PatternEngine | undefined): CompiledRule {
  const { name = 'content', severity = 'high', keywords = [], phrases = [], patterns = [] } = rule
  const literal = literalOf([...keywords, ...phrases])
  const compiled = patterns.flatMap((pattern) =>
    engine ? compilePattern(engine, `A pattern of the rule "${name}"`, pattern) : [],
  )
  return {
    name,
    severity,
    action: rule.action ?? usual[severity],
    message: rule.message,
    direction: rule.direction,
    count(text, from) {
      let found = literal ? [...text.matchAll(literal)].filter((match) => match.index + match[0].length > from).length : 0
      for (const pattern of compiled) {
        const matcher = pattern.matcher(text)
        while (matcher.find()) if (matcher.end() > from && matcher.end() > matcher.start()) found++
      }
      return found
    },
  }
}

const unspaced =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Thai}|\p{Script=Lao}|\p{Script=Khmer}|\p{Script=Myanmar}/u

/** Literal words alone, so that V8 has nothing to go back over; what stands at either side is looked at once for all of them. */
function literalOf(entries: readonly string[]): RegExp | undefined {
  const within = entries.filter((entry) => unspaced.test(entry)).map(formOf)
  const whole = entries.filter((entry) => !unspaced.test(entry)).map(formOf)
  const forms = whole.length > 0 ? [`(?<![\\p{L}\\p{N}])(?:${whole.join('|')})(?![\\p{L}\\p{N}])`, ...within] : within
  return forms.length > 0 ? new RegExp(forms.join('|'), 'giu') : undefined
}

const marks = /^\p{P}+$/u

/** Marks between two of its words are part of what may stand there: a row of dots could else be read in ways without number. */
function formOf(entry: string): string {
  const words = folded(entry).trim().split(/\s+/)
  const first = words.findIndex((word) => !marks.test(word))
  const last = words.findLastIndex((word) => !marks.test(word))
  let form = ''
  let most = between
  for (const [at, word] of words.entries()) {
    if (at > first && at < last && marks.test(word)) {
      most += word.length + between
      continue
    }
    const isBeside = at < first || at > last + 1
    form += (at === 0 ? '' : isBeside ? '\\s+' : `[\\s\\p{P}]{1,${most}}`) + escaped(word)
    most = between
  }
  return form
}
