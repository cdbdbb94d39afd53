/** A model's price, compiled once, and what tokens cost by it. The catalog makes them; every layer that counts money reads them. */
import type { Lazy } from './lazy.js'
import type { Nano } from './money.js'
import type { Provider } from './provider.js'
import { buckets, inputTotal, type Usage } from './usage.js'

/** How a vendor serves a request, by what it charges for it. */
export type ServiceTier = 'standard' | 'batch' | 'flex' | 'priority' | 'fast'

/** Tokens that are counted in one of the buckets, and may have a price of their own there. */
export const shares = {
  imageInput: 'input',
  imageOutput: 'output',
  audioCacheRead: 'cacheRead',
  imageCacheRead: 'cacheRead',
} as const
export type Share = keyof typeof shares
export type Shares = { readonly [share in Share]?: number }

/** Nano-dollars for a million tokens of each bucket. Absent: nobody knows. A share without one costs what its bucket does. */
export type Rates = { readonly [bucket in keyof Usage | Share]?: Nano }

/** From so many input tokens on, the whole request is charged by these rates: so all vendors bill it. */
export interface Step {
  /** Input tokens of all buckets together. The first step is from 0. */
  readonly from: number
  readonly rates: Rates
  /** For the request itself, beside its tokens. */
  readonly request: Nano
}

export interface Price {
  readonly currency: 'USD'
  /** Who says so: the address of a page, or the name of a data set or file. */
  readonly source: string
  /** The day on which the numbers were last compared with their source, such as `2026-11-21`, where it is told. */
  readonly date?: string
  /** The option `prices` had a part in it. */
  readonly own?: true
  /** Another one whenever the numbers may be others. Stands in the ledger beside each cost. */
  readonly version: string
  /** Milliseconds since 1970 at which these numbers cease to hold: a discount by the hour, a change that is announced. */
  readonly until?: number
  /** Times as much for the tokens of an answer that had to be made in a region. Absent: no more than elsewhere, or it is in the numbers. */
  readonly regional?: number
  /** For each search of the web by the vendor's own tool, in nano-dollars. Absent: nobody knows. */
  readonly search?: Nano
  /** However often it searches for one request, it is charged once. */
  readonly searchPer?: 'request'
  /** For each search by OpenAI's tool of 2025. Absent: it costs what others do. */
  readonly previewSearch?: Nano
  /** For each search of the caller's files by the vendor's own tool. Absent: nobody knows. */
  readonly fileSearch?: Nano
  /** The steps of each tier, from the smallest requests to the largest. A tier that is missing has no known price. */
  readonly tiers: { readonly [tier in ServiceTier]?: readonly Step[] }
}

/** What middleware asks for prices. Everything is in memory: an answer takes no waiting. */
export interface PriceBook {
  /**
   * The price of a target at a moment. Null: it is unknown, which is not the same as free.
   *
   * @param at milliseconds since 1970. @defaultValue now
   */
  price(target: Priced, at?: number): Price | null
}

/** Prices that are loaded with the first call that needs them: `prices.book.value ?? (await prices.book.get())`. */
export interface Prices {
  readonly book: Lazy<PriceBook>
  /** Stops whatever keeps them fresh. */
  close(): void
}

/** A `Target`, or as much of one as tells its price. */
export interface Priced {
  readonly provider: Pick<Provider, 'name'> & Partial<Pick<Provider, 'traits' | 'inRegion'>>
  readonly model: string
  readonly origin?: { readonly url: string }
}

/** Rates are for so many tokens. */
const million = 1_000_000

/**
 * What an attempt cost: the sum over all buckets, rounded once to the nearest nano-dollar.
 *
 * @param apart tokens within the buckets that may have a price of their own
 * @param regional whether it had to be made in a region
 * @returns null when the tier, or a bucket that was used, has no known price
 */
