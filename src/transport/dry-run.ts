/** The innermost layer of a call that is not sent: it says who would be asked, and what that would cost. */
import type { Call, Estimate, Loss, Result } from '../core/call.js'
import type { Lazy } from '../core/lazy.js'
import type { ChatResponse } from '../core/message.js'
import type { Next } from '../core/middleware.js'
import { type Nano, usdOf } from '../core/money.js'
import { type Expected, type Price, type PriceBook, serviceTierOf, textBuckets, worstCase } from '../core/price.js'
import { usageOf } from '../core/usage.js'
import { askedIn } from '../protocols/asked.js'
import { askedTier, asksForRegion, dearestTier } from '../protocols/asked-tier.js'
import { into } from '../protocols/into.js'
import { needsOf } from '../protocols/needs.js'
import type { Protocol } from '../protocols/protocol.js'
import { type CountTokens, inputTokens } from '../protocols/tokens.js'
import { renamed } from '../protocols/tool-names.js'
import { worstWithTools } from '../protocols/tool-uses.js'
import { protocolsOf } from './attempt.js'
import { noteLosses } from './pass-through.js'
import { replayed } from './replayed.js'

export interface DryRunDeps {
  readonly prices: Lazy<PriceBook>
  readonly tokens: Lazy<CountTokens>
  readonly capabilities: Lazy<(target: Call['target']) => { readonly maxOutput?: number }>
}

export function dryRun({ prices, capabilities, tokens }: DryRunDeps): Next {
  return async function dryRun(call) {
    const { own, theirs } = await protocolsOf(call)
    noteLosses(call, await lossesOf(call, own, theirs))
    const [book, can, count] = await Promise.all([prices.get(), capabilities.get(), tokens.get()])
    const { target } = call
    const { maxOutputTokens, answers = 1 } = needsOf(own.name, call.body)
    const bound = own.kind === 'chat' ? (maxOutputTokens ?? can(target).maxOutput) : 0
    const asked = inputTokens(own.lens, call.body, count)
    const estimate: Estimate = {
      provider: target.provider.name,
      model: target.model,
      protocol: theirs.name,
      inputTokens: asked,
      ...(bound !== undefined && { maxOutputTokens: bound }),
      ...costs(call, book.price(target), asked, bound === undefined ? undefined : answers * bound),
    }
    call.report.estimate = estimate
    return emptyAnswer(call, own, estimate)
  }
}

/** Encodes the request for the target, and throws it away: what cannot be said to it is refused as it would be. */
async function lossesOf({ body, stream, target }: Call, own: Protocol, theirs: Protocol): Promise<Loss[]> {
  const losses: Loss[] = []
  const lose = into(losses)
  const traits = target.provider.traits(target.model)
  if (own === theirs) {
    own.adapt?.(body, traits, lose)
  } else if (own.kind === 'chat' && theirs.kind === 'chat') {
    const [{ downstream }, { upstream }] = await Promise.all([own.codec(), theirs.codec()])
    if (!downstream) return losses
    const { request } = renamed(downstream.decodeRequest(body, lose), upstream.toolNames, lose)
    upstream.encodeRequest(request, { model: target.model, stream, traits, lose })
  }
  return losses
}

function costs(
  call: Call,
  price: Price | null,
  input: number,
  output: number | undefined,
): Pick<Estimate, 'inputUsd' | 'mostUsd'> {
  const asked = serviceTierOf(askedTier(call))
  if (!price || !asked) return { inputUsd: null, mostUsd: null }
  const dollars = (nano: Nano | null) => (nano === null ? null : usdOf(nano))
  const request: Expected = {
    inputTokens: input,
    maxOutputTokens: 0,
    buckets: ['input'],
    tier: asked,
    regional: asksForRegion(call),
  }
  const attempt = { inputTokens: input, buckets: textBuckets, tier: dearestTier(call) }
  return {
    inputUsd: dollars(worstCase(price, request)),
    mostUsd: output === undefined ? null : dollars(worstWithTools(price, { ...attempt, maxOutputTokens: output }, call)),
  }
}

/** In the caller's protocol, so that every SDK can read it. */
async function emptyAnswer(call: Call, own: Protocol, { model, inputTokens }: Estimate): Promise<Result> {
  const usage = usageOf({ input: inputTokens })
  const headers = new Headers({ 'content-type': 'application/json' })
  if (own.kind === 'embeddings') {
    const { downstream } = await own.codec()
    const request = downstream?.decodeRequest(call.body, () => {})
    const body = request ? downstream?.encodeResponse({ model, vectors: [], usage }, request) : {}
    return { stream: false, status: 200, headers, body }
  }
  const { downstream } = await own.codec()
  if (!downstream) return { stream: false, status: 200, headers, body: {} }
  const request = askedIn(call.body, downstream)
  const answer: ChatResponse = { id: call.id, model, choices: [{ content: [], finishReason: 'stop' }], usage }
  if (!call.stream) return { stream: false, status: 200, headers, body: downstream.encodeResponse(answer, request) }
  headers.set('content-type', own.framing.contentType)
  return { stream: true, status: 200, headers, body: replayed(answer, own, downstream.encodeStream(request)) }
}
