/**
 * The neutral model that stands between two protocols, for translation alone: a call whose caller and target
 * speak the same protocol never passes through here. Not exported: it may still change.
 */
import type { JsonObject } from './json.js'
import type { Usage } from './usage.js'

/** Who made an opaque value, and so who may get it back. The names are those OpenRouter uses in `reasoning_details`. */
export type SignatureFormat = 'anthropic-claude-v1' | 'google-gemini-v1' | 'openai-responses-v1'

/** State that a vendor wants back byte for byte (Anthropic `signature`, Gemini `thoughtSignature`, OpenAI `encrypted_content`). */
export interface Signature {
  readonly format: SignatureFormat
  readonly value: string
}

/** A breakpoint of the vendor's prompt cache right after the part that carries it. */
export interface CacheHint {
  readonly ttl?: '5m' | '1h'
}

export interface Citation {
  readonly url?: string
  readonly title?: string
  /** The quoted words of the source. */
  readonly quote?: string
  /** Offsets into the text part, in UTF-16 units, end exclusive. */
  readonly start?: number
  readonly end?: number
  /** The citation as its vendor wrote it, for a caller of the same family. */
  readonly raw?: JsonObject
}

/** A file that was uploaded to the vendor before. */
export interface UploadedFile {
  readonly kind: 'file-id'
  readonly id: string
  /** Where it was uploaded to several: what it is called at each. */
  readonly ids?: Readonly<Record<string, string>>
}

export type MediaSource =
  | { readonly kind: 'url'; readonly url: string }
  /** `data` is base64 without a `data:` prefix. */
  | { readonly kind: 'base64'; readonly data: string; readonly mediaType: string }
  | UploadedFile
  /** A document given as plain text. */
  | { readonly kind: 'text'; readonly text: string }

export interface TextPart {
  readonly type: 'text'
  readonly text: string
  readonly citations?: readonly Citation[]
  readonly signature?: Signature
  readonly cache?: CacheHint
}
export interface RefusalPart {
  readonly type: 'refusal'
  readonly text: string
}
export interface ImagePart {
  readonly type: 'image'
  readonly source: MediaSource
  readonly detail?: string
  readonly cache?: CacheHint
}
/** A document, a video or any other file that is neither an image nor speech. */
export interface FilePart {
  readonly type: 'file'
  readonly source: MediaSource
  readonly mediaType?: string
  readonly name?: string
  readonly cache?: CacheHint
}
export interface AudioPart {
  readonly type: 'audio'
  readonly source: MediaSource
  /** What was said, when the vendor tells. */
  readonly transcript?: string
}
export interface ReasoningPart {
  readonly type: 'reasoning'
  /** May be empty: a block can be only its signature. */
  readonly text: string
  /** The text is a summary by the vendor, not the thinking itself. */
  readonly summary?: boolean
  /** The thinking is hidden and `signature` is all there is of it (Anthropic `redacted_thinking`). */
  readonly redacted?: boolean
  readonly id?: string
  readonly signature?: Signature
}
export interface ToolCallPart {
  readonly type: 'tool-call'
  readonly id: string
  readonly name: string
  /** A JSON object as text, `{}` when there is nothing to say; never empty. */
  readonly arguments: string
  readonly signature?: Signature
  readonly cache?: CacheHint
}
export interface ToolResultPart {
  readonly type: 'tool-result'
  readonly id: string
  /** Gemini answers by name; filled in by the protocol that reads the history. */
  readonly name?: string
  readonly content: readonly (TextPart | ImagePart | FilePart)[]
  readonly isError?: boolean
  readonly cache?: CacheHint
}

export type UserPart = TextPart | ImagePart | FilePart | AudioPart
export type AssistantPart = TextPart | RefusalPart | ReasoningPart | ToolCallPart | ImagePart | AudioPart

