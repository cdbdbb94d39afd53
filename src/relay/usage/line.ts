/** Lines of the ledger as strangers send them: every member is looked at, and what nobody knows is left out. */
import { isErrorCode } from '../../core/error-code.js'
import { type ErrorCode, LeashError } from '../../core/errors.js'
import { asObject, isObject } from '../../core/json.js'
import type { LedgerLine } from '../../core/ledger.js'
import { type Share, type Shares, shares } from '../../core/price.js'
import { buckets, noUsage, type Usage } from '../../core/usage.js'
import { mostCharge } from '../../protocols/charge.js'

/** What a line says of whose it is, the virtual key says better. */
export interface Owner {
  readonly id: string
  readonly tenant: string
  readonly user?: string
}

const mostText = 200
const mostTags = 32
const mostTag = 500

/** Refusals that were not, of one call. */
const mostShadow = 10

/** Tokens of one attempt, or searches. */
const mostTokens = 1e9
const mostMs = 1e9

/** How far a client's clock may be ahead, in milliseconds. What is further ahead counts as of now: a clock is no reason to lose it. */
const aheadMs = 86_400_000
/** In the year 2286. Whoever is beyond that counts in other units. */
const latest = 1e13

const outcomes = ['ok', 'error', 'cancelled'] as const

/** What a tag's value may be, to stand there as a text. */
const plain = ['string', 'number', 'boolean']

/**
 * @param place of the line in its batch, for the error
 * @param now milliseconds since 1970
 * @throws LeashError `invalid_request` that names the line and the member
 */
export function readLine(given: unknown, owner: Owner | undefined, place: number, now: number): LedgerLine {
  if (!isObject(given)) throw wrong(place, 'line', 'is an object')
  const read = new Members(given, place)
  const whose = owner ?? { id: read.text('key', ''), tenant: read.text('tenant', '') }
  const user = owner?.user ?? read.name('user')
  const outcome = outcomes.find((known) => known === given.outcome)
  if (!outcome) throw wrong(place, 'outcome', `is one of ${outcomes.join(', ')}`)
  const error = given.error === undefined ? undefined : errorOf(read.text('error'))
  const tags = read.tags()
  return {
    id: read.text('id'),
    callId: read.text('callId'),
    attempt: read.whole('attempt', 10_000),
    at: timely(read.whole('at', latest), now),
    durationMs: Math.round(read.number('durationMs', mostMs)),
    tenant: whose.tenant,
    ...(user !== '' && { user }),
    key: whose.id,
    ...(tags && { tags }),
    provider: read.name('provider'),
    model: read.name('model'),
    protocol: read.name('protocol'),
    outcome,
    ...(given.status !== undefined && { status: read.whole('status', 999) }),
    ...(error && { error }),
    ...(Array.isArray(given.shadow) && { shadow: given.shadow.slice(0, mostShadow).map((code) => errorOf(String(code))) }),
    ...(given.hedged === true && { hedged: true }),
    ...(given.cached === true && { cached: true }),
    ...(given.coalesced === true && { coalesced: true }),
    ...(given.saved !== undefined && { saved: read.money('saved') }),
    usage: read.usage(),
    ...(given.searches !== undefined && { searches: read.whole('searches', mostTokens) }),
    ...(given.fileSearches !== undefined && { fileSearches: read.whole('fileSearches', mostTokens) }),
    ...(isObject(given.apart) && { apart: read.apart() }),
    ...(given.regional === true && { regional: true }),
    basis: given.basis === 'complete' ? 'complete' : 'estimated',
    ...(given.serviceTier !== undefined && { serviceTier: read.name('serviceTier') }),
    cost: read.money('cost'),
    ...(given.priceVersion !== undefined && { priceVersion: read.text('priceVersion') }),
  }
}

const timely = (at: number, now: number): number => (at > now + aheadMs ? now : at)

class Members {
  readonly #given: Readonly<Record<string, unknown>>
  readonly #place: number

  constructor(given: Readonly<Record<string, unknown>>, place: number) {
    this.#given = given
    this.#place = place
  }

  text(name: string, absent?: string): string {
    const value = this.#given[name] ?? absent
    if (typeof value !== 'string' || value.length > mostText || (value === '' && absent === undefined))
      throw wrong(this.#place, name, `is a string of up to ${mostText} characters`)
    return clean(value)
  }

  /** Of a thing that a caller may have named: no line is refused for a name that is too long. */
  name(name: string): string {
    const value = this.#given[name] ?? ''
    if (typeof value !== 'string') throw wrong(this.#place, name, 'is a string')
    return clean(value.slice(0, mostText))
  }

  number(name: string, most: number): number {
    const value = this.#given[name]
    if (typeof value === 'number' && value >= 0 && value <= most) return value
    throw wrong(this.#place, name, `is a number from 0 to ${most}`)
  }

  whole(name: string, most: number): number {
    const value = this.number(name, most)
    if (Number.isInteger(value)) return value
    throw wrong(this.#place, name, 'is a whole number')
  }

  money(name: string): number | null {
    return this.#given[name] === null ? null : this.whole(name, mostCharge)
  }

  usage(): Usage {
    const counted = new Members(asObject(this.#given.usage), this.#place)
    const usage: { -readonly [bucket in keyof Usage]: number } = { ...noUsage }
    for (const bucket of buckets) usage[bucket] = counted.whole(bucket, mostTokens)
    return usage
  }

  apart(): Shares {
    const told = new Members(asObject(this.#given.apart), this.#place)
    const found: { -readonly [share in Share]?: number } = {}
    for (const share of Object.keys(shares) as Share[])
      if (told.#given[share] !== undefined) found[share] = told.whole(share, mostTokens)
    return found
  }

  /** Whatever a program has said there: what a call has cost is not to be lost for a tag that is too long. */
  tags(): Readonly<Record<string, string>> | undefined {
    const { tags } = this.#given
    if (tags === undefined) return undefined
    if (!isObject(tags)) throw wrong(this.#place, 'tags', 'is an object')
    const fit = Object.entries(tags).filter(([, value]) => plain.includes(typeof value))
    return Object.fromEntries(
      fit.slice(0, mostTags).map(([name, value]) => [clean(name.slice(0, mostText)), clean(String(value).slice(0, mostTag))]),
    )
  }
}

/** A newer client may know errors that this relay does not. */
const errorOf = (text: string): ErrorCode => (isErrorCode(text) ? text : 'upstream_error')

/** What a database would refuse, or give back as something else. */
function clean(text: string): string {
  if (!/[\0\ud800-\udfff]/.test(text)) return text
  return text.replaceAll('\0', '\ufffd').toWellFormed()
}

function wrong(place: number, member: string, rule: string): LeashError {
  return new LeashError('invalid_request', `Line ${place + 1} of the batch: \`${member}\` ${rule}.`, { param: member })
}
