/** A price as somebody writes it down: in the options, in a file, in our own table. Amounts are US dollars. */
import * as z from 'zod/mini'
import { LeashError } from '../../core/errors.js'
import { isObject } from '../../core/json.js'
import { parseUsd } from '../../core/money.js'
import type { Usage } from '../../core/usage.js'

/** Dollars, as a number or a decimal string. */
export type Usd = number | string

/** Dollars for a million tokens of each bucket. */
export interface BucketPrices {
  readonly input?: Usd | undefined
  readonly cacheRead?: Usd | undefined
  readonly cacheWrite?: Usd | undefined
  readonly cacheWrite1h?: Usd | undefined
  readonly audioInput?: Usd | undefined
  readonly output?: Usd | undefined
  readonly reasoning?: Usd | undefined
  readonly audioOutput?: Usd | undefined
  /** Of the tokens in `input` those that are pictures. */
  readonly imageInput?: Usd | undefined
  /** Of the tokens in `output` those that are pictures. */
  readonly imageOutput?: Usd | undefined
  /** Of the tokens in `cacheRead` those that are sound. */
  readonly audioCacheRead?: Usd | undefined
  /** Of the tokens in `cacheRead` those that are pictures. */
  readonly imageCacheRead?: Usd | undefined
  /** Dollars for each request, beside its tokens. */
  readonly request?: Usd | undefined
}

export interface TierPrices extends BucketPrices {
  /** Times the standard price, of every bucket or of those named. Buckets priced beside it have their own. */
  readonly multiplier?: number | Readonly<Partial<Record<keyof Usage, number | undefined>>> | undefined
}

/**
 * With `input` it is a whole price, and nothing beneath it counts. Without, it changes what is known beneath: some
 * buckets, a multiplier, tiers.
 */
export interface PriceEntry extends TierPrices {
  /** From so many input tokens on, the whole request is charged so. Buckets that are not named keep their price. */
  readonly long?: readonly (BucketPrices & { readonly from: number })[] | undefined
  readonly tiers?: Readonly<Partial<Record<'batch' | 'flex' | 'priority' | 'fast', TierPrices | undefined>>> | undefined
  /** A dearer time of day, in UTC: `{ hours: ['01:00-04:00'], weekdays: true, multiplier: 2 }`. */
  readonly peak?:
    | { readonly hours: readonly string[]; readonly weekdays?: boolean | undefined; readonly multiplier: number }
    | undefined
  /** Times the price of all tokens, where a call is held to a region. */
  readonly regional?: number | undefined
  /** A multiple of the input price, where the vendor tells it so: `{ cacheWrite1h: 2 }`. */
  readonly timesInput?:
    | {
        readonly cacheRead?: number | undefined
        readonly cacheWrite?: number | undefined
        readonly cacheWrite1h?: number | undefined
      }
    | undefined
  /** Dollars for each search of the web by the vendor's own tool. */
  readonly search?: Usd | undefined
  /** Once for each request that was searched for, however often. */
  readonly searchPer?: 'request' | undefined
  /** Dollars for each search by OpenAI's older tool, `web_search_preview`. */
  readonly previewSearch?: Usd | undefined
  /** Dollars for each search of files by the vendor's own tool. */
  readonly fileSearch?: Usd | undefined
  /** Begin with the price of another model: `openai/gpt-4o`, or `azure/*` for the model of the same name. */
  readonly like?: string | undefined
  /** Nothing beneath may be trusted. */
  readonly unknown?: true | undefined
  /** The first day on which it holds, in UTC. */
  readonly since?: string | undefined
  /** The page that says so. */
  readonly source?: string | undefined
  /** The day on which it was compared with its source. */
  readonly date?: string | undefined
}

/** By `provider/model`; `*` stands for any part of a name. Several entries for one name take turns by their `since`. */
export interface PriceEntries {
  readonly [model: `${string}/${string}`]: PriceEntry | readonly PriceEntry[]
}

/** An entry and the names that it is for. */
export interface PriceRow {
  readonly models: string
  readonly entry: PriceEntry
}

