/**
 * What bounds the answer of a request, read and written where it stands, so that an answer can be made to fit what may be
 * spent on it. One table for all protocols, loaded only where somebody counts.
 */
import { asNumber, asObject, isObject, type JsonObject } from '../core/json.js'
import { lookup } from './lookup.js'
import { at, type Path, valueAt } from './path.js'

interface Row {
  /** Where the tokens of an answer are bounded. The first is written where none is there. */
  readonly output: readonly Path[]
  /** How many answers are asked for. Each has as many tokens. */
  readonly answers?: readonly Path[]
  /** Tokens for thinking, of which an answer must have more. */
  readonly thinking?: Path
  /** What asks for thinking. */
  readonly wishes?: readonly Path[]
  /** Tokens that it asks for. */
  readonly budgets?: readonly Path[]
  /** What the vendor has kept, and reads beside the request. */
  readonly stored?: readonly Path[]
}

const rows: Readonly<Record<string, Row>> = {
  'openai-chat': {
    output: at('max_completion_tokens', 'max_tokens'),
    answers: at('n'),
    wishes: at('reasoning_effort', 'reasoning', 'include_reasoning', 'thinking'),
    budgets: at('reasoning.max_tokens', 'thinking.budget_tokens'),
  },
  'openai-responses': {
    output: at('max_output_tokens'),
    wishes: at('reasoning'),
    stored: at('previous_response_id', 'conversation', 'prompt'),
  },
  'anthropic-messages': {
    output: at('max_tokens'),
    thinking: ['thinking', 'budget_tokens'],
    wishes: at('thinking', 'output_config'),
    budgets: at('thinking.budget_tokens'),
    stored: at('thread.previous_message_id'),
  },
  gemini: {
    output: at('generationConfig.maxOutputTokens', 'generation_config.max_output_tokens'),
    answers: at('generationConfig.candidateCount', 'generation_config.candidate_count'),
    wishes: at('generationConfig.thinkingConfig', 'generation_config.thinking_config'),
    budgets: at('generationConfig.thinkingConfig.thinkingBudget', 'generation_config.thinking_config.thinking_budget'),
    stored: at('cachedContent', 'cached_content'),
  },
  'ai-sdk': {
    output: at('maxOutputTokens'),
    wishes: at('reasoning', 'providerOptions.leash.reasoningBudget'),
    budgets: at('providerOptions.leash.reasoningBudget'),
    stored: at(
      'providerOptions.openai.previousResponseId',
      'providerOptions.openai.conversation',
      'providerOptions.google.cachedContent',
    ),
  },
  'bedrock-converse': {
    output: at('inferenceConfig.maxTokens'),
    thinking: ['additionalModelRequestFields', 'thinking', 'budget_tokens'],
    wishes: at('additionalModelRequestFields', 'outputConfig'),
    budgets: at('additionalModelRequestFields.thinking.budget_tokens'),
  },
}

/** Tokens of thinking that a translation makes of the strongest effort. */
const strongest = 32_768

/** The fewest tokens that an answer is bounded to: OpenAI's Responses take no fewer. */
const fewest = 16

export interface OutputBound {
  /** Tokens that one answer may have, where the caller bounds it. */
  readonly asked?: number
  readonly answers: number
  /** An answer that is bounded to fewer tokens is refused by the vendor, or of no use. */
  readonly least: number
  /** Tokens by which a translation may raise the bound: in some protocols it counts the thinking too. */
  readonly raised: number
  /** The vendor reads more than stands in the request. */
  readonly stored: boolean
}

export function outputBound(protocol: string, body: JsonObject): OutputBound {
  const { output, answers = [], thinking, wishes = [], budgets = [], stored = [] } = rowOf(protocol)
  const given = output.flatMap((path) => countAt(body, path) ?? [])
  const asked = given.length > 0 ? { asked: Math.max(...given) } : undefined
  return {
    ...asked,
    answers: Math.max(1, ...answers.flatMap((path) => countAt(body, path) ?? [])),
    least: Math.max(fewest, thinking === undefined ? 0 : (countAt(body, thinking) ?? 0) + 1),
    raised: wishes.some((path) => valueAt(body, path) != null)
      ? Math.max(strongest, ...budgets.flatMap((path) => countAt(body, path) ?? []))
      : 0,
    stored: stored.some((path) => valueAt(body, path) != null),
  }
}

/** The same request with an answer of at most so many tokens. @returns also where that is written */
export function withOutputBound(protocol: string, body: JsonObject, tokens: number): { body: JsonObject; path: string } {
  const { output } = rowOf(protocol)
  const given = output.filter((path) => countAt(body, path) !== undefined)
  const beside = output.find(([first = '', inner]) => inner !== undefined && isObject(body[first]))
  const path = given.find((path) => (countAt(body, path) ?? 0) > tokens) ?? given[0] ?? beside ?? output[0] ?? []
  const bounded = (given.length > 0 ? given : [path]).reduce((body, path) => written(body, path, tokens), body)
  return { body: bounded, path: path.join('.') }
}

function rowOf(protocol: string): Row {
  return lookup(rows, protocol) ?? { output: [] }
}

/** A number that no vendor takes bounds nothing. */
function countAt(body: JsonObject, path: Path): number | undefined {
  const count = asNumber(valueAt(body, path))
  return count !== undefined && count >= 1 ? Math.ceil(count) : undefined
}

function written(body: JsonObject, [name, ...rest]: Path, tokens: number): JsonObject {
  if (name === undefined) return body
  if (rest.length > 0) return { ...body, [name]: written(asObject(body[name]) as JsonObject, rest, tokens) }
  return { ...body, [name]: Math.min(asNumber(body[name]) ?? tokens, tokens) }
}
