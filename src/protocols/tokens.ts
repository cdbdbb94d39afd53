/** Tokens of texts and requests by estimate: for what is decided before the vendor counts, or when it never told. */
import { estimateTokenCount } from 'tokenx'
import { LeashError } from '../core/errors.js'
import { hidden } from '../core/hidden.js'
import type { JsonObject } from '../core/json.js'
import { Lazy } from '../core/lazy.js'
import { absent, loadOptional } from '../core/optional.js'
import { asciiTokens } from './ascii-tokens.js'
import type { Lens } from './protocol.js'

export type CountTokens = (text: string) => number

/** Within some per cent of the vendors' own counts on prose. */
export const estimateTokens: CountTokens = (text) => asciiTokens(text) ?? estimateTokenCount(text)

/**
 * A word, or a run of white space, is one piece to the counter, whose time grows with the square of its length: 64,000
 * characters of one take seconds. Broken into pieces they count a token more for each 512 characters, at most.
 */
const broken = (text: string) => text.replace(/\S{512}/g, '$& ').replace(/\s{512}/g, '$&.')

/** OpenAI's own vocabulary since GPT-4o. What it takes for a mark of its own, in a caller's text, is text. */
const exactCounter = new Lazy<CountTokens>(async () => {
  const { countTokens } = await loadOptional('gpt-tokenizer', async () => {
    try {
      return await import('gpt-tokenizer')
    } catch (error) {
      return absent(error)
    }
  })
  const plain = { disallowedSpecial: new Set<string>() }
  return (text) => countTokens(broken(text), plain)
})

/** How tokens are counted before a vendor does. */
export type TokensOption = 'exact' | CountTokens

/** @throws LeashError `missing_dependency`, or `invalid_config` for a function that does not count */
export async function counterBy(tokens: TokensOption | undefined): Promise<CountTokens> {
  if (typeof tokens === 'function') return tried(tokens)
  return tokens === 'exact' ? exactCounter.get() : estimateTokens
}

/** By one that gives a promise, or nothing, every call would cost nothing. */
function tried(count: CountTokens): CountTokens {
  const tokens: unknown = count('A few words.')
  if (typeof tokens === 'number' && tokens >= 0) return count
  throw new LeashError('invalid_config', 'The function `tokens` must give the number of tokens in a text, at once.')
}

/** Characters up to which every one of them is counted: to count takes 6 ns for each of ASCII, and 50 ns where one is not. */
const countedWhole = 4096

/** Whoever asked to have tokens counted has all of these counted: more would hold up the process. */
const mostCounted = 1_000_000

/** Of a longer request these are counted, evenly spread over it: 24 pieces know prose from code and tables. */
const samples = 24
const sampleLength = 64

/** Several layers ask about the same request, none of which changes a body in place. */
const known = hidden<{ readonly count: CountTokens; readonly tokens: number }>()

/** Of all texts in the request, and of its tools as the vendor is told them. Images, audio and files count nothing. */
export function inputTokens(lens: Lens, body: JsonObject, count: CountTokens): number {
  const before = known.get(body)
  if (before?.count === count) return before.tokens
  const tokens = tokensOf(textsOf(lens, body), count)
  known.set(body, { count, tokens })
  return tokens
}

function textsOf(lens: Lens, body: JsonObject): string[] {
  const texts: string[] = []
  lens.replaceRequest(body, (text, kind) => {
    if (kind !== 'description') texts.push(text)
    return text
  })
  const tools = body.tools ?? body.toolConfig ?? body.functions
  if (tools !== undefined) texts.push(JSON.stringify(tools))
  return texts
}

function tokensOf(texts: readonly string[], count: CountTokens): number {
  const length = texts.reduce((sum, text) => sum + text.length, 0)
  if (length <= (count === estimateTokens ? countedWhole : mostCounted)) return texts.reduce((sum, text) => sum + count(text), 0)
  const whole = texts.join('\n')
  const step = (whole.length - sampleLength) / (samples - 1)
  let tokens = 0
  for (let sample = 0; sample < samples; sample++) {
    const from = Math.round(sample * step)
    tokens += count(whole.slice(from, from + sampleLength))
  }
  return Math.round((tokens * whole.length) / (samples * sampleLength))
}