export type Message =
  /** Stands where the caller put it; `developer` is the same thing in OpenAI's newer words. */
  | { readonly role: 'system'; readonly content: readonly TextPart[] }
  | { readonly role: 'user'; readonly content: readonly UserPart[]; readonly name?: string }
  | { readonly role: 'assistant'; readonly content: readonly AssistantPart[]; readonly name?: string }
  /** The results of one assistant turn, together: parallel calls share one message. */
  | { readonly role: 'tool'; readonly content: readonly ToolResultPart[] }

export interface Tool {
  readonly name: string
  readonly description?: string
  /** JSON Schema as the caller wrote it, member order kept. Absent: the tool takes no arguments. */
  readonly parameters?: JsonObject
  readonly strict?: boolean
  /** As its caller wrote it: it takes free text, which for all others is the argument `input`. */
  readonly custom?: JsonObject
  /** The group that it is in, where its caller has groups: its name begins with that. */
  readonly namespace?: string
  /** It finds further tools for its caller, who is told of its calls in other words. */
  readonly search?: true
  readonly cache?: CacheHint
}

export type ToolChoice =
  | { readonly type: 'auto' | 'none' | 'required' }
  | { readonly type: 'tool'; readonly name: string }
  /** Only these of the tools given (OpenAI `allowed_tools`). */
  | { readonly type: 'allowed'; readonly names: readonly string[]; readonly mode: 'auto' | 'required' }

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema'
      readonly name: string
      readonly description?: string
      readonly schema: JsonObject
      readonly strict?: boolean
    }

export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

export interface Reasoning {
  readonly effort?: ReasoningEffort
  /** Upper bound for the thinking, in tokens, for vendors that count instead of grading. */
  readonly budget?: number
  /** The caller wants to read the thinking, or a summary of it. */
  readonly show?: boolean
}

export interface ChatRequest {
  readonly messages: readonly Message[]
  readonly tools?: readonly Tool[]
  readonly toolChoice?: ToolChoice
  readonly parallelToolCalls?: boolean
  readonly responseFormat?: ResponseFormat
  readonly reasoning?: Reasoning
  readonly maxTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly stop?: readonly string[]
  readonly seed?: number
  readonly presencePenalty?: number
  readonly frequencyPenalty?: number
  readonly logitBias?: Readonly<Record<string, number>>
  readonly logprobs?: boolean
  readonly topLogprobs?: number
  /** How many answers. Default 1. */
  readonly n?: number
  readonly user?: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly serviceTier?: string
  /** Whether the caller asked to see usage in the stream (only openai-chat makes that a question). */
  readonly includeUsage?: boolean
}

export type FinishReason =
  | 'stop'
  | 'stop-sequence'
  | 'length'
  | 'tool-calls'
  /** The vendor's filter cut the answer. */
  | 'content-filter'
  /** The model declined. */
  | 'refusal'
  /** The vendor paused a long turn and wants it sent back (Anthropic `pause_turn`). */
  | 'pause'
  | 'error'
  | 'other'

export interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  readonly bytes?: readonly number[] | null
  readonly top?: readonly { readonly token: string; readonly logprob: number; readonly bytes?: readonly number[] | null }[]
}

export interface Choice {
  readonly content: readonly AssistantPart[]
  readonly finishReason: FinishReason
  readonly stopSequence?: string
  readonly logprobs?: readonly TokenLogprob[]
}

export interface ChatResponse {
  readonly id: string
  /** The model that answered, as the vendor names it. */
  readonly model: string
  /** Seconds since 1970. */
  readonly created?: number
  readonly choices: readonly Choice[]
  /** Absent when the vendor did not say. */
  readonly usage?: Usage
  readonly serviceTier?: string
}

export interface EmbedRequest {
  /** One vector is wanted for each. */
  readonly input: readonly (string | readonly number[])[]
  readonly dimensions?: number
  readonly user?: string
  /** How the caller wants the numbers: the protocol that answers encodes them. */
  readonly encoding?: 'float' | 'base64'
  readonly task?: string
}

export interface EmbedResponse {
  readonly model: string
  readonly vectors: readonly (readonly number[])[]
  readonly usage?: Usage
}
