/**
 * What the AI SDK asks of a model and is told by it, as JSON carries it: an address is a text, a date too, and bytes are base64.
 * Source: https://github.com/vercel/ai/tree/main/packages/provider/src/language-model/v4
 */
import type {
  LanguageModelV4File,
  LanguageModelV4FinishReason,
  LanguageModelV4Reasoning,
  LanguageModelV4Source,
  LanguageModelV4StreamPart,
  LanguageModelV4Text,
  LanguageModelV4ToolCall,
  LanguageModelV4Usage,
  SharedV4Warning,
} from '@ai-sdk/provider'
import type { JsonObject } from '../../core/json.js'

export const protocolName = 'ai-sdk'

/** Our own member of `providerOptions` and `providerMetadata`. */
export const ours = 'leash'

export type Metadata = { [name: string]: JsonObject }

export type WireFile = Omit<LanguageModelV4File, 'data'> & {
  data: { type: 'data'; data: string } | { type: 'url'; url: string }
}
export type WireContent =
  | LanguageModelV4Text
  | LanguageModelV4Reasoning
  | LanguageModelV4ToolCall
  | LanguageModelV4Source
  | WireFile
export type WireCitation = NonNullable<LanguageModelV4Text['citations']>[number]
export type WireFinish = LanguageModelV4FinishReason
export type WireUsage = LanguageModelV4Usage
/** What `doGenerate` gives. */
export interface WireAnswer {
  content: WireContent[]
  finishReason: WireFinish
  usage: WireUsage
  response: { id: string; modelId: string; timestamp?: string }
  warnings: SharedV4Warning[]
}

type Streamed<Type extends LanguageModelV4StreamPart['type']> = Extract<LanguageModelV4StreamPart, { type: Type }>

export type WireStreamPart =
  | Streamed<`text-${'start' | 'delta' | 'end'}` | `reasoning-${'start' | 'delta' | 'end'}`>
  | Streamed<`tool-input-${'start' | 'delta' | 'end'}` | 'tool-call' | 'source'>
  | Streamed<'stream-start' | 'finish' | 'error'>
  | { type: 'response-metadata'; id: string; modelId: string; timestamp?: string }
  | WireFile
