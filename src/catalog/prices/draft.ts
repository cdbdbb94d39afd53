/** A price in the making: what the data set has, and entries laid over it one after another. */
import type { ModelPrice } from '@pydantic/genai-prices'
import { fnv1a } from '../../core/fnv1a.js'
import { type Nano, parseUsd } from '../../core/money.js'
import { type Rates as Fixed, type Price, rated, type ServiceTier, type Step, shares } from '../../core/price.js'
import type { BucketPrices, PriceEntry, TierPrices } from './entry.js'
import { isPeak, type Peak } from './moments.js'

type Rates = { -readonly [bucket in keyof Fixed]?: Nano }

/** What is charged by the search. */
type Searches = Pick<Price, 'search' | 'searchPer' | 'previewSearch' | 'fileSearch'>

interface DraftStep {
  readonly from: number
  readonly rates: Rates
  readonly request: Nano
}

export interface Draft {
  readonly steps: readonly DraftStep[]
  readonly tiers: NonNullable<PriceEntry['tiers']>
  readonly peak?: Peak
  readonly regional?: number
  readonly searches: Searches
  readonly source: string
  readonly date?: string
  /** Of everything that had a part in it. */
  readonly versions: readonly string[]
}

/** Where an entry comes from. */
export interface Label {
  /** Unless the entry tells its own. */
  readonly source: string
  /** In front of the numbers in a price's version. */
  readonly version: string
}

/** Of entries that the user has written. */
export const ownVersion = 'own'

/** Price keys of the data set, in dollars for a million tokens. Seconds and pages are not tokens. */
const keys: Readonly<Record<string, keyof Rates>> = {
  input_mtok: 'input',
  cache_read_mtok: 'cacheRead',
  cache_write_mtok: 'cacheWrite',
  cache_write_1h_mtok: 'cacheWrite1h',
  input_audio_mtok: 'audioInput',
  output_mtok: 'output',
  output_reasoning_mtok: 'reasoning',
  output_audio_mtok: 'audioOutput',
  input_image_mtok: 'imageInput',
  output_image_mtok: 'imageOutput',
  cache_audio_read_mtok: 'audioCacheRead',
  cache_image_read_mtok: 'imageCacheRead',
}

/** Undefined when it has no price for tokens. */
export function draftOf(prices: ModelPrice, version: string, date: string): Draft | undefined {
  if (prices.input_mtok === undefined) return undefined
  // A tier of the data set begins above its `start`.
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === 'object' ? price.tiers.map(({ start }) => start + 1) : [],
  )
  const steps = [...new Set([0, ...starts])]
    .sort((a, b) => a - b)
    .map((from) => {
      const rates: Rates = {}
      for (const [key, bucket] of Object.entries(keys)) {
        const rate = rateFrom(prices[key], from)
        if (rate !== undefined) rates[bucket] = rate
      }
      return { from, rates, request: Math.round((rateFrom(prices.requests_kcount, from) ?? 0) / 1000) }
    })
  const search = eachOf(prices.web_searches_kcount)
  const fileSearch = eachOf(prices.storage_searches_kcount)
  const searches = { ...(search !== undefined && { search }), ...(fileSearch !== undefined && { fileSearch }) }
  return { steps, tiers: {}, searches, source: 'genai-prices', date, versions: [version] }
}

function eachOf(thousand: ModelPrice[string]): Nano | undefined {
  const rate = rateFrom(thousand, 0)
  return rate === undefined ? undefined : Math.round(rate / 1000)
}

function rateFrom(price: ModelPrice[string], from: number): Nano | undefined {
  if (typeof price !== 'object') return typeof price === 'number' ? parseUsd(price) : undefined
  let usd = price.base
  for (const tier of price.tiers) if (tier.start < from) usd = tier.price
  return parseUsd(usd)
}

/**
 * Lays an entry over a draft. One with `input` is a price by itself.
 *
 * @returns undefined when the price is unknown
 */
export function overlaid(draft: Draft | undefined, entry: PriceEntry, label: Label): Draft | undefined {
  if (entry.unknown) return undefined
  const { source = label.source, date } = entry
  if (entry.input !== undefined) {
    const first: DraftStep = { from: 0, ...changed({ rates: {}, request: 0 }, entry) }
    const steps = (entry.long ?? [])
      .toSorted((a, b) => a.from - b.from)
      .map((step) => ({ from: step.from, ...changed(first, step) }))
    return {
      steps: [first, ...steps].map((step) => ({ ...step, rates: withMultiples(step.rates, entry) })),
      tiers: entry.tiers ?? {},
      ...(entry.peak && { peak: entry.peak }),
      ...(entry.regional && { regional: entry.regional }),
      searches: searchesIn(entry, {}),
      source,
      ...(date !== undefined && { date }),
      versions: [label.version],
    }
  }
  if (!draft) return undefined
  const { peak = draft.peak, regional = draft.regional } = entry
  return {
    ...draft,
    steps: draft.steps.map((step) => {
      const { rates, request } = changed(step, entry)
      return { from: step.from, rates: withMultiples(rates, entry), request }
    }),
    tiers: { ...draft.tiers, ...entry.tiers },
    ...(peak && { peak }),
    ...(regional && { regional }),
    searches: searchesIn(entry, draft.searches),
    versions: draft.versions.includes(label.version) ? draft.versions : [...draft.versions, label.version],
  }
}

