/** How a vendor speaks on the wire. Pure: no protocol does I/O, reads the environment or keeps state between calls. */
import type { Loss } from '../core/call.js'
import type { LeashError } from '../core/errors.js'
import type { StreamEvent } from '../core/events.js'
import type { JsonObject } from '../core/json.js'
import type { ToolUses } from '../core/ledger.js'
import type { ChatRequest, ChatResponse, EmbedRequest, EmbedResponse } from '../core/message.js'
import type { Traits } from '../core/provider.js'
import type { Usage } from '../core/usage.js'
import type { Framing } from './framing/framing.js'

/** One event of a vendor's stream: its name, where the framing has one, and its payload as text. */
export interface WireEvent {
  readonly event?: string
  readonly data: string
}

/** Takes note of what a translation could not carry over. */
export type ReportLoss = (path: string, action: Loss['action'], why: string) => void

export interface EncodeContext {
  /** The model as the target names it. */
  readonly model: string
  readonly stream: boolean
  readonly traits: Traits
  readonly lose: ReportLoss
}

export interface DecodeContext {
  /** The model asked for: used where the vendor's answer names none. */
  readonly model: string
  readonly lose: ReportLoss
  /** True when the request asked for structured output: a forced tool may have stood in for it. */
  readonly request: ChatRequest
}

export interface StreamDecoder {
  /** @throws LeashError when the event is the vendor's error */
  push(event: WireEvent): StreamEvent[]
  /** The bytes have ended. @throws LeashError `stream_truncated` when the terminal event never came */
  end(): StreamEvent[]
}

export interface StreamEncoder {
  push(event: StreamEvent): WireEvent[]
  /** The terminal events of a stream that failed after it had begun. */
  fail(error: LeashError): WireEvent[]
  /**
   * What was pushed so far the caller has got in these words of a vendor's, and not in ours: the rest is numbered and named
   * after them. Absent where events have neither numbers nor names.
   *
   * @returns whether the part under way has been told to be over
   */
  adopt?(told: readonly WireEvent[]): boolean
}

/** What a refused or failed request meant. */
export interface FailedResponse {
  readonly status: number
  readonly statusText?: string
  readonly headers: Headers
  readonly text: string
}

/** The half that talks to a vendor. */
export interface ChatUpstream {
  /** The names that a tool may have. Absent: any. */
  readonly toolNames?: RegExp
  encodeRequest(request: ChatRequest, context: EncodeContext): JsonObject
  decodeResponse(body: unknown, context: DecodeContext): ChatResponse
  decodeStream(context: DecodeContext): StreamDecoder
}

/** The half that talks to a caller who believes to talk to that vendor. */
export interface ChatDownstream {
  /** @throws LeashError `invalid_request` that names the member at fault */
  decodeRequest(body: JsonObject, lose: ReportLoss): ChatRequest
  encodeResponse(response: ChatResponse, request: ChatRequest): JsonObject
  encodeStream(request: ChatRequest): StreamEncoder
}

export interface EmbedUpstream {
  /** Inputs that one request to this model may hold: more are sent in several. Absent: as many as the caller likes. */
  maxInputs?(model: string, traits: Traits): number
  encodeRequest(request: EmbedRequest, context: EncodeContext): JsonObject
  decodeResponse(body: unknown, context: { readonly model: string; readonly request: EmbedRequest }): EmbedResponse
}

export interface EmbedDownstream {
  /** @throws LeashError `invalid_request` that names the member at fault */
  decodeRequest(body: JsonObject, lose: ReportLoss): EmbedRequest
  encodeResponse(response: EmbedResponse, request: EmbedRequest): JsonObject
}

/** What is seen of a stream that passes through untouched. */
export interface Tap {
  see(event: WireEvent): void
  /**
   * Whether these whole events, as text, hold nothing that `see` would have noticed: asked once the answer has begun, so
   * that most chunks of a stream are never taken apart.
   */
  passes?(text: string): boolean
  /** Something of the answer itself has come, or the answer is complete without any. */
  readonly content: boolean
  /** The vendor's terminal event has come. */
  readonly terminal: boolean
  /** False as long as only such events have come as the protocol's streams do not begin with. Absent: a stream is one as it stands. */
  readonly began?: boolean
  readonly usage: Usage | undefined
  /** What the vendor's own tools have done so far, where usage comes with the end alone. */
  readonly uses?: ToolUses | undefined
  /** How the vendor says that it serves the call, in its own word. Absent: its streams do not tell. */
  readonly tier?: string | undefined
  /** The vendor reported a failure inside the stream. */
  readonly error: LeashError | undefined
}

