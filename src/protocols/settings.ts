/**
 * What a request asks for beside its texts, read where it stands. One table for all protocols, loaded only where somebody
 * tells of calls.
 */
import { asNumber, asObject, asString, type JsonObject } from '../core/json.js'
import { lookup } from './lookup.js'

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

/** Member names joined by dots, the first that is there counts. */
type Paths = Readonly<Record<keyof Settings, readonly string[]>>

const openaiChat: Paths = {
  maxTokens: ['max_completion_tokens', 'max_tokens'],
  temperature: ['temperature'],
  topP: ['top_p'],
  topK: ['top_k'],
  frequencyPenalty: ['frequency_penalty'],
  presencePenalty: ['presence_penalty'],
  seed: ['seed'],
  choices: ['n'],
  stop: ['stop'],
  effort: ['reasoning_effort'],
  json: ['response_format.type'],
}

const none: readonly string[] = []

const tables: Readonly<Record<string, Paths>> = {
  'openai-chat': openaiChat,
  'openai-responses': {
    ...openaiChat,
    maxTokens: ['max_output_tokens'],
    effort: ['reasoning.effort'],
    json: ['text.format.type'],
  },
  'anthropic-messages': {
    ...openaiChat,
    maxTokens: ['max_tokens'],
    stop: ['stop_sequences'],
    effort: ['output_config.effort'],
    json: ['output_config.format.type', 'output_format.type'],
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
    maxTokens: ['inferenceConfig.maxTokens'],
    temperature: ['inferenceConfig.temperature'],
    topP: ['inferenceConfig.topP'],
    topK: ['additionalModelRequestFields.top_k', 'additionalModelRequestFields.inferenceConfig.topK'],
    frequencyPenalty: none,
    presencePenalty: none,
    seed: none,
    choices: none,
    stop: ['inferenceConfig.stopSequences'],
    effort: ['additionalModelRequestFields.output_config.effort'],
    json: none,
  },
}

function gemini(camel: string, snake = camel): readonly string[] {
  return [`generationConfig.${camel}`, `generation_config.${snake}`]
}

const mostStops = 16
const longestWord = 100

/** Numbers and words of a known kind only: what a stranger wrote there instead is left out. */
export function settingsOf(protocol: string, body: JsonObject): Settings {
  const paths = lookup(tables, protocol)
  if (!paths) return {}
  const settings: Record<string, unknown> = {}
  for (const [name, places] of Object.entries(paths)) {
    const value = read(name, first(body, places))
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

function first(body: JsonObject, paths: readonly string[]): unknown {
  for (const path of paths) {
    let value: unknown = body
    for (const name of path.split('.')) value = asObject(value)[name]
    if (value !== undefined && value !== null) return value
  }
  return undefined
}
