/** Types and words of the Gemini API that several files share. */
import type { GenerationConfig, Part, ToolConfig } from '@google/genai'
import { isObject, type Json, type JsonObject } from '../../core/json.js'

/** A type of Google's SDK as its JSON reads: enums are their strings, and what the SDK leaves `unknown` is JSON. */
type Wire<T> = unknown extends T
  ? Json | undefined
  : T extends string
    ? `${T}`
    : T extends readonly (infer Item)[]
      ? Wire<Item>[]
      : T extends object
        ? { [Member in keyof T]: Wire<T[Member]> }
        : T

export type WirePart = Wire<
  Pick<Part, 'text' | 'thought' | 'thoughtSignature' | 'inlineData' | 'fileData' | 'functionCall' | 'functionResponse'>
>
export type WireFunctionResponse = NonNullable<WirePart['functionResponse']>
export type WireContent = { role: 'user' | 'model'; parts: WirePart[] }
export type WireGenerationConfig = Wire<
  Pick<
    GenerationConfig,
    | 'temperature'
    | 'topP'
    | 'topK'
    | 'maxOutputTokens'
    | 'candidateCount'
    | 'stopSequences'
    | 'seed'
    | 'presencePenalty'
    | 'frequencyPenalty'
    | 'responseLogprobs'
    | 'logprobs'
    | 'thinkingConfig'
    | 'responseMimeType'
    | 'responseJsonSchema'
  >
> & { responseSchema?: JsonObject }
export type WireThinkingConfig = NonNullable<WireGenerationConfig['thinkingConfig']>
export type WireToolConfig = Wire<Pick<ToolConfig, 'functionCallingConfig'>>

/** https://ai.google.dev/api/generate-content#request-body */
export type WireRequest = {
  systemInstruction?: { parts: WirePart[] }
  contents: WireContent[]
  tools?: { functionDeclarations: JsonObject[] }[]
  toolConfig?: WireToolConfig
  generationConfig?: WireGenerationConfig
  serviceTier?: string
}

/**
 * A message of Google's with its members in camelCase: Google takes `snake_case` too
 * (https://protobuf.dev/programming-guides/json/), and people write both. Not for tool arguments, results or schemas,
 * whose member names are the caller's own.
 */
export function message(value: unknown): Record<string, unknown> {
  if (!isObject(value)) return {}
  for (const name in value) if (name.includes('_')) return camelCased(value)
  return value
}

/** Google takes a single item for a list of one. */
export function messages(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(message) : isObject(value) ? [message(value)] : []
}

function camelCased(value: Record<string, unknown>): Record<string, unknown> {
  const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [camel(name), member]))
}

/** JSON's own word for a value that came out of `JSON.parse`, where only the type is lost. */
export function asJsonObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? (value as JsonObject) : undefined
}
