import type { ErrorCode, LeashError } from './errors.js'
import type { Json, JsonObject } from './json.js'
import type { Nano } from './money.js'
import type { Provider } from './provider.js'
import type { Transport } from './transport.js'
import type { Usage } from './usage.js'

/** Options of one call: `create(params, { leash: { … } })`. */
export interface CallOptions {
  /** Labels of this call, in the report and in the ledger. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** The customer or team that the call is for: caches, limits and budgets are separate for each. */
  readonly tenant?: string | undefined
  /** The user within the tenant. */
  readonly user?: string | undefined
  /** The id of the call's conversation: redacted values keep their placeholders from call to call in it. */
  readonly conversation?: string | undefined
  /** The id or name of the caller's own key, for the ledger. Never the key itself. */
  readonly key?: string | undefined
  /** Which calls go first where calls wait for their turn. @defaultValue 'normal' */
  readonly priority?: 'high' | 'normal' | 'low' | undefined
  /** Refuse the call when the translation to the target would drop part of it. @defaultValue the leash's `strict` */
  readonly strict?: boolean | undefined
  /** Milliseconds for the whole call: all attempts, all waiting, the whole stream. */
  readonly deadlineMs?: number | undefined
  /** Attempts at one target, after the first. */
  readonly maxRetries?: number | undefined
  /** Attempts at all targets together, including the first. */
  readonly maxAttempts?: number | undefined
  /** Models to try, in this order, when the one that was asked for cannot answer; `false` for none. */
  readonly fallback?: readonly string[] | false | undefined
  /** Which target of a route to choose; overrides the route's own `prefer`. */
  readonly prefer?: Preference | undefined
  /** US dollars: targets at which this call could cost more are not asked. */
  readonly maxCostUsd?: number | undefined
  /** US dollars that all attempts of this call may cost together. The length of answers is limited accordingly. */
  readonly budgetUsd?: number | undefined
  /** US dollars: ends a stream once it has cost more, by the vendor's usage and our own count of its text. */
  readonly stopAtUsd?: number | undefined
  /** `true`: each chunk of a stream says in `leash.cost` what the call has cost so far. */
  readonly costs?: boolean | undefined
  /** `true`: do everything except send the request. The answer is empty, and its report has the `estimate`. */
  readonly dryRun?: boolean | undefined
  /** Time limits of one attempt, phase by phase. */
  readonly timeouts?: Timeouts | undefined
  /** Sent in place of our own key to providers with an `idempotencyHeader`. */
  readonly idempotencyKey?: string | undefined
  /** `false`: no second request when the first is late. `true`: also for a call that cannot safely be repeated. */
  readonly hedge?: boolean | undefined
  /** `false`: do not share the answer of an identical call. `true`: also for a call that cannot safely be repeated. */
  readonly coalesce?: boolean | undefined
  /** Whether to continue a stream that breaks off after its first content. */
  readonly resume?: boolean | undefined
  /**
   * `false`: neither read from nor written to the cache. `'refresh'`: ask the vendor again, and keep the new answer. `ttlMs`: how
   * old an answer may be, and how long it is kept, in milliseconds.
   */
  readonly cache?: false | 'refresh' | { readonly ttlMs: number } | undefined
}

/** How a target of a route is chosen: by the lowest price, the shortest wait, or the highest `quality` as configured. */
export type Preference = 'cost' | 'latency' | 'quality'

/** Limits of one attempt, in milliseconds. Absent: no such limit. */
export interface Timeouts {
  /** Until the vendor has answered with a status and, unless the answer is a stream, its body. */
  readonly attemptMs?: number | undefined
  /** From the status to the first content of a stream. */
  readonly firstTokenMs?: number | undefined
  /** Between two chunks of a stream. */
  readonly idleMs?: number | undefined
  /** Ends a stream that is too slow. @defaultValue false */
  readonly slowStream?: SlowStream | false | undefined
}

