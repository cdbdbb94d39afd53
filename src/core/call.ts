import type { ErrorCode, LeashError } from './errors.js'
import type { Json, JsonObject } from './json.js'
import type { Nano } from './money.js'
import type { Provider } from './provider.js'
import type { Transport } from './transport.js'
import type { Usage } from './usage.js'

/** What a caller may say about one call: `create(params, { leash: { … } })`. */
export interface CallOptions {
  /** Marks the attempts of this call in the report. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Whose call it is: caches, limits and budgets are kept apart by it. */
  readonly tenant?: string | undefined
  /** Who of the tenant's makes it. */
  readonly user?: string | undefined
  /** Which conversation the call belongs to: what was redacted in it keeps its placeholder from call to call. */
  readonly conversation?: string | undefined
  /** The caller's own key, by its id or name: never the key itself. It stands in the ledger. */
  readonly key?: string | undefined
  /** Who goes first where calls wait for a place. @defaultValue 'normal' */
  readonly priority?: 'high' | 'normal' | 'low' | undefined
  /** Refuse the call when the translation to the target would drop part of it. @defaultValue the leash's `strict` */
  readonly strict?: boolean | undefined
  /** Milliseconds for the whole call: all attempts, all waiting, the whole stream. */
  readonly deadlineMs?: number | undefined
  /** Tries after the first at one target. */
  readonly maxRetries?: number | undefined
  /** Attempts in all, over every target, the first included. */
  readonly maxAttempts?: number | undefined
  /** Models to go to, in this order, when the one that was asked for cannot answer; `false` for none. */
  readonly fallback?: readonly string[] | false | undefined
  /** Which target of a route to choose, whatever the route itself prefers. */
  readonly prefer?: Preference | undefined
  /** Refuses every target at which this call could cost more, in US dollars. */
  readonly maxCostUsd?: number | undefined
  /** US dollars that all attempts of this call may cost together: answers are bounded so that they fit. */
  readonly budgetUsd?: number | undefined
  /** Ends a stream that has cost more so far, in US dollars, by what the vendor has told and our own count of what came. */
  readonly stopAtUsd?: number | undefined
  /** `true`: each chunk of a stream tells, as `leash.cost`, what the call has cost so far. */
  readonly costs?: boolean | undefined
  /** `true`: everything but the sending. The answer is empty, and its report has the `estimate`. */
  readonly dryRun?: boolean | undefined
  /** Limits of one attempt, phase by phase. */
  readonly timeouts?: Timeouts | undefined
  /** Sent to providers that take one, in place of a key of ours: their `idempotencyHeader` says so. */
  readonly idempotencyKey?: string | undefined
  /** `false`: no second attempt when the first is late. `true`: one also where the call cannot safely be repeated. */
  readonly hedge?: boolean | undefined
  /** `false`: not to be answered together with an identical call. `true`: also where the call cannot safely be repeated. */
  readonly coalesce?: boolean | undefined
  /** Whether a stream that dies after its first content is gone on with. */
  readonly resume?: boolean | undefined
  /**
   * `false`: neither answered from the cache nor kept. `'refresh'`: asked anew, and kept. `ttlMs`: an answer may be so old, in
   * milliseconds, and is kept so long.
   */
  readonly cache?: false | 'refresh' | { readonly ttlMs: number } | undefined
}

/** What a target of a route is chosen by: the lowest price, the shortest wait, or the `quality` that its user gave it. */
export type Preference = 'cost' | 'latency' | 'quality'

/** One try's worth of time, in milliseconds each. Absent: no limit of that kind. */
export interface Timeouts {
  /** Until the upstream answered with a status (and, for a unary call, the body). */
  readonly attemptMs?: number | undefined
  /** From the status to the first content of a stream. */
  readonly firstTokenMs?: number | undefined
  /** Between two chunks of a stream. */
  readonly idleMs?: number | undefined
  /** Ends a stream that comes too slowly. @defaultValue false */
  readonly slowStream?: SlowStream | false | undefined
}

/** What is too slow for a stream, from its first text on. */
export interface SlowStream {
  /** Four characters count as one token. */
  readonly tokensPerSecond: number
  /** Over how many milliseconds it is measured, again and again. @defaultValue 10000 */
  readonly windowMs?: number
  /** Holds the stream back until it has shown that it is fast enough, so that a slow one is tried again. @defaultValue false */
  readonly hold?: boolean
}

