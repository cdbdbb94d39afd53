/**
 * What vendors say of their limits in each answer, so that the next request need not be the one that is refused. A table of
 * all families of headers: their names tell them apart, whoever sends them.
 */

import { dateIn, nowIn } from './retry-after.js'

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

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** From such a number on, it is a moment since 1970 and not a time from now: in seconds, and in milliseconds. */
const since1970 = { seconds: 1e9, ms: 1e12 }

/** A time such as `6m0s` or `120ms`, seconds, a moment since 1970, or a date. */
function untilMs(text: string, now: number): number | undefined {
  const trimmed = text.trim()
  if (/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(trimmed)) {
    return [...trimmed.matchAll(/([\d.]+)(ms|[smhd])/g)].reduce(
      (sum, [, much, unit = '']) => sum + Number(much) * (units[unit] ?? 0),
      0,
    )
  }
  const number = Number(trimmed)
  if (trimmed !== '' && number >= 0) {
    if (number >= since1970.ms) return Math.max(0, number - now)
    return number >= since1970.seconds ? Math.max(0, number * 1000 - now) : number * 1000
  }
  const date = dateIn(trimmed)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
