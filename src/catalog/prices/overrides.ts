/**
 * What the data set lacks or has wrong, each with the page that says so and the day on which it was read. Later rows lie
 * over earlier ones: the prices of models first, then what holds for many. What no page tells is left out.
 */
import type { PriceEntry, PriceRow, TierPrices } from './entry.js'

const openai = 'https://developers.openai.com/api/docs/pricing'
const anthropic = 'https://platform.claude.com/docs/en/about-claude/pricing'
const google = 'https://ai.google.dev/gemini-api/docs/pricing'
const deepseek = 'https://api-docs.deepseek.com/quick_start/pricing'
const mistral = 'https://docs.mistral.ai/inference/pricing'
const groq = 'https://console.groq.com/docs/flex-processing'

const half: TierPrices = { multiplier: 0.5 }

/** Working days in China; its public holidays, which are off-peak, are counted as working days. */
const chinesePeak = { hours: ['01:00-04:00', '06:00-10:00'], weekdays: true, multiplier: 2 } as const

/** Half of input and output. The page tells no discount on cached tokens. */
const geminiHalf: TierPrices = { multiplier: { input: 0.5, audioInput: 0.5, output: 0.5, reasoning: 0.5, audioOutput: 0.5 } }

const models: Readonly<Record<string, PriceEntry | readonly PriceEntry[]>> = {
  'openai/gpt-6.1-sol*': {
    ...{ input: 2, cacheRead: 0.1, cacheWrite: 2.5, output: 10 },
    long: [{ from: 272_001, input: 4, cacheRead: 0.2, cacheWrite: 5, output: 15 }],
    ...{ source: openai, date: '2026-10-01' },
  },
  'openai/gpt-6.1-terra*': {
    ...{ input: 1, cacheRead: 0.05, cacheWrite: 1.25, output: 5 },
    long: [{ from: 272_001, input: 2, cacheRead: 0.1, cacheWrite: 2.5, output: 7.5 }],
    ...{ source: openai, date: '2026-10-27' },
  },
  // The data set has text alone, and would charge sound as words.
  'openai/gpt-4o-audio-preview*': {
    ...{ audioInput: 40, audioOutput: 80 },
    ...{ source: 'https://developers.openai.com/api/docs/models/gpt-4o-audio-preview', date: '2026-11-21' },
  },
  'openai/gpt-4o-mini-audio-preview*': {
    ...{ audioInput: 10, audioOutput: 20 },
    ...{ source: 'https://developers.openai.com/api/docs/models/gpt-4o-mini-audio-preview', date: '2026-11-22' },
  },
  // It searches for each request, whatever it is asked. https://developers.openai.com/api/docs/guides/tools-web-search
  'openai/gpt-5-search-api*': {
    ...{ input: 1.25, cacheRead: 0.125, output: 10, request: 0.01 },
    ...{ source: openai, date: '2026-10-04' },
  },
  'openai/gpt-4o-search-preview*': { request: 0.025, source: openai, date: '2026-10-04' },
  'openai/gpt-4o-mini-search-preview*': { request: 0.025, source: openai, date: '2026-10-04' },
  'openai/gpt-image-2.5-*': {
    ...{ input: 5, imageInput: 8, cacheRead: 1.25, imageCacheRead: 2, output: 30 },
    ...{ source: openai, date: '2026-09-20' },
  },
  'openai/gpt-image-2.6-*': {
    ...{ input: 5, imageInput: 8, cacheRead: 1.25, imageCacheRead: 2, output: 30 },
    ...{ source: 'https://developers.openai.com/api/docs/models/gpt-image-2.6-sunburst', date: '2026-11-23' },
  },
  'anthropic/claude-fable-5-2*': {
    ...{ input: 8, cacheWrite: 10, cacheWrite1h: 16, cacheRead: 0.2, output: 40 },
    ...{ source: anthropic, date: '2026-11-10' },
  },
  'anthropic/claude-sonnet-5-5*': [
    {
      ...{ input: 2, cacheWrite: 2.5, cacheWrite1h: 4, cacheRead: 0.2, output: 10 },
      ...{ source: anthropic, date: '2026-10-24' },
    },
    { cacheRead: 0.1, since: '2026-10-07', source: anthropic, date: '2026-10-24' },
  ],
  // By the length of the prompt, with what is cached of it.
  'anthropic/claude-haiku-5-5*': {
    ...{ input: 0.1, cacheWrite: 0.125, cacheWrite1h: 0.2, cacheRead: 0.01, output: 0.5 },
    long: [{ from: 100_001, input: 0.5, cacheWrite: 0.625, cacheWrite1h: 1, cacheRead: 0.05, output: 2.5 }],
    ...{ source: anthropic, date: '2026-10-24' },
  },
  'google/gemini-4-argon*': introduced('2026-10-13'),
  'google/gemini-4-carbon*': introduced('2026-11-11'),
  'google/gemini-4-hydrogen*': { input: 1.5, cacheRead: 0.075, output: 7.5, source: google, date: '2026-11-14' },
  // Free of charge, and not to be had for money.
  'google/gemma-3*': { input: 0, output: 0, source: google, date: '2026-09-23' },
  'google/gemma-4-*': { input: 0, output: 0, source: google, date: '2026-09-23' },
  'deepseek/deepseek-flash': {
    ...{ input: 0.15, cacheRead: 0.003, output: 0.6, peak: chinesePeak },
    ...{ source: deepseek, date: '2026-10-27' },
  },
  // Retired: the names are still taken, and lead to the one above.
  'deepseek/deepseek-v4-flash*': { like: 'deepseek/deepseek-flash', since: '2026-09-10', source: deepseek, date: '2026-10-27' },
  'deepseek/deepseek-v4-pro': {
    ...{ input: 0.66, cacheRead: 0.022, output: 1.98, peak: chinesePeak, since: '2026-08-17' },
    ...{ source: deepseek, date: '2026-10-27' },
  },
  // The data set has what they cost in 2025, and the page names them no more.
  'deepseek/deepseek-chat': { unknown: true, source: deepseek, date: '2026-10-27' },
  'deepseek/deepseek-reasoner': { unknown: true, source: deepseek, date: '2026-10-27' },
  // Names that have moved on to newer models since.
  'mistral/mistral-large-latest': { like: 'mistral/mistral-large-2512', source: mistral, date: '2026-09-29' },
  'mistral/mistral-small-latest': { like: 'mistral/mistral-small-2603', source: mistral, date: '2026-09-29' },
  'openrouter/*:free': { input: 0, output: 0, source: 'https://openrouter.ai/docs/api-reference/limits', date: '2026-11-21' },
}