/** What a text is for, so that a layer may treat tool arguments (JSON inside a string) apart from prose. */
export type TextKind = 'text' | 'arguments' | 'tool-result' | 'description' | 'reasoning'
/** `path` is where the text stands: member names joined by dots, items of an array by their own `index`, else by their place. */
export type ReplaceText = (text: string, kind: TextKind, path?: string) => string

/**
 * Reads and edits a body in place, without decoding it: what it does not know stays as it was.
 * `replace…` return the same object when no text changed, else a copy that shares all that stayed.
 */
export interface Lens {
  replaceRequest(body: JsonObject, replace: ReplaceText): JsonObject
  replaceResponse(body: JsonObject, replace: ReplaceText): JsonObject
  /** For the parsed payload of one stream event. */
  replaceEvent(event: JsonObject, replace: ReplaceText): JsonObject
  /** Whether the event only says again what others say piece by piece, or what the caller said. Absent: none does. */
  repeats?(event: JsonObject): boolean
  /** A whole answer without what the caller said. Absent: it has nothing of that. */
  bare?(answer: JsonObject): JsonObject
  usage(body: unknown): Usage | undefined
  /**
   * The vendor's word for how a request is to be served, or an answer was. Absent: the protocol has none.
   *
   * @param crosses a request that is put into another protocol: what has no word there is not asked for
   */
  tier?(body: unknown, crosses?: boolean): string | undefined
  /** Whether a request is to be answered in a region that costs more. Absent: the protocol has no word for that. */
  regional?(body: unknown): boolean
  /** The members of an answer that `usage` and `tier` read. */
  readonly usageMembers?: readonly string[]
  /** What an answer has in it where `usage` reads more of it than those members. */
  readonly besideMarks?: readonly string[]
  tap(): Tap
}

/** Takes bytes of a stream away, or leaves them: gives back the same array when there is nothing to edit. */
export interface ByteFilter {
  push(bytes: Uint8Array): Uint8Array | undefined
  end(): Uint8Array | undefined
}

interface ProtocolBase {
  readonly name: string
  readonly lens: Lens
  readonly framing: Framing
  /** Which call a request is, by its path and body; undefined when it is not one of this protocol. */
  match(path: string, body: JsonObject): { readonly model: string; readonly stream: boolean } | undefined
  /** Whether a stream that is asked for at this address is to be one list of JSON. Absent: none is. */
  listed?(path: string, query: string): boolean
  /** The body naming another model; for a protocol that names it in the address, the body itself. */
  withModel(body: JsonObject, model: string): JsonObject
  /** Request headers that belong to this protocol and are passed on to a target that speaks it. Lower case. */
  readonly headers: readonly string[]
  decodeError(failed: FailedResponse): LeashError
  encodeError(error: LeashError): { readonly status: number; readonly body: JsonObject }
  /** The failure that a whole answer tells of itself, where its vendor answers 200 to that. */
  failureIn?(text: string): LeashError | undefined
  /**
   * Adapts a native body to a target of the same protocol: declared quirks, and what we ask for upstream beside what
   * the caller asked for. Returns the same object when there is nothing to do.
   */
  adapt?(body: JsonObject, traits: Traits, lose: ReportLoss): JsonObject
  /**
   * Where a stream tells its usage only when asked: the body's text with the question in it (`text` is the body as the
   * caller's bytes, when nothing changed it), and a filter that hides the answer from a caller who had not asked.
   * Undefined when there is nothing to ask.
   */
  askUsage?(body: JsonObject, text: string | undefined, traits: Traits): { readonly text: string; hide(): ByteFilter } | undefined
}

/** What a call needs of a protocol that it does not leave: where it goes, what its bytes tell, what its failures mean. */
export interface Native<Kind extends 'chat' | 'embeddings' = 'chat' | 'embeddings'> extends ProtocolBase {
  readonly kind: Kind
}

/** What a call needs besides when it crosses into another protocol, or comes from one. */
export interface ChatCodec {
  readonly upstream: ChatUpstream
  readonly downstream?: ChatDownstream
}

export interface EmbedCodec {
  readonly upstream: EmbedUpstream
  readonly downstream?: EmbedDownstream
}

export interface ChatProtocol extends Native<'chat'>, ChatCodec {}
export interface EmbedProtocol extends Native<'embeddings'>, EmbedCodec {}

/** A protocol as the stack holds it: translation is most of its code, and is loaded by the first call that crosses. */
export type Protocol =
  | (Native<'chat'> & { codec(): Promise<ChatCodec> })
  | (Native<'embeddings'> & { codec(): Promise<EmbedCodec> })
