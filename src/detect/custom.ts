import { LeashError } from '../core/errors.js'
import { compilePattern, type Pattern, type PatternEngine } from '../core/patterns.js'
import { lookBehind } from './context.js'
import type { CustomPattern, Detection, DetectOptions } from './types.js'

const defaultConfidence = 0.9
const defaultLongest = 256

/** What the caller himself wants found and left alone. */
export interface Custom {
  readonly isAny: boolean
  readonly allowsAny: boolean
  find(text: string): Detection[]
  isAllowed(value: string): boolean
  readonly longest: number
  /** How much at the end of a text may be the beginning of a match. */
  open(text: string): number
}

export function compileCustom(options: DetectOptions, engine: PatternEngine | undefined): Custom {
  const deny = (options.deny ?? []).filter((value) => value !== '')
  const patterns = (options.patterns ?? []).map((pattern) => ({ ...pattern, compiled: compile(engine, pattern.name, pattern) }))
  const allowed = new Set((options.allow ?? []).filter((entry) => typeof entry === 'string'))
  const allow = (options.allow ?? []).flatMap((entry) => (typeof entry === 'string' ? [] : [compile(engine, 'allow', entry)]))
  const reach = Math.max(0, ...patterns.map(({ maxLength }) => maxLength ?? defaultLongest))
  return {
    isAny: deny.length + patterns.length > 0,
    allowsAny: allowed.size + allow.length > 0,
    find: (text) => [...deny.flatMap((value) => denied(text, value)), ...patterns.flatMap((pattern) => matched(text, pattern))],
    isAllowed: (value) => allowed.has(value) || allow.some((pattern) => pattern.testExact(value)),
    longest: Math.max(reach, ...deny.map((value) => value.length)),
    open: (text) => Math.max(reach, ...deny.map((value) => begun(text, value))),
  }
}

function compile(
  engine: PatternEngine | undefined,
  name: string,
  { pattern, flags = '' }: { pattern: string; flags?: string },
): Pattern {
  if (engine === undefined) {
    throw new LeashError(
      'invalid_config',
      `The pattern "${name}" needs re2js. Make the detector with loadDetector, which loads it.`,
    )
  }
  const bits = { i: engine.CASE_INSENSITIVE, m: engine.MULTILINE, s: engine.DOTALL }
  let combined = 0
  for (const flag of flags) {
    if (!(flag in bits)) throw new LeashError('invalid_config', `The pattern "${name}" has the flag "${flag}". Use i, m or s.`)
    combined |= bits[flag as keyof typeof bits]
  }
  return compilePattern(engine, `The pattern "${name}"`, pattern, combined)
}

/** Occurrences that overlap are one, so that no end of one is left. */
function denied(text: string, value: string): Detection[] {
  const found: { type: 'CUSTOM'; start: number; end: number; confidence: number }[] = []
  for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + 1)) {
    const last = found.at(-1)
    if (last !== undefined && at < last.end) last.end = at + value.length
    else found.push({ type: 'CUSTOM', start: at, end: at + value.length, confidence: 1 })
  }
  return found
}

function matched(text: string, pattern: CustomPattern & { readonly compiled: Pattern }): Detection[] {
  const { name, context, confidence = defaultConfidence, compiled } = pattern
  const found: Detection[] = []
  const matcher = compiled.matcher(text)
  while (matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()]
    if (end > start && hasContext(text, start, context)) found.push({ type: 'CUSTOM', start, end, confidence, name })
  }
  return found
}

function hasContext(text: string, start: number, words: readonly string[] | undefined): boolean {
  if (words === undefined || words.length === 0) return true
  const before = text.slice(Math.max(0, start - lookBehind), start).toLowerCase()
  return words.some((word) => before.includes(word.toLowerCase()))
}

/** The longest end of the text that the value begins with. */
function begun(text: string, value: string): number {
  for (let length = Math.min(text.length, value.length - 1); length > 0; length--)
    if (text.endsWith(value.slice(0, length))) return length
  return 0
}
