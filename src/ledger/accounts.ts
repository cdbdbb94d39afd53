/** Books each attempt once, in the moment in which it ends: what it used, what that cost, and a line that says so. */
import { type Attempt, type Call, textOf } from '../core/call.js'
import { isObject, type JsonObject, parseJson } from '../core/json.js'
import type { Accounts, Basis, LedgerLine, Reused, ToolUses } from '../core/ledger.js'
import type { Nano } from '../core/money.js'
import { type Price, type PriceBook, serviceTierOf } from '../core/price.js'
import { targetName } from '../core/target.js'
import { addUsage, buckets, inputTotal, noUsage, total, type Usage } from '../core/usage.js'
import { askedTier, asksForRegion } from '../protocols/asked-tier.js'
import { type Beside, besideOf, withBeside } from '../protocols/beside.js'
import { chargeOf } from '../protocols/charge.js'
import { costWith } from '../protocols/cost-with.js'
import { answersFreely, isCredible, isNothing } from '../protocols/credible.js'
import { protocolAtHand } from '../protocols/index.js'
import { charactersPerToken } from '../protocols/said.js'
import { type CountTokens, inputTokens } from '../protocols/tokens.js'

/** Models are named by callers. */
const mostTold = 1000

export interface AccountsDeps {
  readonly prices: PriceBook
  readonly countTokens: CountTokens
  readonly add: (line: LedgerLine) => void
  /** Told once for each model whose price is not known. */
  readonly warn: (message: string) => void
}

export class Bookkeeper implements Accounts {
  readonly #deps: AccountsDeps
  /** Models without a price that somebody has been told of. */
  readonly #told = new Set<string>()

  constructor(deps: AccountsDeps) {
    this.#deps = deps
  }

  book(call: Call, attempt: Attempt, said: (told?: Usage) => number, seen?: ToolUses): void {
    const { usage: used, basis } = this.#used(call, attempt, said, seen)
    const { prices } = this.#deps
    const word = attempt.serviceTier ?? askedTier(call)
    const price = prices.price(call.target, attempt.startedAt)
    let usage = whole(used)
    const charge = chargeTo(call, used, price)
    const beside = besideOf(used)
    let cost = charge ?? costIn(price, usage, word)
    if (cost === null) this.#warnOf(targetName(call.target), feeMissing(price, beside))
    for (const { model, usage: told } of beside.models ?? []) {
      usage = addUsage(usage, whole(told))
      // The vendor's own bill has all of it.
      if (charge !== undefined) continue
      const target = { ...call.target, model }
      const more = costIn(prices.price(target, attempt.startedAt), whole(told), word)
      if (more === null) this.#warnOf(targetName(target))
      cost = cost === null || more === null ? null : cost + more
    }
    attempt.usage = usage
    attempt.cost = cost
    if (basis === 'estimated') attempt.estimated = true
    this.#deps.add({
      ...lineOf(call, attempt),
      usage,
      ...toldBeside(beside),
      basis,
      cost,
      ...(charge !== undefined ? { priceVersion: 'vendor' } : price && { priceVersion: price.version }),
    })
  }

  reuse(call: Call, { provider, model, protocol, status, cost }: Reused, how: 'cached' | 'coalesced' = 'cached'): void {
    const answer: Attempt = { provider, model, protocol, status, startedAt: Date.now(), outcome: 'ok' }
    this.#deps.add({
      ...lineOf(call, answer),
      [how]: true,
      ...(cost !== undefined && { saved: cost }),
      usage: noUsage,
      basis: 'complete',
      cost: 0,
    })
  }

  #warnOf(target: string, fee?: 'search' | 'fileSearch'): void {
    if (this.#told.has(target) || this.#told.size >= mostTold) return
    this.#told.add(target)
    const what = fee ? `What a search of ${fee === 'search' ? 'the web' : 'files'} costs at` : 'The price of'
    const how = fee ? `as \`${fee}\` in` : 'by'
    this.#deps.warn(`${what} ${JSON.stringify(target)} is not known: its cost is null. Tell it ${how} the option \`prices\`.`)
  }

  /** A vendor bills what it told, and what it did until it saw that nobody listens any more. */
  #used(
    call: Call,
    attempt: Attempt,
    said: (told?: Usage) => number,
    seen: ToolUses = {},
  ): { readonly usage: Usage; readonly basis: Basis } {
    const { usage: given, outcome, protocol } = attempt
    // Zeros beside a text are told by servers that do not count.
    const isUncounted = (usage: Usage) => isNothing(usage) && !mayBeFree(call, protocol) && said() > 0
    const told = given && isCredible(given, call.protocol) && !isUncounted(given) ? given : undefined
    if (outcome === 'ok' && told) return { usage: told, basis: 'complete' }
    // A refusal is not billed, and nor is what never came to the vendor.
    if (attempt.unsent) return { usage: noUsage, basis: 'complete' }
    if (attempt.status !== undefined && attempt.status >= 300) return { usage: told ?? noUsage, basis: 'complete' }
    const output = Math.ceil(said(told) / charactersPerToken)
    if (told && inputTotal(told) > 0) return { usage: atLeast(told, output), basis: 'estimated' }
    const lens = protocolAtHand(call.protocol)?.lens
    const input = lens ? inputTokens(lens, sentBody(call), this.#deps.countTokens) : 0
    const read = withBeside({ ...(told ?? noUsage), input }, told ? besideOf(told) : { ...seen, regional: asksForRegion(call) })
    return { usage: atLeast(read, output), basis: 'estimated' }
  }
}

