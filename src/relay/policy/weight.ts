/**
 * How much a policy may say that a tenant's own people write. Each of the tenant's calls goes through all of it, in the one process
 * that makes the calls of every tenant.
 */
import { isObject } from '../../core/json.js'
import { loadPatternEngine, type PatternEngine } from '../../core/patterns.js'
import type { Policy } from '../../policy.js'

/** Budgets, limits, modules, rules and the like, in all. */
const mostObjects = 100
/** Names and words, in all. */
const mostTexts = 1000
/** Of them together. A stream is held back for as long as a word may still come of its end, and looked through again with each piece. */
const mostCharacters = 32_768
/** Instructions that all patterns together are made into: RE2 tries so many at each character of a text. */
const mostInstructions = 500
/** Numbers by which a leash keeps more in the memory that all tenants share, or asks a vendor once more: what is usual, or near it. */
const mostOf: Readonly<Record<string, number>> = {
  maxEntries: 10_000,
  maxBytes: 64 * 1024 * 1024,
  maxAnswerBytes: 4 * 1024 * 1024,
  maxBufferBytes: 4 * 1024 * 1024,
  maxLength: 4096,
  conversations: 1000,
  times: 10,
}

interface Listed {
  objects: number
  texts: number
  characters: number
  readonly patterns: string[]
  /** The largest of each in {@link mostOf}. */
  readonly numbers: Record<string, number>
}

/** @param known policies that say already what they may @returns what only the relay's administrators do, undefined when it is none of that */
export async function tooHeavy(policy: Policy, known: readonly Policy[]): Promise<string | undefined> {
  const next = listedIn(policy)
  const before = known.map(listedIn)
  if (next.objects > Math.max(mostObjects, ...before.map(({ objects }) => objects)))
    return `write a policy with more than ${mostObjects} budgets, limits, modules and the like`
  if (next.texts > Math.max(mostTexts, ...before.map(({ texts }) => texts)))
    return `write a policy with more than ${mostTexts} names and words in its lists`
  if (next.characters > Math.max(mostCharacters, ...before.map(({ characters }) => characters)))
    return `write names and words of more than ${mostCharacters} characters together into its lists`
  for (const [name, most] of Object.entries(mostOf))
    if ((next.numbers[name] ?? 0) > Math.max(most, ...before.map(({ numbers }) => numbers[name] ?? 0)))
      return `write a \`${name}\` above ${most}`
  // Nobody makes them here without it.
  const engine = next.patterns.length > 0 && (await loadPatternEngine().catch(() => undefined))
  if (!engine) return undefined
  const most = Math.max(mostInstructions, ...before.map(({ patterns }) => sizeOf(patterns, engine)))
  return sizeOf(next.patterns, engine, most) > most
    ? `write patterns that come to more than ${mostInstructions} instructions of RE2: repeat less often`
    : undefined
}

function listedIn(policy: Policy): Listed {
  const listed: Listed = { objects: 0, texts: 0, characters: 0, patterns: [], numbers: {} }
  count(policy, '', listed)
  return listed
}

function count(value: unknown, name: string, listed: Listed): void {
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item === 'object') listed.objects++
      else listed.texts++
      if (typeof item === 'string') listed.characters += item.length
      count(item, name, listed)
    }
  } else if (isObject(value)) for (const [member, of] of Object.entries(value)) count(of, member, listed)
  else if (typeof value === 'string' && /^(?:patterns?|regex)$/.test(name)) listed.patterns.push(value)
  else if (typeof value === 'number' && Object.hasOwn(mostOf, name))
    listed.numbers[name] = Math.max(value, listed.numbers[name] ?? 0)
}

/** One after the other, until there are more than enough: what is too large takes long to make. */
function sizeOf(patterns: readonly string[], engine: PatternEngine, enough = Number.POSITIVE_INFINITY): number {
  let size = 0
  for (const pattern of patterns) {
    if (size > enough) break
    try {
      size += engine.compile(pattern).programSize()
    } catch {
      // What is no pattern is told by whoever makes it.
    }
  }
  return size
}
