/** What a vendor's half of the mock has to say, and in which shape it says it. */
import type { Members } from '../../core/json.js'
import type { WireEvent } from '../../protocols/protocol.js'
import type { Ids, Seal } from './ids.js'
import type { Memory } from './memory.js'

export const mockProtocols = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'embeddings',
] as const
export type MockProtocol = (typeof mockProtocols)[number]

/** What outlives one request. */
export interface World {
  readonly seed: string
  readonly wordsPerChunk: number
  readonly memory: Memory
  readonly seal: Seal
}

/** A request that was understood as far as its address and its JSON. */
export interface Ask {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Members
  readonly model: string
  readonly stream: boolean
  readonly ids: Ids
  readonly world: World
}

/** A refusal before it is put into a vendor's words. Members left out are the vendor's own for that status. */
export interface Failure {
  readonly status: number
  readonly message?: string
  readonly type?: string
  readonly code?: string | null
  readonly param?: string | null
  /** Google's `details`. */
  readonly details?: readonly Record<string, unknown>[]
  /** Seconds, for vendors that say so in the body. */
  readonly retryAfter?: number
}

/** What a vendor says of each status when it has no more to say. */
export type Usual<T> = Readonly<Record<number, T>> & { readonly 400: T; readonly 500: T }

/** Of a status without words of its own it says what it says of 400, or of 500. */
export const usualOf = <T>(usual: Usual<T>, status: number): T => usual[status] ?? usual[status < 500 ? 400 : 500]

export class Refusal extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message)
  }
}

export function refuse(status: number, message: string, rest: Omit<Failure, 'status' | 'message'> = {}): never {
  throw new Refusal({ status, message, ...rest })
}

export interface JsonReply {
  readonly kind: 'json'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

export interface StreamReply {
  readonly kind: 'stream'
  readonly headers: Readonly<Record<string, string>>
  readonly framing: Framing
  readonly events: readonly WireEvent[]
  /** Where in `events` the answer is over: from here on, only its end is told. */
  readonly terminal: number
  /** The vendor's own way to fail after so many events. */
  readonly fail: (failure: Failure, sent: number) => readonly WireEvent[]
}

export type Reply = JsonReply | StreamReply

/** `sse-crlf` and `json-array` are Google's: the same chunks as server-sent events, or as one long JSON array. */
export type Framing = 'sse' | 'sse-crlf' | 'json-array' | 'aws-eventstream'

/** How a vendor lets in, and how it turns away. */
export interface Dialect {
  /** @throws Refusal */
  authenticate(ask: Pick<Ask, 'headers' | 'query'>): void
  refusal(failure: Failure, ids: Ids): JsonReply
  /** The body is not JSON. */
  readonly notJson: Failure
  /** No such model. */
  unknownModel(model: string): Failure
}

export interface Endpoint {
  readonly protocol: MockProtocol | undefined
  readonly dialect: Dialect
  /** The model in the address, for vendors that put it there. */
  readonly model?: string
  /** Whether the address alone makes it a stream; otherwise the body's `stream` does. */
  readonly stream?: boolean
  answer(ask: Ask): Reply
}

export function json(body: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): JsonReply {
  return { kind: 'json', status, headers, body }
}

/** The moment at which every mock answers, in seconds since 1970: 2026-01-02T03:04:05Z. */
export const mockTime = 1_767_323_045