/** A vendor that tells its bill is to be believed when it bills nothing, as for an answer out of its own cache. */
function mayBeFree({ target }: Call, protocol: string): boolean {
  return answersFreely(protocol) || target.provider.traits(target.model).tellsCharge === true
}

/** As it was sent: the caller's own object may have getters and serializers, which have done their work already. */
function sentBody(call: Call): JsonObject {
  const text = textOf(call)
  const sent = text === undefined ? call.body : parseJson(text)
  return isObject(sent) ? (sent as JsonObject) : call.body
}

/** A vendor that tells its usage on the way had told less output than came. */
function atLeast(told: Usage, output: number): Usage {
  const known = told.output + told.reasoning
  return known >= output ? told : withBeside({ ...told, output: told.output + output - known }, besideOf(told))
}

/** The vendor's own bill, where it tells one. Who has written a price down wants to count by that. */
function chargeTo({ target }: Call, usage: Usage, price: Price | null): Nano | undefined {
  return !price?.own && target.provider.traits(target.model).tellsCharge ? chargeOf(usage) : undefined
}

/** @param word the vendor's for how it served the call, or the caller's where the vendor told none */
function costIn(price: Price | null, usage: Usage, word: string | undefined): Nano | null {
  const { searches = 0, fileSearches = 0 } = besideOf(usage)
  if (total(usage) + searches + fileSearches === 0) return 0
  const tier = serviceTierOf(word)
  return price && tier ? costWith(price, usage, tier) : null
}

/** What else than the price of its tokens is missing. */
function feeMissing(price: Price | null, { searches = 0, fileSearches = 0 }: Beside): 'search' | 'fileSearch' | undefined {
  if (searches > 0 && price && price.search === undefined) return 'search'
  return fileSearches > 0 && price && price.fileSearch === undefined ? 'fileSearch' : undefined
}

/** What explains the cost of a line beside its tokens. */
function toldBeside({
  searches = 0,
  fileSearches = 0,
  regional,
  apart = {},
}: Beside): Pick<LedgerLine, 'searches' | 'fileSearches' | 'apart' | 'regional'> {
  const told = Object.entries(apart).filter(([, tokens]) => tokens > 0)
  return {
    ...(searches > 0 && { searches }),
    ...(fileSearches > 0 && { fileSearches }),
    ...(told.length > 0 && { apart: Object.fromEntries(told) }),
    ...(regional && { regional }),
  }
}

/** Nobody bills a part of a token, but there are servers that tell of one, and counters that go by characters. */
function whole(usage: Usage): Usage {
  if (buckets.every((bucket) => Number.isInteger(usage[bucket]))) return usage
  const counted: Record<keyof Usage, number> = { ...usage }
  for (const bucket of buckets) counted[bucket] = Math.ceil(usage[bucket]) || 0
  return withBeside(counted, besideOf(usage))
}

/** What a line has of the call and the attempt that it is about. */
function lineOf(call: Call, attempt: Attempt): Omit<LedgerLine, 'usage' | 'basis' | 'cost'> {
  const { report, options } = call
  const place = report.attempts.indexOf(attempt) + 1
  return {
    id: `${report.id}/${place}`,
    callId: report.id,
    attempt: place,
    at: attempt.startedAt,
    durationMs: attempt.durationMs ?? 0,
    ...(options.tenant !== undefined && { tenant: options.tenant }),
    ...(options.user !== undefined && { user: options.user }),
    ...(options.key !== undefined && { key: options.key }),
    ...(options.tags && { tags: options.tags }),
    provider: attempt.provider,
    model: attempt.model,
    protocol: attempt.protocol,
    outcome: attempt.outcome === 'pending' ? 'cancelled' : attempt.outcome,
    ...(attempt.status !== undefined && { status: attempt.status }),
    ...(attempt.error && { error: attempt.error }),
    ...(attempt.serviceTier !== undefined && { serviceTier: attempt.serviceTier }),
    ...(attempt.hedged && { hedged: attempt.hedged }),
    ...(report.shadow && { shadow: report.shadow.map(({ code }) => code) }),
  }
}