export function costOf(
  price: Price,
  usage: Usage,
  tier: ServiceTier = 'standard',
  apart?: Shares,
  regional = false,
): Nano | null {
  const size = inputTotal(usage)
  const step = price.tiers[tier]?.findLast(({ from }) => from <= size)
  if (!step) return null
  let cost = 0
  for (const bucket of buckets) {
    const tokens = usage[bucket]
    if (tokens === 0) continue
    const rate = step.rates[bucket]
    if (rate === undefined) return null
    cost += tokens * rate
  }
  for (const [share, tokens = 0] of Object.entries(apart ?? {}) as [Share, number?][]) {
    const { [share]: own, [shares[share]]: usual = 0 } = step.rates
    // A part is no more than its whole, whatever a vendor tells.
    if (own !== undefined) cost += Math.max(0, Math.min(tokens, usage[shares[share]])) * (own - usual)
  }
  return Math.round((cost * timesOf(price, regional)) / million) + step.request
}

const timesOf = ({ regional = 1 }: Price, asked: boolean) => (asked ? regional : 1)

export interface Expected {
  /** No more than so many go in. */
  readonly inputTokens: number
  /** No more than so many come out: the answer and its reasoning together. */
  readonly maxOutputTokens: number
  /**
   * Where the tokens may fall. A request that asks for no cache of an hour and has no audio may leave those out, and
   * reserves less. @defaultValue everywhere, so that the dearest rate counts
   */
  readonly buckets?: readonly (keyof Rates)[]
  readonly tier?: ServiceTier
  /** It has to be made in a region. */
  readonly regional?: boolean
}

const inward: readonly (keyof Rates)[] = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'audioInput',
  'imageInput',
  'audioCacheRead',
  'imageCacheRead',
]
const outward: readonly (keyof Rates)[] = ['output', 'reasoning', 'audioOutput', 'imageOutput']

/** All that may have a price. */
export const rated: readonly (keyof Rates)[] = [...inward, ...outward]

/** Where the tokens of ordinary traffic fall: neither audio nor a cache of an hour, which would double what it could cost. A model that draws does so unasked. */
export const textBuckets = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning', 'imageOutput'] as const

/**
 * What an attempt costs at most, to be reserved before it is sent: never less than {@link costOf} of what comes back.
 *
 * @returns null when the tier, or everything that the tokens may fall into, has no known price
 */
export function worstCase(price: Price, expected: Expected): Nano | null {
  const { inputTokens, maxOutputTokens, buckets: possible = rated, tier = 'standard', regional = false } = expected
  let worst = -1
  for (const { from, rates, request } of price.tiers[tier] ?? []) {
    if (from > inputTokens) break
    const read = most(inputTokens, rates, inward, possible)
    const written = most(maxOutputTokens, rates, outward, possible)
    if (read === null || written === null) return null
    worst = Math.max(worst, Math.ceil(((read + written) * timesOf(price, regional)) / million) + request)
  }
  return worst === -1 ? null : worst
}

function most(tokens: number, rates: Rates, side: readonly (keyof Rates)[], possible: readonly (keyof Rates)[]): number | null {
  if (tokens === 0) return 0
  let dearest: number | null = null
  for (const bucket of side) {
    const rate = possible.includes(bucket) ? rates[bucket] : undefined
    if (rate !== undefined && (dearest === null || rate > dearest)) dearest = rate
  }
  return dearest === null ? null : tokens * dearest
}

/** In lower case, as vendors call the tier in a request or an answer. */
const words: Readonly<Record<string, ServiceTier>> = {
  // `auto` and `standard_only` ask; what was given stands in the answer.
  standard: 'standard',
  default: 'standard',
  auto: 'standard',
  standard_only: 'standard',
  on_demand: 'standard',
  batch: 'batch',
  flex: 'flex',
  on_demand_flex: 'flex',
  priority: 'priority',
  fast: 'fast',
  on_demand_priority: 'priority',
}

/** The tier by a vendor's word for it; undefined for one whose price nobody can tell, such as capacity that is paid in advance. */
export function serviceTierOf(word: string | undefined): ServiceTier | undefined {
  const known = word?.toLowerCase() ?? 'standard'
  return Object.hasOwn(words, known) ? words[known] : undefined
}