/** The request as a vendor's own SDK addressed it, for a call that goes where it was going anyway. */
export interface Origin {
  readonly url: string
  readonly headers: Headers
  /** The rest of the `RequestInit` (dispatcher, credentials …), passed on to the transport as it is. */
  readonly init?: RequestInit
  /** The address is the vendor's own, and not a proxy or a server of the caller's. */
  readonly isVendor: boolean
  /** Makes the request anew for another attempt, as the SDK would: its key may rotate, its body may have a `toJSON`. */
  readonly renew?: (attempt: number) => Promise<{ readonly headers: Headers; readonly text?: string }>
  /** The SDK's own way of sending, where it was given one. */
  readonly transport?: Transport
}

/** Where the caller's SDK was sending its request. */
export interface Here extends Origin {
  /** The name of the provider that lives there. */
  readonly provider: string
  /** Whether the request carries a key for it. */
  readonly ready: boolean
  /** The SDK's way of sending, and what it gives it beside a request, carry its calls to other vendors too. */
  readonly carriesAll?: boolean | undefined
}

export interface Target {
  readonly provider: Provider
  /** The model as the provider names it. */
  readonly model: string
  /** Present: send it to this address with these headers, not to the provider's own. */
  readonly origin?: Origin
  /** Present: it is the first of those that a route leads to, and another may be chosen. */
  readonly route?: { readonly name: string; readonly targets: readonly Target[] }
}

/** One request to a model on its way through the stack. Readonly: a layer passes on `{ ...call, … }`. */
export interface Call {
  readonly id: string
  /** How the caller speaks, and so how `body` and the result's body read. */
  readonly protocol: string
  /** The model as the caller wrote it. */
  readonly model: string
  readonly stream: boolean
  readonly body: JsonObject
  readonly source?: Source
  /** Headers of the caller that belong to its protocol (`anthropic-beta` …), lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly target: Target
  readonly here?: Here
  /** It came over HTTP, from somebody who is not the process. */
  readonly remote?: boolean
  readonly options: CallOptions
  readonly timeouts: Timeouts
  /** Another target is tried when this one fails: a layer that doubts it had better say no at once. */
  readonly alternatives?: boolean
  /** Whether this failure leads to another target, so that a layer need not try again where nobody answered. */
  readonly elsewhere?: (error: LeashError) => boolean
  readonly signal?: AbortSignal
  /** Milliseconds since 1970 after which nothing of this call may go on. */
  readonly deadline?: number
  /** 1 for the first try at a target, counted up by retry. */
  readonly attempt: number
  /** A second try beside one that is late. */
  readonly hedged?: true
  /** Shared by all copies of this call. */
  readonly report: Report
}

/** What the caller wrote, and the body that it was read as. */
export interface Source {
  readonly body: JsonObject
  readonly text: string
}

/** The body as the caller's bytes; undefined for one that a layer has put in its place. */
export function textOf({ body, source }: Pick<Call, 'body' | 'source'>): string | undefined {
  return source?.body === body ? source.text : undefined
}

/** The call with another body, and without what the caller wrote: what is taken out of a body, nobody inside is to find there. */
export function withBody(call: Call, body: JsonObject): Call {
  const { source: _, ...rest } = call
  return { ...rest, body }
}

export interface UnaryResult {
  readonly stream: false
  readonly status: number
  readonly headers: Headers
  /** In the caller's protocol. */
  readonly body: unknown
  /** The attempt that gave it; absent when nobody was asked. */
  readonly attempt?: Attempt
  /** `body` as the vendor's bytes, when nothing was translated or replaced. */
  readonly text?: string
  /** The vendor's own response, its body already read, when nothing was translated. */
  readonly response?: Response
}

export interface StreamResult {
  readonly stream: true
  readonly status: number
  readonly headers: Headers
  /** Wire bytes in the caller's protocol. Iterated at most once; leaving early cancels the upstream. */
  readonly body: AsyncIterable<Uint8Array>
  /** The attempt that gave it; absent when nobody was asked. */
  readonly attempt?: Attempt
  /** The vendor's own response, its body being read by `body`, when nothing was translated. */
  readonly response?: Response
}

/** A stream resolves at its first content: a failure before it is an ordinary throw, and after it no layer calls `next` again. */
export type Result = UnaryResult | StreamResult

/** Something that a translation could not carry over as it was. */
export interface Loss {
  /** Where it stood in the request or answer, such as `messages[2].content[0].image_url.detail`. */
  readonly path: string
  readonly action: 'approximated' | 'dropped'
  /** What became of it, and why. */
  readonly why: string
}

