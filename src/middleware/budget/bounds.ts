/** What one attempt could use at most, at its own target. */
import type { Call, Target } from '../../core/call.js'
import type { JsonObject } from '../../core/json.js'
import type { Lazy } from '../../core/lazy.js'
import { mostNano, type Nano } from '../../core/money.js'
import { type Price, type PriceBook, serviceTierOf, worstCase } from '../../core/price.js'
import { buckets, type Usage } from '../../core/usage.js'
import { kindOf, protocolAtHand } from '../../protocols/index.js'
import { needsOf } from '../../protocols/needs.js'
import { outputBound } from '../../protocols/output-bound.js'

export interface BoundsDeps {
  readonly prices: Lazy<PriceBook>
  readonly capabilities: Lazy<(target: Target) => { readonly contextWindow?: number; readonly maxOutput?: number }>
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

export async function boundsOf(call: Call, { prices, capabilities }: BoundsDeps): Promise<Bounds> {
  const { protocol, body, target } = call
  const can = (capabilities.value ?? (await capabilities.get()))(target)
  const { asked, answers, least, raised, stored } = outputBound(protocol, body)
  const input = inputBound(call, stored, can.contextWindow)
  const price = (prices.value ?? (await prices.get())).price(target)
  const extra = crosses(call) ? raised : 0
  const tokens = (output: number) =>
    answers * (extra === 0 ? output : Math.min(output + extra, Math.max(output, can.maxOutput ?? Number.POSITIVE_INFINITY)))
  return {
    input,
    output: kindOf(protocol) === 'chat' ? (asked ?? can.maxOutput ?? can.contextWindow) : 0,
    least,
    tokens,
    cost: costs(price, call, input, tokens),
  }
}

/**
 * No vendor makes more than one token of a byte, so that a text has at most as many as its request has bytes. What is not
 * text is bounded by what the model can read.
 */
function inputBound(call: Call, stored: boolean, window: number | undefined): number {
  const { tools, images, audio, files } = needsOf(call.protocol, call.body)
  if (stored || images || audio || files) return window ?? Math.max(unknownWindow, bytesOf(call))
  return Math.min(window ?? Number.POSITIVE_INFINITY, bytesOf(call) + (tools ? aroundTools : around))
}

/** A body is counted once for all of its attempts. */
const counted = new WeakMap<JsonObject, number>()
const encoder = new TextEncoder()

function bytesOf({ body, text }: Call): number {
  let bytes = counted.get(body)
  if (bytes === undefined) {
    bytes = encoder.encode(text ?? JSON.stringify(body)).length
    counted.set(body, bytes)
  }
  return bytes
}

function costs(price: Price | null, call: Call, inputTokens: number, tokens: Bounds['tokens']): Bounds['cost'] {
  const tier = serviceTierOf(protocolAtHand(call.protocol)?.lens.tier?.(call.body))
  if (!price || !tier) return () => null
  const buckets = possible(call)
  return (output) => {
    const cost = worstCase(price, { inputTokens, maxOutputTokens: tokens(output), tier, buckets })
    return cost === null ? null : Math.min(cost, most)
  }
}

/** Audio and a cache of an hour are dear, and need to be asked for by their names. */
function possible({ body, text = JSON.stringify(body) }: Call): readonly (keyof Usage)[] {
  const audio = text.includes('audio')
  const hour = text.includes('"1h"')
  return buckets.filter((bucket) => (audio || !bucket.startsWith('audio')) && (hour || bucket !== 'cacheWrite1h'))
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

/** The target speaks another protocol than the caller. */
function crosses({ protocol, target: { provider, model } }: Call): boolean {
  return !(provider.protocolsFor?.(model) ?? provider.protocols).includes(protocol)
}