function searchesIn(entry: PriceEntry, known: Searches): Searches {
  const { multiplier: times, searchPer = known.searchPer } = entry
  const made: { -readonly [name in keyof Searches]: Searches[name] } = {}
  for (const name of ['search', 'previewSearch', 'fileSearch'] as const) {
    const [own, before] = [entry[name], known[name]]
    if (own !== undefined) made[name] = parseUsd(own)
    else if (before !== undefined) made[name] = typeof times === 'number' ? Math.round(before * times) : before
  }
  return { ...made, ...(searchPer && { searchPer }) }
}

/** The multiplier first, then the buckets that have a price of their own. */
function changed(
  { rates: known, request }: Pick<DraftStep, 'rates' | 'request'>,
  entry: TierPrices & BucketPrices,
): Pick<DraftStep, 'rates' | 'request'> {
  const { multiplier = 1 } = entry
  const [each, all] = typeof multiplier === 'number' ? [{}, multiplier] : [multiplier, 1]
  const rates: Rates = {}
  for (const name of rated) {
    const own = entry[name]
    const rate = known[name]
    if (own !== undefined) rates[name] = parseUsd(own)
    else if (rate !== undefined) rates[name] = Math.round(rate * (each[isShare(name) ? shares[name] : name] ?? all))
  }
  return { rates, request: entry.request === undefined ? Math.round(request * all) : parseUsd(entry.request) }
}

const isShare = (name: keyof Rates): name is keyof typeof shares => name in shares

function withMultiples(rates: Rates, { timesInput = {} }: PriceEntry): Rates {
  const { input } = rates
  if (input === undefined) return rates
  const multiples = Object.entries(timesInput).flatMap(([bucket, times]) =>
    times === undefined ? [] : [[bucket, Math.round(input * times)]],
  )
  return { ...rates, ...Object.fromEntries(multiples) }
}

/**
 * Done: what has no price of its own costs what it is a kind of; the hour, the tiers, and a region in which all calls are held, are
 * reckoned in.
 */
export function finished(draft: Draft, at: number, until: number, inRegion: boolean): Price {
  const { steps, tiers, peak, searches, source, date, versions } = draft
  const { regional = 1 } = draft
  const multiplier = (peak && isPeak(peak, at) ? peak.multiplier : 1) * (inRegion ? regional : 1)
  const standard = steps.map((step) => {
    const { rates, request } = changed(step, { multiplier })
    return { from: step.from, rates: filled(rates), request }
  })
  const made: { [tier in ServiceTier]?: readonly Step[] } = { standard }
  for (const tier of ['batch', 'flex', 'priority', 'fast'] as const) {
    // Who names but one of them has no other.
    const own = tiers[tier] ?? (tier === 'fast' ? tiers.priority : undefined)
    if (own) made[tier] = standard.map((step) => ({ from: step.from, ...changed(step, own) }))
  }
  const beside = { ...searches, ...(!inRegion && regional !== 1 && { regional }) }
  return {
    currency: 'USD',
    source,
    ...(date !== undefined && { date }),
    ...(versions.includes(ownVersion) && { own: true }),
    ...beside,
    version: `${versions.join('+')}#${fnv1a(JSON.stringify({ ...made, ...beside }))
      .toString(16)
      .padStart(8, '0')}`,
    ...(Number.isFinite(until) && { until }),
    tiers: made,
  }
}

/** A vendor that tells no price for cached tokens charges them as others; reasoning is charged as output. */
function filled(rates: Rates): Rates {
  const { input, output, cacheWrite = input } = rates
  const all: { [bucket in keyof Rates]: Nano | undefined } = {
    input,
    cacheRead: input,
    cacheWrite: input,
    cacheWrite1h: cacheWrite,
    audioInput: input,
    output,
    reasoning: output,
    audioOutput: output,
    ...rates,
  }
  return Object.fromEntries(Object.entries(all).filter(([, rate]) => rate !== undefined))
}
