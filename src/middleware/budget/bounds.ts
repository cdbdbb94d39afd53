/** What one attempt could use at most, at its own target. */
import type { Call, Source } from '../../core/call.js'
import type { CapabilitiesOf } from '../../core/capabilities.js'
import type { JsonObject } from '../../core/json.js'
import type { Lazy } from '../../core/lazy.js'
import { mostNano, type Nano } from '../../core/money.js'
import { type Price, type PriceBook, type Rates, rated, serviceTierOf } from '../../core/price.js'
import { bytesIn } from '../../core/utf8.js'
import { askedTier, crosses, dearestTier } from '../../protocols/asked-tier.js'
import { kindOf } from '../../protocols/index.js'
import { kindsIn } from '../../protocols/needs.js'
import { outputBound } from '../../protocols/output-bound.js'
import { worstWithTools } from '../../protocols/tool-uses.js'

export interface BoundsDeps {
  readonly prices: Lazy<PriceBook>
  readonly capabilities: Lazy<CapabilitiesOf>
}

export interface Bounds {
  /** Tokens of the request. */
  readonly input: number
  /** Tokens of one answer; undefined where nothing bounds it. */
  readonly output: number | undefined
  /** An answer may not be bounded to fewer. */
  readonly least: number
  /** Tokens of all answers when each is bounded to so many. */
  tokens(output: number): number
  /** What it costs when each answer has so many tokens; null where no price is known. */
  cost(output: number): Nano | null
}

/** What vendors put around a request, and around the tools in it: Anthropic tells the model up to 700 tokens about their use. */
const around = 100
const aroundTools = 1000

/** Of an image, a file or a conversation that the vendor keeps, as of a model that nobody knows. */
const unknownWindow = 1_000_000

/** A sum of a few of these is still exact. */
const most = Math.floor(mostNano / 16)

/** @param measured of the same call's attempts before */
export function boundsOf(call: Call, deps: BoundsDeps, measured: Measurements): Bounds | Promise<Bounds> {
  const [prices, capabilities] = [deps.prices.value, deps.capabilities.value]
  if (prices && capabilities) return boundsBy(call, prices, capabilities, measured)
  return Promise.all([deps.prices.get(), deps.capabilities.get()]).then((both) => boundsBy(call, ...both, measured))
}

function boundsBy(call: Call, prices: PriceBook, capabilities: CapabilitiesOf, measured: Measurements): Bounds {
  const { protocol, body, target } = call
  const can = capabilities(target)
  const { asked, answers, least, raised, stored } = outputBound(protocol, body)
  const measure = measured.of(call)
  const input = inputBound(call, measure, stored, can.contextWindow)
  const extra = crosses(call) ? raised : 0
  const tokens = (output: number) =>
    answers * (extra === 0 ? output : Math.min(output + extra, Math.max(output, can.maxOutput ?? Number.POSITIVE_INFINITY)))
  return {
    input,
    output: kindOf(protocol) === 'chat' ? (asked ?? can.maxOutput ?? can.contextWindow) : 0,
    least,
    tokens,
    cost: costs(prices.price(target), call, input, tokens, measure.buckets),
  }
}

/**
 * No vendor makes more than one token of a byte, so that a text has at most as many as its request has bytes. What is not
 * text is bounded by what the model can read.
 */
function inputBound({ protocol, body }: Call, { bytes }: Measure, stored: boolean, window: number | undefined): number {
  const { tools, images, audio, files } = kindsIn(protocol, body)
  if (stored || images || audio || files) return window ?? Math.max(unknownWindow, bytes)
  return Math.min(window ?? Number.POSITIVE_INFINITY, bytes + (tools ? aroundTools : around))
}

interface Measure {
  /** As it is sent. */
  readonly source: Source
  readonly bytes: number
  /** In which tokens of it and of its answer may fall. */
  readonly buckets: readonly (keyof Rates)[]
}

/** A body is measured once for all attempts of its call. */
export class Measurements {
  #last: Measure | undefined

  of(call: Pick<Call, 'body' | 'source'>): Measure {
    const { body } = call
    if (this.#last?.source.body === body) return this.#last
    const source = call.source?.body === body ? call.source : { body, text: JSON.stringify(body) }
    this.#last = { source, bytes: bytesIn(source.text), buckets: possible(source.text) }
    return this.#last
  }

  /** What was measured last, where it was this: nobody need write it once more. */
  sourceOf(body: JsonObject): Source | undefined {
    const source = this.#last?.source
    return source?.body === body ? source : undefined
  }

  /** The body is let go of. */
  forget(): void {
    this.#last = undefined
  }
}

function costs(
  price: Price | null,
  call: Call,
  inputTokens: number,
  tokens: Bounds['tokens'],
  buckets: Measure['buckets'],
): Bounds['cost'] {
  if (!price || !serviceTierOf(askedTier(call))) return () => null
  const tier = dearestTier(call)
  let last: { readonly output: number; readonly cost: Nano | null } | undefined
  return (output) => {
    if (last?.output === output) return last.cost
    const cost = worstWithTools(price, { inputTokens, maxOutputTokens: tokens(output), tier, buckets }, call)
    last = { output, cost: cost === null ? null : Math.min(cost, most) }
    return last.cost
  }
}

const withoutAudio = rated.filter((bucket) => !bucket.startsWith('audio'))
const withoutHour = rated.filter((bucket) => bucket !== 'cacheWrite1h')
const withoutBoth = withoutAudio.filter((bucket) => bucket !== 'cacheWrite1h')

/** Audio and a cache of an hour, or of twelve, are dear, and need to be asked for by their names. */
function possible(text: string): readonly (keyof Rates)[] {
  if (text.includes('"1h"') || text.includes('"12h"')) return text.includes('audio') ? rated : withoutAudio
  return text.includes('audio') ? withoutHour : withoutBoth
}

/** The most tokens of one answer with which the attempt stays within the amount; undefined when there are none. */
export function fitting(bounds: Bounds, unit: 'tokens' | 'usd', amount: number, below: number): number | undefined {
  const uses = (output: number) =>
    unit === 'tokens' ? bounds.input + bounds.tokens(output) : (bounds.cost(output) ?? Number.POSITIVE_INFINITY)
  let [low, high] = [0, below]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (uses(middle) <= amount) low = middle
    else high = middle - 1
  }
  return low === 0 ? undefined : low
}
