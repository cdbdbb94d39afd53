/** Spans of any program become lines of the ledger. */
import type { PricesOptions } from '../../catalog/prices/open.js'
import { isLeashError } from '../../core/errors.js'
import { Lazy } from '../../core/lazy.js'
import type { LedgerLine } from '../../core/ledger.js'
import type { Prices } from '../../core/price.js'
import { Recent } from '../../core/recent.js'
import { type Owner, readLine } from '../usage/line.js'
import type { UsageLog } from '../usage/usage.js'
import { isCall, lineOf, unfolded } from './line.js'
import type { Span } from './span.js'

export interface TracesDeps {
  readonly usage: UsageLog
  /** By which calls are priced that come without a price. */
  readonly prices?: PricesOptions | undefined
  readonly warn: (message: string) => void
  readonly now?: () => number
}

export interface SpansTaken {
  /** Spans that are calls to models and of which no line can be made. */
  readonly rejected: number
  /** Of the first of them. Empty when there is none. */
  readonly why: string
}

/** Spans around calls that are remembered, and spans that count: one comes after the other. */
const mostAround = 50_000

export class Traces {
  readonly #usage: UsageLog
  readonly #now: () => number
  readonly #around = new Recent<string, true>(mostAround)
  /** Those that count, by whatever is around them. */
  readonly #counted = new Recent<string, true>(mostAround)
  readonly #warn: (message: string) => void
  /** Loaded with the first span: a relay starts without them. */
  #opened: Lazy<Prices>

  constructor({ usage, prices, warn, now = Date.now }: TracesDeps) {
    this.#usage = usage
    this.#now = now
    this.#warn = warn
    this.#opened = this.#pricesBy(prices)
  }

  /** Calls that come from now on are priced by these. */
  async use(prices: PricesOptions | undefined): Promise<void> {
    const before = this.#opened
    this.#opened = this.#pricesBy(prices)
    const opened = await before.underway?.catch(() => undefined)
    opened?.close()
  }

  /** A span that has come before counts once. Spans that are no calls to models are taken, and forgotten. */
  async take(spans: readonly Span[], owner: Owner): Promise<SpansTaken> {
    const calls = this.#innermost(spans.map(unfolded).filter(isCall), owner.tenant)
    if (calls.length === 0) return { rejected: 0, why: '' }
    const { book: prices } = await this.#opened.get()
    const book = prices.value ?? (await prices.get())
    const lines: LedgerLine[] = []
    const counted: Span[] = []
    let [rejected, why] = [0, '']
    for (const span of calls) {
      try {
        check(span)
        lines.push(readLine(lineOf(span, book), owner, lines.length, this.#now()))
        counted.push(span)
      } catch (error) {
        if (!isLeashError(error) && !(error instanceof RangeError)) throw error
        rejected++
        why ||= `Span ${span.spanId.slice(0, 16)}: ${isLeashError(error) ? error.detail : error.message}`
      }
    }
    if (lines.length > 0) await this.#usage.take({ lines }, owner)
    for (const { traceId, spanId } of counted) this.#counted.set(nameOf(owner.tenant, traceId, spanId), true)
    return { rejected, why }
  }

  async close(): Promise<void> {
    ;(await this.#opened.underway)?.close()
  }

  #pricesBy(prices: PricesOptions | undefined): Lazy<Prices> {
    return new Lazy(async () => (await import('../../catalog/prices/open.js')).openPrices(prices, this.#warn))
  }

  /**
   * Where a framework and the SDK below it both tell of one call, the SDK's span counts: it is the one within. But the other one
   * may have come first, by a sender that sends several batches at once, or one of them again.
   */
  #innermost(calls: readonly Span[], tenant: string): readonly Span[] {
    const within = calls.filter(({ traceId, parentId }) => !this.#counted.get(nameOf(tenant, traceId, parentId)))
    for (const { traceId, parentId } of within) if (parentId !== '') this.#around.set(nameOf(tenant, traceId, parentId), true)
    return within.filter(({ traceId, spanId }) => !this.#around.get(nameOf(tenant, traceId, spanId)))
  }
}

const nameOf = (tenant: string, traceId: string, spanId: string) => `${tenant} ${traceId} ${spanId}`

function check({ traceId, spanId, startMs }: Span): void {
  if (!/^[0-9a-f]{32}$/.test(traceId) || !/^[0-9a-f]{16}$/.test(spanId))
    throw new RangeError('`traceId` has 16 bytes and `spanId` has 8.')
  if (startMs <= 0) throw new RangeError('it does not say when it began.')
}
