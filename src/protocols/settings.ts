/**
 * What a request asks for beside its texts, read where it stands. One table for all protocols, loaded only where somebody
 * tells of calls.
 */
import { asNumber, asString, type JsonObject } from '../core/json.js'
import { lookup } from './lookup.js'
import { at, type Path, valueAt } from './path.js'

export interface Settings {
  readonly maxTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly frequencyPenalty?: number
  readonly presencePenalty?: number
  readonly seed?: number
  /** How many answers. */
  readonly choices?: number
  readonly stop?: readonly string[]
  readonly effort?: string
  /** The answer is to be JSON. */
  readonly json?: true
}

/** Of several the first that is there counts. */
type Paths = Readonly<Record<keyof Settings, readonly Path[]>>

const openaiChat: Paths = {
  maxTokens: at('max_completion_tokens', 'max_tokens'),
  temperature: at('temperature'),
  topP: at('top_p'),
  topK: at('top_k'),
  frequencyPenalty: at('frequency_penalty'),
  presencePenalty: at('presence_penalty'),
  seed: at('seed'),
  choices: at('n'),
  stop: at('stop'),
  effort: at('reasoning_effort'),
  json: at('response_format.type'),
}

const none: readonly Path[] = []

const tables: Readonly<Record<string, Paths>> = {
  'openai-chat': openaiChat,
  'openai-responses': {
    ...openaiChat,
    maxTokens: at('max_output_tokens'),
    effort: at('reasoning.effort'),
    json: at('text.format.type'),
  },
  'anthropic-messages': {
    ...openaiChat,
    maxTokens: at('max_tokens'),
    stop: at('stop_sequences'),
    effort: at('output_config.effort'),
    json: at('output_config.format.type', 'output_format.type'),
  },
  gemini: {
    maxTokens: gemini('maxOutputTokens', 'max_output_tokens'),
    temperature: gemini('temperature'),
    topP: gemini('topP', 'top_p'),
    topK: gemini('topK', 'top_k'),
    frequencyPenalty: gemini('frequencyPenalty', 'frequency_penalty'),
    presencePenalty: gemini('presencePenalty', 'presence_penalty'),
    seed: gemini('seed'),
    choices: gemini('candidateCount', 'candidate_count'),
    stop: gemini('stopSequences', 'stop_sequences'),
    effort: gemini('thinkingConfig.thinkingLevel', 'thinking_config.thinking_level'),
    json: gemini('responseMimeType', 'response_mime_type'),
  },
  'bedrock-converse': {
    maxTokens: at('inferenceConfig.maxTokens'),
    temperature: at('inferenceConfig.temperature'),
    topP: at('inferenceConfig.topP'),
    topK: at('additionalModelRequestFields.top_k', 'additionalModelRequestFields.inferenceConfig.topK'),
    frequencyPenalty: none,
    presencePenalty: none,
    seed: none,
    choices: none,
    stop: at('inferenceConfig.stopSequences'),
    effort: at('additionalModelRequestFields.output_config.effort'),
    json: none,
  },
  'ai-sdk': {
    maxTokens: at('maxOutputTokens'),
    temperature: at('temperature'),
    topP: at('topP'),
    topK: at('topK'),
    frequencyPenalty: at('frequencyPenalty'),
    presencePenalty: at('presencePenalty'),
    seed: at('seed'),
    choices: none,
    stop: at('stopSequences'),
    effort: at('reasoning'),
    json: at('responseFormat.type'),
  },
}

function gemini(camel: string, snake = camel): readonly Path[] {
  return at(`generationConfig.${camel}`, `generation_config.${snake}`)
}

const mostStops = 16
const longestWord = 100

/** Numbers and words of a known kind only: what a stranger wrote there instead is left out. */
export function settingsOf(protocol: string, body: JsonObject): Settings {
  const paths = lookup(tables, protocol)
  if (!paths) return {}
  const settings: Record<string, unknown> = {}
  for (const name in paths) {
    const value = read(name, first(body, paths[name as keyof Settings]))
    if (value !== undefined) settings[name] = value
  }
  return settings
}

function read(name: string, value: unknown): unknown {
  if (value === undefined || value === null) return undefined
  if (name === 'stop') return stops(value)
  if (name === 'effort') return asString(value)?.slice(0, longestWord).toLowerCase()
  if (name === 'json') return /json/.test(asString(value) ?? '') || undefined
  return asNumber(value)
}

function stops(value: unknown): string[] | undefined {
  const all = (Array.isArray(value) ? value : [value]).filter((stop) => typeof stop === 'string')
  return all.length === 0 ? undefined : all.slice(0, mostStops).map((stop) => stop.slice(0, longestWord))
}

function first(body: JsonObject, paths: readonly Path[]): unknown {
  for (const path of paths) {
    const value = valueAt(body, path)
    if (value !== undefined && value !== null) return value
  }
  return undefined
}