/** Half the price until December 2026. */
function introduced(date: string): PriceEntry[] {
  return [
    { input: 2, cacheRead: 0.1, output: 10, source: google, date },
    { input: 4, cacheRead: 0.2, output: 20, since: '2026-12-01', source: google, date },
  ]
}

/** Claude in the clouds: the maker's price for the global endpoint, and a tenth more where the region is chosen. */
const hosted: Readonly<Record<string, PriceEntry>> = Object.fromEntries(
  ['fable-5-2', 'sonnet-5-5', 'haiku-5-5'].flatMap((name): [string, PriceEntry][] => {
    const like: PriceEntry = { like: `anthropic/claude-${name}`, source: anthropic, date: '2026-10-24' }
    return [
      [`bedrock/*anthropic.claude-${name}*`, { ...like, multiplier: 1.1 }],
      [`bedrock/global.anthropic.claude-${name}*`, like],
      [`vertex/*claude-${name}*`, like],
      [`azure/claude-${name}*`, like],
    ]
  }),
)

/** OpenAI's priority tier, which it calls fast mode, for models and their dated versions. */
function fast(multiplier: number, names: readonly string[]): Record<string, PriceEntry> {
  const entry: PriceEntry = {
    tiers: { priority: { multiplier } },
    source: 'https://openai.com/api-fast-mode/',
    date: '2026-11-21',
  }
  return Object.fromEntries(names.flatMap((name) => [`openai/${name}`, `openai/${name}-20*`].map((key) => [key, entry])))
}

/** The multiples of caching lie over it. */
const claudeFast: PriceEntry = {
  tiers: { fast: { multiplier: 2 } },
  ...{ source: 'https://platform.claude.com/docs/en/about-claude/pricing#fast-mode-pricing', date: '2026-11-23' },
}

/** `service_tier`, Claude's `speed`, and the batch APIs. */
const tiers: Readonly<Record<string, PriceEntry>> = {
  'openai/*': { tiers: { batch: half, flex: half }, source: openai, date: '2026-11-05' },
  ...fast(2, ['gpt-6.1-sol', 'gpt-6.1-terra', 'gpt-5.6-sol', 'gpt-5.6-terra', 'gpt-5.6-luna']),
  ...fast(2, ['gpt-5.4', 'gpt-5.4-mini', 'gpt-5.2', 'gpt-5.1', 'gpt-5']),
  ...fast(2.5, ['gpt-5.5']),
  ...fast(1.8, ['gpt-5-mini']),
  'anthropic/claude-opus-4-8*': claudeFast,
  'anthropic/claude-opus-5*': claudeFast,
  'anthropic/claude-fable-5-2*': claudeFast,
  // The multiples of caching stack with it: half of every token.
  'anthropic/*': { tiers: { batch: half }, source: anthropic, date: '2026-10-24' },
  'google/*': { tiers: { batch: geminiHalf, flex: geminiHalf }, source: google, date: '2026-11-21' },
  'google/gemini-3.7-flash*': { tiers: { priority: { multiplier: 1.8 } }, source: google, date: '2026-09-23' },
  'google/gemini-3.8-flash*': { tiers: { priority: { multiplier: 1.8 } }, source: google, date: '2026-09-23' },
  'vertex/gemini-*': {
    tiers: { flex: geminiHalf },
    ...{ source: 'https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/flex-paygo', date: '2026-11-23' },
  },
  'azure/*': {
    tiers: { batch: half },
    ...{ source: 'https://learn.microsoft.com/en-us/azure/ai-foundry/openai/how-to/batch', date: '2026-11-21' },
  },
  'bedrock/*': {
    tiers: { batch: half },
    ...{
      source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/capacity-limits-cost-optimization.html',
      date: '2026-11-21',
    },
  },
  'groq/*': { tiers: { flex: { multiplier: 1 } }, source: groq, date: '2026-11-21' },
}