/** Which streams are too slow, measured from the first text on. */
export interface SlowStream {
  /** The slowest acceptable speed. Four characters count as one token. */
  readonly tokensPerSecond: number
  /** Milliseconds over which the speed is measured, repeatedly. @defaultValue 10000 */
  readonly windowMs?: number
  /** Holds the stream back until it has proved fast enough, so that a slow one can be retried. @defaultValue false */
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

/** Something that a translation could not carry over unchanged. */
export interface Loss {
  /** Where it stood in the request or answer, such as `messages[2].content[0].image_url.detail`. */
  readonly path: string
  readonly action: 'approximated' | 'dropped'
  /** What happened to it, and why. */
  readonly why: string
}

/** One attempt at one target. */
export interface Attempt {
  readonly provider: string
  readonly model: string
  /** The protocol in which the provider was called. */
  readonly protocol: string
  /** A second request, made because the first was late. */
  readonly hedged?: true
  /** The name of the key that was used, if the provider has several. Never the key itself. */
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
  /** No connection was made, so the vendor cannot have processed it. */
  unsent?: true
  usage?: Usage
  /** The tier in which the vendor says that it served the call, in its own word. Its price applies. */
  serviceTier?: string
  /** In nano-dollars (10⁻⁹ US dollars), once the attempt has ended. Null: the price is unknown; that does not mean free. */
  cost?: Nano | null
  /** The vendor did not tell the whole usage: `usage` and `cost` are our estimate. */
  estimated?: true
}

/** What a call cost. */
export interface Cost {
  /** US dollars, for display; to add up costs, use the attempts' nano-dollars. Null: the price of an attempt is unknown. */
  readonly usd: number | null
  /** Part of it is an estimate, because a vendor did not tell its whole usage. */
  readonly estimated: boolean
  /** For an answer from a cache or of another call: the US dollars that it had cost. Null: unknown. */
  readonly savedUsd?: number | null
}

/** What a call has cost while its stream is still coming. */
export interface CostSoFar {
  /** US dollars, of all attempts. Null: the price is unknown. */
  readonly usd: number | null
  /** Of this stream; an estimate until the vendor tells its usage. */
  readonly outputTokens: number
}

/** A change of target. Each is named as `provider/model`. */
export interface Move {
  readonly from: string
  readonly to: string
  readonly because: ErrorCode
  /** A stream had broken off, and its answer went on there: where it had stopped, or from its beginning. */
  readonly resumed?: 'continued' | 'restarted'
}

/** The target of a route that was chosen for a call, and why. */
export interface Chosen {
  /** The route's name. */
  readonly name: string
  /** As `provider/model`. */
  readonly target: string
  readonly why: string
}

/** What a call would cost, without sending it: `create(params, { leash: { dryRun: true } })`, or `leash.estimate(params)`. */
export interface Estimate {
  /** Who would be asked first. */
  readonly provider: string
  readonly model: string
  /** The protocol in which it would be called. */
  readonly protocol: string
  /** An estimate from the request's texts and tools. Images, audio and files are not counted. */
  readonly inputTokens: number
  /** The request's own limit of the answer, or else the model's. Absent: unknown. */
  readonly maxOutputTokens?: number
  /** US dollars for the request alone. Null: the price is unknown. */
  readonly inputUsd: number | null
  /** The most US dollars that one attempt could cost. Null: the price is unknown, or nothing limits the answer. */
  readonly mostUsd: number | null
}

/** What a limit that is only tried out would have refused. */
export interface Would {
  readonly code: ErrorCode
  readonly message: string
}

/** What happened to one call. Filled in as it happens; complete when `ended` is true. */
export interface Report {
  readonly id: string
  /** The provider that answered, once there is an answer. */
  provider?: string
  model?: string
  usage?: Usage
  readonly attempts: Attempt[]
  /** Which target was chosen, if the model was the name of a route with several. */
  route?: Chosen
  /** The id of the call that this one is a copy of, sent by `mirror` to try another target. */
  readonly mirrorOf?: string
  /** The answer is that of an identical call under way, whose report has the attempts. */
  coalesced?: true
  /**
   * `hit`: the answer came from the cache. `stale`: it did, but is old, and a new one is being fetched. `miss`: the cache had none.
   * `refresh`: the call asked for a new one. `similar`: the answer to nearly the same question. Absent: no cache was asked.
   */
  cache?: 'hit' | 'stale' | 'miss' | 'refresh' | 'similar'
  /** How similar that question was, as a cosine. */
  similarity?: number
  /** The id of the call that got an old answer while this one fetches a new one. */
  readonly refreshOf?: string
  /** Set by a layer that saw data which must not be kept: no cache keeps the answer, or answers the call. */
  sensitive?: true
  /** Each change of target, by a fallback and the like. */
  readonly moves: Move[]
  /** What a translation lost. */
  readonly warnings: Loss[]
  /** Notes of modules, by the name of the module. */
  annotations?: Readonly<Record<string, Readonly<Record<string, Json>>>>
  /** How many values were redacted, by type. */
  redactions?: Readonly<Record<string, number>>
  /** Of all attempts together, once they have ended. */
  cost?: Cost
  /** Of a dry run. */
  estimate?: Estimate
  /** Why limits of the option `shadow` would have refused the call. */
  shadow?: readonly Would[]
  readonly tags?: Readonly<Record<string, string>>
  /** False while a stream is still coming. */
  ended: boolean
}
