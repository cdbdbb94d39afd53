/** Users' patterns, in RE2's syntax (https://github.com/google/re2/wiki/Syntax): linear in the text, whatever the text is. */
import { LeashError } from './errors.js'
import { absent, loadOptional } from './optional.js'

/** A compiled pattern: as much of `re2js` as is used here, so that our declarations do not lean on an optional peer. */
export interface Pattern {
  matcher(text: string): { find(): boolean; start(): number; end(): number }
  /** Whether the whole text matches. */
  testExact(text: string): boolean
  /** How many instructions it was made into. */
  programSize(): number
}

/** What compiles patterns: `re2js`, given by whoever loaded it, so that nobody else does. */
export interface PatternEngine {
  readonly CASE_INSENSITIVE: number
  readonly MULTILINE: number
  readonly DOTALL: number
  compile(pattern: string, flags?: number): Pattern
}

/** @throws LeashError `missing_dependency` when `re2js` is not installed */
export async function loadPatternEngine(): Promise<PatternEngine> {
  return (
    await loadOptional('re2js', async () => {
      try {
        return await import('re2js')
      } catch (error) {
        return absent(error)
      }
    })
  ).RE2JS
}

/**
 * @param subject what it is called, for the error: 'The pattern of the rule "x"'
 * @throws LeashError `invalid_config` for what is no RE2 pattern
 */
export function compilePattern(engine: PatternEngine, subject: string, pattern: string, flags?: number): Pattern {
  try {
    return engine.compile(pattern, flags)
  } catch (cause) {
    throw new LeashError('invalid_config', `${subject} is no RE2 pattern. RE2 has no look-around and no back-references.`, {
      cause,
    })
  }
}