/** One try at one target. */
export interface Attempt {
  readonly provider: string
  readonly model: string
  /** How the provider was spoken to. */
  readonly protocol: string
  /** Made beside another one that was late. */
  readonly hedged?: true
  /** What the key is called, where the provider has several. Never a part of it. */
  key?: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** `pending` until the answer, or the stream, has ended. */
  outcome: 'pending' | 'ok' | 'error' | 'cancelled'
  /** Milliseconds until the end. */
  durationMs?: number
  /** Milliseconds until the first content of a stream. */
  firstTokenMs?: number
  status?: number
  error?: ErrorCode
  /** No connection was made, so that nobody can have worked on it. */
  unsent?: true
  usage?: Usage
  /** How the vendor says that it served the call, in its own word. It is priced so. */
  serviceTier?: string
  /** In nano-dollars (10⁻⁹ US dollars), once it has ended. Null: the price is unknown, which is not the same as free. */
  cost?: Nano | null
  /** The vendor told no usage, or not all of it: `usage` and `cost` are our estimate. */
  estimated?: true
}

/** What a call cost. */
export interface Cost {
  /** US dollars, for people; sums are made of the attempts' nano-dollars. Null: the price of an attempt is unknown. */
  readonly usd: number | null
  /** Part of it is an estimate, because a vendor did not tell all that it counted. */
  readonly estimated: boolean
  /** US dollars that the answer had cost when it was kept, for one that was given again. Null: nobody knows. */
  readonly savedUsd?: number | null
}

/** What a call has cost while its stream is still coming. */
export interface CostSoFar {
  /** US dollars, of all attempts. Null: the price is unknown. */
  readonly usd: number | null
  /** Of the stream that is coming, by estimate until the vendor tells. */
  readonly outputTokens: number
}

/** A change of target. Each is named as `provider/model`. */
export interface Move {
  readonly from: string
  readonly to: string
  readonly because: ErrorCode
  /** A stream had died, and its answer went on there: behind what the caller had, or from its beginning. */
  readonly resumed?: 'continued' | 'restarted'
}

/** Why a call went to one target of a route and not to another. */
export interface Chosen {
  /** The route's name. */
  readonly name: string
  /** As `provider/model`. */
  readonly target: string
  readonly why: string
}

/** What a call that is not sent would be: `create(params, { leash: { dryRun: true } })`, or `leash.estimate(params)`. */
export interface Estimate {
  /** Who would be asked first. */
  readonly provider: string
  readonly model: string
  /** How it would be spoken to. */
  readonly protocol: string
  /** Of the request's texts and tools, by estimate. Images, audio and files count nothing. */
  readonly inputTokens: number
  /** As the caller bounds the answer, or else as the model does. Absent: nobody knows. */
  readonly maxOutputTokens?: number
  /** US dollars for the request alone. Null: the price is unknown. */
  readonly inputUsd: number | null
  /** US dollars that one attempt could cost at most. Null: the price is unknown, or nothing bounds the answer. */
  readonly mostUsd: number | null
}

/** A refusal that was not. */
export interface Would {
  readonly code: ErrorCode
  readonly message: string
}

/** What happened to one call. Filled in as it happens; complete when `ended` is true. */
export interface Report {
  readonly id: string
  /** Who answered, once somebody has. */
  provider?: string
  model?: string
  usage?: Usage
  readonly attempts: Attempt[]
  /** Present when the call was asked for by the name of a route with several targets. */
  route?: Chosen
  /** The id of the call that this one is a copy of, sent beside it to try another target. */
  readonly mirrorOf?: string
  /** An identical call was under way, and its answer is this one's too: the attempts stand in that call's report. */
  coalesced?: true
  /**
   * `hit`: the answer was kept from an earlier call. `stale`: the same, and it is fetched anew for the next one. `miss`: none
   * was there. `refresh`: it was to be fetched anew. `similar`: it was the answer to nearly the same question. Absent: no cache
   * was asked.
   */
  cache?: 'hit' | 'stale' | 'miss' | 'refresh' | 'similar'
  /** How near that question was, as a cosine. */
  similarity?: number
  /** The id of the call that got an old answer, for which this one fetches a new one. */
  readonly refreshOf?: string
  /** Set by a layer that saw what must not be kept: no cache keeps the answer, or answers the call. */
  sensitive?: true
  /** From target to target, where the call fell back. */
  readonly moves: Move[]
  readonly warnings: Loss[]
  /** What modules have noted, each under its name. */
  annotations?: Readonly<Record<string, Readonly<Record<string, Json>>>>
  /** How many values were redacted, by type. */
  redactions?: Readonly<Record<string, number>>
  /** Of all attempts together, once they have ended. */
  cost?: Cost
  /** Of a dry run. */
  estimate?: Estimate
  /** What the option `shadow` would have refused of it, had it held. */
  shadow?: readonly Would[]
  readonly tags?: Readonly<Record<string, string>>
  ended: boolean
}