const usd = z.custom<Usd>(isAmount, 'must be US dollars, 0 or more, such as 2.5 or "0.0375"')
const factor = z.number().check(z.positive('must be a number above 0'), z.maximum(1000))
const day = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2026-11-21'))
const hours = z
  .string()
  .check(z.regex(/^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be hours such as 01:00-04:00'))

const buckets = {
  input: z.optional(usd),
  cacheRead: z.optional(usd),
  cacheWrite: z.optional(usd),
  cacheWrite1h: z.optional(usd),
  audioInput: z.optional(usd),
  output: z.optional(usd),
  reasoning: z.optional(usd),
  audioOutput: z.optional(usd),
  imageInput: z.optional(usd),
  imageOutput: z.optional(usd),
  audioCacheRead: z.optional(usd),
  imageCacheRead: z.optional(usd),
  request: z.optional(usd),
}

const of = z.optional(factor)
const multiplier = z.optional(
  z.union([
    factor,
    z.strictObject({
      ...{ input: of, cacheRead: of, cacheWrite: of, cacheWrite1h: of, audioInput: of },
      ...{ output: of, reasoning: of, audioOutput: of },
    }),
  ]),
)
const tier = z.optional(z.strictObject({ ...buckets, multiplier }))

const entrySchema = z
  .strictObject({
    ...buckets,
    multiplier,
    long: z.optional(z.array(z.strictObject({ ...buckets, from: z.int().check(z.minimum(1)) }))),
    tiers: z.optional(z.strictObject({ batch: tier, flex: tier, priority: tier, fast: tier })),
    peak: z.optional(
      z.strictObject({ hours: z.array(hours).check(z.minLength(1)), weekdays: z.optional(z.boolean()), multiplier: factor }),
    ),
    regional: of,
    timesInput: z.optional(z.strictObject({ cacheRead: of, cacheWrite: of, cacheWrite1h: of })),
    search: z.optional(usd),
    searchPer: z.optional(z.literal('request')),
    previewSearch: z.optional(usd),
    fileSearch: z.optional(usd),
    like: z.optional(z.string().check(z.regex(/^[^/]+\/./, 'must be provider/model'))),
    unknown: z.optional(z.literal(true)),
    since: z.optional(day),
    source: z.optional(z.string()),
    date: z.optional(day),
  })
  .check(
    z.refine(({ long, input }) => !long || input !== undefined, 'has `long` without `input`: give the whole price'),
    z.refine(
      ({ multiplier, input }) => multiplier === undefined || input === undefined,
      'has both `multiplier` and `input`: give one',
    ),
    z.refine(({ like, input }) => like === undefined || input === undefined, 'has both `like` and `input`: give one'),
  )

/**
 * Entries in the order in which they are laid over each other: general names first, and of one name the later after the earlier.
 *
 * @throws LeashError `invalid_config` that names each entry and member at fault
 */
export function parseEntries(entries: unknown, where: string): PriceRow[] {
  if (!isObject(entries))
    throw new LeashError(
      'invalid_config',
      `${where} must hold prices by name: { "openai/gpt-4o": { "input": 2.5, "output": 10 } }.`,
    )
  const faults: string[] = []
  const rows: PriceRow[] = []
  for (const [models, entry] of Object.entries(entries)) {
    if (!/^[^/]+\/./.test(models)) faults.push(`"${shown(models)}" must be provider/model, or provider/*`)
    for (const one of Array.isArray(entry) ? entry : [entry]) {
      const checked = entrySchema.safeParse(one, { error: say })
      if (checked.success) rows.push({ models, entry: checked.data })
      else faults.push(...checked.error.issues.map((issue) => `"${shown(models)}" ${fault(issue)}`))
    }
  }
  if (faults.length > 0) throw new LeashError('invalid_config', `${where}: ${faults.join('; ')}.`)
  return rows.sort((a, b) => literals(a) - literals(b) || (a.entry.since ?? '').localeCompare(b.entry.since ?? ''))
}

/** How many letters of a name are given: those without a `*` come last. */
function literals({ models }: PriceRow): number {
  return models.includes('*') ? models.replaceAll('*', '').length : Number.POSITIVE_INFINITY
}

function fault(issue: z.core.$ZodIssue): string {
  const at = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const known = at === '' ? ` (known: ${Object.keys(entrySchema.def.shape).join(', ')})` : ''
    return `has an unknown member ${issue.keys.map((key) => `\`${at && `${at}.`}${key}\``).join(', ')}${known}`
  }
  return at === '' ? issue.message : `\`${at}\` ${issue.message}`
}

/** `zod/mini` carries no texts of its own. */
function say(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return `must be ${issue.expected}`
  return issue.code === 'invalid_union' ? 'must be a number above 0, or one for each bucket' : undefined
}

function shown(models: string): string {
  return models.slice(0, 100)
}

function isAmount(amount: unknown): boolean {
  try {
    return (typeof amount === 'number' || typeof amount === 'string') && parseUsd(amount) >= 0
  } catch {
    return false
  }
}
