/**
 * What vendors say of their limits in each answer, so that the next request need not be the one that is refused. A table of
 * all families of headers: their names tell them apart, whoever sends them.
 */

import { nowIn, untilMs } from './retry-after.js'

/** A header with what remains, and those beside it. */
interface Family {
  readonly remaining: RegExp
  beside(remaining: string, what: 'limit' | 'reset'): string
}

const families: readonly Family[] = [
  // OpenAI, Azure, Groq, Fireworks, xAI: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
  // Cerebras adds the period: https://inference-docs.cerebras.ai/support/rate-limits
  { remaining: /^x-ratelimit-remaining(-[\w-]+)?$/, beside: (name, what) => name.replace('-remaining', `-${what}`) },
  // https://docs.anthropic.com/en/api/rate-limits#response-headers
  { remaining: /^anthropic-ratelimit-[\w-]+-remaining$/, beside: (name, what) => name.replace(/-remaining$/, `-${what}`) },
]

/** Headers of a vendor about its limits: a caller in any protocol can read them. */
export const speaksOfLimits = /^(?:x-|anthropic-)ratelimit-/

/** How many requests there is room for. */
export interface Room {
  readonly remaining: number
  /** Milliseconds until all of it is free again. */
  readonly resetMs: number
  /** Requests that there is room for then, where the vendor says so. */
  readonly limit?: number
}

/**
 * What the tightest limit leaves, of those that take longest where nothing remains; undefined where the vendor says nothing.
 * How many requests some tokens are enough for nobody knows: they count when none remain.
 */
export function roomIn(headers: Headers, now = nowIn(headers)): Room | undefined {
  let tightest: Room | undefined
  for (const [name, value] of headers) {
    const family = speaksOfLimits.test(name) && families.find(({ remaining }) => remaining.test(name))
    const remaining = Math.max(0, Math.ceil(Number(value)))
    if (!family || value.trim() === '' || Number.isNaN(remaining)) continue
    const ofTokens = name.includes('tokens')
    const resetMs = untilMs(headers.get(family.beside(name, 'reset')) ?? '', now)
    if (resetMs === undefined || (ofTokens && remaining > 0)) continue
    if (tightest && (remaining > tightest.remaining || (remaining === tightest.remaining && resetMs <= tightest.resetMs)))
      continue
    const limit = ofTokens ? 0 : Number(headers.get(family.beside(name, 'limit')))
    tightest = { remaining, resetMs, ...(limit > 0 && { limit }) }
  }
  return tightest
}
