import type { LeashError } from './errors.js'
import type { JsonObject } from './json.js'
import type { Transport } from './transport.js'

/**
 * What a provider's dialect of its protocol can and cannot do, declared so that nothing above `providers/` and
 * `protocols/` ever asks for a vendor's name. Absent means the protocol's own default.
 */
export interface Traits {
  /** The model behind a name that tells nothing (a deployment, an application inference profile), as its maker names it. */
  readonly baseModel?: string
  /** An assistant message may come last and is continued. */
  readonly supportsPrefill?: boolean
  /** The JSON Schema that tools and structured output are held to. */
  readonly schemaDialect?: 'json-schema' | 'openapi-subset'
  /** The strongest native means of structured output. @defaultValue 'json-schema' */
  readonly structuredOutput?: 'json-schema' | 'json' | 'none'
  /** Whether usage comes with a stream: on request (`stream_options.include_usage`), by itself, or never. @defaultValue 'on-request' */
  readonly streamUsage?: 'on-request' | 'always' | 'never'
  /** What the answer's usage says that it was charged is the vendor's bill, and is booked as such. @defaultValue false */
  readonly tellsCharge?: boolean
  /** The member that bounds the answer. @defaultValue 'max_completion_tokens' */
  readonly maxTokensField?: 'max_completion_tokens' | 'max_tokens'
  /** `developer` is passed on as it is; `system` renames it. @defaultValue 'developer' */
  readonly systemRole?: 'developer' | 'system'
  /** The word for "some tool must be called". @defaultValue 'required' */
  readonly requiredToolChoice?: 'required' | 'any'
  /** Ids of tool calls are nine letters and digits: others are refused, and are sent in such a form. @defaultValue false */
  readonly shortCallIds?: boolean
  /** How many characters the id of a tool call may have: a longer one is sent in such a form too. @defaultValue any number */
  readonly longestCallId?: number
  /** `metadata` is refused without `store: true`, which a translated call never asks for. @defaultValue false */
  readonly storedMetadata?: boolean
  /** Whether `reasoning_effort` is taken. @defaultValue true */
  readonly reasoningEffort?: boolean
  /** How many sequences `stop` takes. @defaultValue 4 */
  readonly mostStops?: number
  /** Whether an `image_url` may be an address on the web. @defaultValue true */
  readonly imageUrls?: boolean
  /** How texts to embed are handed to Google: many requests in one, or Vertex AI's instances to `predict`. @defaultValue 'batch' */
  readonly embedForm?: 'batch' | 'predict'
  /** Whether the members are taken in which we carry other vendors' thinking through a history (`reasoning_details` …). @defaultValue true */
  readonly carriers?: boolean
  /** Members of the request that the vendor refuses. They are dropped and reported. */
  readonly refuses?: readonly string[]
}

/** A request about to leave, in the provider's protocol. */
export interface WireRequest {
  readonly protocol: string
  readonly model: string
  readonly stream: boolean
  readonly body: JsonObject
  /** `body` as bytes already made; a provider that changes nothing sends these. */
  readonly text?: string
  /** Headers of the caller that mean something to this protocol (`anthropic-beta` …), lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** A request addressed and authenticated: what goes on the wire. */
export interface HttpRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  /** Present where the provider has several keys to choose from, or signs by a clock. */
  readonly key?: KeyInUse
  /** What carries it in place of the leash's own transport: whoever answers may live in this process. */
  readonly transport?: Transport
}

/** A GET that shows whether a provider answers, with its key, and costs nothing. */
export type ProbeRequest = Pick<HttpRequest, 'url' | 'headers' | 'key'>

/** What proves who we are, while a request is under way with it. */
export interface KeyInUse {
  /** As the user calls it, else `key 1`, `key 2` …: never a part of the key. Absent where there is but one. */
  readonly name?: string
  /** The vendor has answered, and these headers may tell how much remains. */
  answered?(headers: Headers): void
  /** The attempt failed. @returns milliseconds until the provider's keys can take the call again; undefined when this changes nothing */
  failed(error: LeashError): number | undefined
  /** The attempt is over, in whatever way. */
  done(): void
}

/** How one of several keys is doing. */
export interface KeyState {
  readonly name: string
  /** `cooling` after a rate limit, or when nothing remains of one, `disabled` after the vendor refused the key. */
  readonly state: 'ready' | 'cooling' | 'disabled'
  /** Milliseconds since 1970 at which it is used again; absent when that is never. */
  readonly until?: number
  /** The models that it rests for. Absent: for all. */
  readonly models?: readonly string[]
  /** Requests sent with it. */
  readonly uses: number
}

/** Who answers: an endpoint, an authentication, the protocols it speaks. */
export interface Provider {
  readonly name: string
  /** The first of a kind is the one that a translated call uses. */
  readonly protocols: readonly string[]
  /** Protocols for some models only (Claude on Vertex). @defaultValue `protocols` */
  protocolsFor?(model: string): readonly string[]
  traits(model: string): Traits
  /**
   * Whether calls that go to this address, or to its own, are held to a region, for which some vendors charge more. Absent: no
   * address tells.
   */
  inRegion?(url?: string): boolean
  /** What is missing before this provider can be used, as an instruction to the user; absent when nothing is. */
  missing(): string | undefined
  /** Addresses and authenticates. May load a vendor's SDK on first use. */
  prepare(request: WireRequest): HttpRequest | Promise<HttpRequest>
  /**
   * Present where it can be asked for nothing but a sign of life.
   * @param path below the base URL, in place of the usual one
   */
  probe?(path?: string): ProbeRequest | Promise<ProbeRequest>
  /** Present where it has several keys to choose from. */
  keys?(): readonly KeyState[]
  /** The header by which it knows a request that it has had before, in lower case. Present where it takes one. */
  readonly idempotencyHeader?: string
  /** Whether they are meant for the server at this address, and so go before the key that a caller's SDK has for it. */
  hasKeysFor?(url: string): boolean
}
