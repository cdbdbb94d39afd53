/**
 * What vendors say of their limits in each answer, so that the next request need not be the one that is refused. A table of
 * all families of headers: their names tell them apart, whoever sends them.
 */

/** A header with what remains, and the one with when it is full again. */
interface Family {
  readonly remaining: RegExp
  reset(remaining: string): string
}

const families: readonly Family[] = [
  // OpenAI, Azure, Groq, Fireworks, xAI: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
  // Cerebras adds the period: https://inference-docs.cerebras.ai/support/rate-limits
  { remaining: /^x-ratelimit-remaining(-[\w-]+)?$/, reset: (name) => name.replace('-remaining', '-reset') },
  // https://docs.anthropic.com/en/api/rate-limits#response-headers
  { remaining: /^anthropic-ratelimit-[\w-]+-remaining$/, reset: (name) => name.replace(/-remaining$/, '-reset') },
]

/** Headers of a vendor about its limits: a caller in any protocol can read them. */
export const speaksOfLimits = /^(?:x-|anthropic-)ratelimit-/

/**
 * Milliseconds until there is room again, where the vendor says that nothing remains of some limit; 0 where there is room,
 * or where it says nothing.
 */
export function exhaustedMs(headers: Headers, now = Date.now()): number {
  let longest = 0
  for (const [name, value] of headers) {
    const family = speaksOfLimits.test(name) && families.find(({ remaining }) => remaining.test(name))
    if (!family || value.trim() === '' || Number(value) > 0 || Number.isNaN(Number(value))) continue
    longest = Math.max(longest, untilMs(headers.get(family.reset(name)) ?? '', now) ?? 0)
  }
  return longest
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
  const date = Date.parse(trimmed)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