/** An hour of cache is twice the input wherever Claude runs; the data set has it for Anthropic's own API alone. */
const hourOfCache: PriceEntry = { timesInput: { cacheWrite1h: 2 }, source: anthropic, date: '2026-10-24' }
/** Twelve hours of it, which the data set does not have. Models before these charge nothing for what they write. */
const halfDayOfCache: PriceEntry = {
  timesInput: { cacheWrite1h: 2.5 },
  ...{ source: 'https://developers.openai.com/api/docs/guides/prompt-caching', date: '2026-11-04' },
}
const caching: Readonly<Record<string, PriceEntry>> = {
  'openai/gpt-5.6*': halfDayOfCache,
  'openai/gpt-6*': halfDayOfCache,
  'bedrock/*anthropic.claude-*': hourOfCache,
  'vertex/*claude-*': hourOfCache,
}

/** By the query or, up to Gemini 2.5, by the prompt, however many queries it took. What is free in a month or on a day is not known here. */
const grounded: Readonly<Record<string, PriceEntry>> = Object.fromEntries(
  ['google', 'vertex'].flatMap((provider): [string, PriceEntry][] => [
    [`${provider}/gemini-2*`, { search: 0.035, searchPer: 'request', source: google, date: '2026-10-01' }],
    [`${provider}/gemini-3*`, { search: 0.014, source: google, date: '2026-10-01' }],
  ]),
)

/** Tools that vendors run by themselves, by the call. */
const tools: Readonly<Record<string, PriceEntry>> = {
  'openai/gpt-*': { search: 0.01, fileSearch: 0.0025, source: openai, date: '2026-10-04' },
  'openai/o*': { search: 0.01, fileSearch: 0.0025, source: openai, date: '2026-10-04' },
  // Models that do not reason.
  'openai/gpt-4o*': { previewSearch: 0.025, source: openai, date: '2026-10-04' },
  'openai/gpt-4.1*': { previewSearch: 0.025, source: openai, date: '2026-10-04' },
  // For prices of your own: its bill has them.
  'xai/*': { search: 0.005, fileSearch: 0.0025, source: 'https://docs.x.ai/developers/pricing', date: '2026-11-23' },
  'anthropic/*': { search: 0.01, source: anthropic, date: '2026-10-24' },
  'vertex/*claude-*': { search: 0.01, source: anthropic, date: '2026-10-24' },
  // It searches with Bing; Claude there is its maker's.
  'azure/*': {
    search: 0.014,
    ...{
      source: 'https://github.com/microsoft/Foundry-Agent-Solution-Templates/blob/main/enterprise-knowledge-agent/docs/cost.md',
      date: '2026-09-07',
    },
  },
  'azure/*claude*': { search: 0.01, source: anthropic, date: '2026-10-24' },
  ...grounded,
}

/** Of calls that are held to a region: more for every token. */
const residency: PriceEntry = {
  regional: 1.1,
  ...{ source: 'https://platform.claude.com/docs/en/manage-claude/data-residency', date: '2026-11-23' },
}
const openaiResidency: PriceEntry = {
  regional: 1.1,
  ...{ source: 'https://developers.openai.com/api/docs/guides/data-residency', date: '2026-11-23' },
}
const vertexEndpoints = {
  ...{ source: 'https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai', date: '2026-11-23' },
} as const
const regions: Readonly<Record<string, PriceEntry>> = {
  'anthropic/*': residency,
  // Those that were released since March 2026.
  'openai/gpt-5.4*': openaiResidency,
  'openai/gpt-5.5*': openaiResidency,
  'openai/gpt-5.6*': openaiResidency,
  'openai/gpt-6*': openaiResidency,
  'together/*': { regional: 1.25, source: 'https://docs.together.ai/docs/serverless/geo-specific-inference', date: '2026-11-23' },
  // Since Sonnet 4.5.
  'vertex/*claude-*': { regional: 1.1, ...vertexEndpoints },
  ...Object.fromEntries(
    ['3*', 'sonnet-4', 'sonnet-4@*', 'opus-4', 'opus-4@*', 'opus-4-1*'].map((name) => [
      `vertex/*claude-${name}`,
      { regional: 1, ...vertexEndpoints },
    ]),
  ),
}

export const overrides: readonly PriceRow[] = [models, hosted, caching, tiers, regions, tools].flatMap((table) =>
  Object.entries(table).flatMap(([names, entry]) => [entry].flat().map((one) => ({ models: names, entry: one }))),
)
