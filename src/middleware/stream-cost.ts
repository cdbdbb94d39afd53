/** What a stream has cost so far: told in its chunks when the caller asks, and held to a limit. */
import type { Attempt, Call, CostSoFar, StreamResult } from '../core/call.js'
import { LeashError } from '../core/errors.js'
import { isObject, parseJson } from '../core/json.js'
import type { Lazy } from '../core/lazy.js'
import type { Middleware } from '../core/middleware.js'
import { type Nano, parseUsd, usdOf } from '../core/money.js'
import { type Price, type PriceBook, type Priced, serviceTierOf } from '../core/price.js'
import { outputTotal, type Usage, usageOf } from '../core/usage.js'
import { askedTier, asksForRegion } from '../protocols/asked-tier.js'
import { besideOf, withBeside } from '../protocols/beside.js'
import { costWith } from '../protocols/cost-with.js'
import { joined } from '../protocols/framing/joined.js'
import { protocolAtHand } from '../protocols/index.js'
import type { Protocol } from '../protocols/protocol.js'
import { charactersPerToken, saidIn } from '../protocols/said.js'
import { type CountTokens, inputTokens } from '../protocols/tokens.js'
import { editedStream, type StreamEdit } from './edited-stream.js'

export interface StreamCostDeps {
  readonly prices: Lazy<PriceBook>
  readonly tokens: Lazy<CountTokens>
  /** Where a model's name leads to. @throws LeashError */
  readonly find: (model: string, call: Call) => Priced
}

export function streamCost({ prices, tokens, find }: StreamCostDeps): Middleware {
  return (next) =>
    async function streamCost(call) {
      const { stopAtUsd, costs = false } = call.options
      const protocol = protocolAtHand(call.protocol)
      const most = stopAtUsd === undefined ? undefined : parseUsd(stopAtUsd)
      const [book, count, result] = await Promise.all([prices.get(), tokens.get(), next(call)])
      if (!result.stream || !result.attempt || !protocol || call.report.coalesced) return result
      const price = ({ startedAt, ...asked }: Attempt) => book.price(pricedBy(asked, call, find), startedAt)
      const meter = new Meter(call, result, protocol, price, () => inputTokens(protocol.lens, call.body, count))
      const stop = most === undefined ? undefined : () => meter.stopAt(most)
      return editedStream(result, new Coster(protocol, meter, costs, stop), () => {})
    }
}

/** Only a provider itself tells the model behind the name of a deployment. */
function pricedBy(
  { provider: name, model }: Pick<Attempt, 'provider' | 'model'>,
  call: Call,
  find: StreamCostDeps['find'],
): Priced {
  const { provider, origin } = call.target
  if (provider.name === name) return { provider, model, ...(origin && { origin }) }
  try {
    return find(`${name}/${model}`, call)
  } catch {
    return { provider: { name }, model }
  }
}

/** Counts what comes, in money. */
class Meter {
  readonly #call: Call
  /** Of the answer. One that was resumed has a record of its own, beside those of its attempts. */
  readonly #answer: Attempt
  readonly #price: (attempt: Attempt) => Price | null
  readonly #input: () => number
  readonly #tap
  readonly #lens
  #attempt: Attempt
  #characters = 0
  /** Of attempts before this one. */
  #before = 0

  constructor(
    call: Call,
    { attempt }: StreamResult,
    { lens }: Protocol,
    price: (attempt: Attempt) => Price | null,
    input: () => number,
  ) {
    if (!attempt) throw new LeashError('invalid_config', 'Nobody was asked: there is nothing to count.')
    this.#call = call
    this.#answer = this.#attempt = attempt
    this.#price = price
    this.#input = input
    this.#lens = lens
    this.#tap = lens.tap()
  }

  see(event: { readonly event?: string; readonly data: string }, payload: unknown): void {
    this.#tap.see(event)
    this.#follow()
    this.#characters += saidIn(this.#lens, payload)
  }

  /** Of all attempts of the call. */
  soFar(): CostSoFar {
    const usage = this.#usage()
    const nano = this.#nano(usage)
    const outputTokens = Math.max(outputTotal(usage), tokensOf(this.#characters))
    return { usd: nano === null ? null : usdOf(nano), outputTokens }
  }

  /** @throws LeashError `budget_exceeded` */
  stopAt(most: Nano): void {
    const nano = this.#nano(this.#usage())
    if (nano !== null && nano <= most) return
    throw new LeashError(
      'budget_exceeded',
      nano === null
        ? `The price of "${this.#attempt.model}" is not known, and so the stream cannot be held to \`stopAtUsd\`. Tell it by the option \`prices\`.`
        : `The stream was stopped: it has cost more than \`stopAtUsd\` of $${usdOf(most)}. Raise it, or let the answer have fewer tokens.`,
    )
  }

  /** To the attempt that goes on with the stream. */
  #follow(): void {
    const { attempts } = this.#call.report
    const newest = attempts.includes(this.#answer) ? this.#answer : (attempts.at(-1) ?? this.#answer)
    if (newest === this.#attempt) return
    this.#attempt = newest
    this.#before = this.#characters
  }

  /** What the vendor has told, and at least the text that came. */
  #usage(): Usage {
    const seen = this.#before === 0 ? this.#tap.usage : undefined
    const told =
      this.#attempt.usage ??
      seen ??
      withBeside(usageOf({ input: this.#input() }), { ...this.#tap.uses, regional: asksForRegion(this.#call) })
    const missing = tokensOf(this.#characters - this.#before) - outputTotal(told)
    return missing > 0 ? withBeside({ ...told, output: told.output + missing }, besideOf(told)) : told
  }

  #nano(usage: Usage): Nano | null {
    const price = this.#price(this.#attempt)
    const tier = serviceTierOf(this.#attempt.serviceTier ?? this.#tap.tier ?? askedTier(this.#call))
    const { cost = price && tier ? costWith(price, usage, tier) : null } = this.#attempt
    let sum = cost
    for (const { cost } of this.#call.report.attempts.filter((attempt) => attempt !== this.#attempt)) {
      if (cost !== undefined) sum = sum === null || cost === null ? null : sum + cost
    }
    return sum
  }
}

const tokensOf = (characters: number) => Math.ceil(characters / charactersPerToken)

/** Takes a stream apart into its events, and puts it together again where they are to tell what they cost. */
class Coster implements StreamEdit {
  readonly #frames
  readonly #told: boolean
  readonly #stop: (() => void) | undefined
  #out: Uint8Array[] = []

  constructor({ framing }: Protocol, meter: Meter, told: boolean, stop: (() => void) | undefined) {
    this.#told = told
    this.#stop = stop
    this.#frames = framing.unframer((event) => {
      const payload = parseJson(event.data)
      meter.see(event, payload)
      if (!told) return
      const data = isObject(payload) ? JSON.stringify({ ...payload, leash: { cost: meter.soFar() } }) : event.data
      this.#out.push(framing.frame({ ...event, data }))
    })
  }

  push(bytes: Uint8Array): Uint8Array | undefined {
    this.#frames.push(bytes)
    this.#stop?.()
    return this.#told ? this.#take() : bytes
  }

  end(): Uint8Array | undefined {
    this.#frames.end()
    return this.#told ? this.#take() : undefined
  }

  #take(): Uint8Array | undefined {
    const out = this.#out
    this.#out = []
    return out.length === 0 ? undefined : joined(out)
  }
}
