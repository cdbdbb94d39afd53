/**
 * A request for the rest of an answer that broke off, made of the request for the whole of it where it stands: it need not
 * be decoded for that. One table for all protocols, loaded only when a stream has died.
 */
import { asArray, asNumber, asObject, type Json, type JsonObject } from '../core/json.js'
import { lookup } from './lookup.js'

type Role = 'assistant' | 'user'

interface Words {
  /** The member that holds the conversation. */
  readonly history: string
  turn(role: Role, text: string): JsonObject
  /** Where the caller bounds the answer, in tokens. */
  readonly limits: readonly string[]
}

const turn = (role: Role, content: string): JsonObject => ({ role, content })

const tables: Readonly<Record<string, Words>> = {
  'openai-chat': { history: 'messages', turn, limits: ['max_completion_tokens', 'max_tokens'] },
  'openai-responses': { history: 'input', turn, limits: ['max_output_tokens'] },
  'anthropic-messages': { history: 'messages', turn, limits: ['max_tokens'] },
  gemini: {
    history: 'contents',
    turn: (role, text) => ({ role: role === 'assistant' ? 'model' : role, parts: [{ text }] }),
    limits: ['generationConfig.maxOutputTokens', 'generation_config.max_output_tokens'],
  },
  'ai-sdk': {
    history: 'prompt',
    turn: (role, text) => ({ role, content: [{ type: 'text', text }] }),
    limits: ['maxOutputTokens'],
  },
}

/** OpenAI's Responses API takes no lower bound. */
const leastTokens = 16

export interface Continuation {
  /** For a target that goes on with an assistant message that comes last. */
  readonly prefilled: JsonObject
  /** For every other. */
  readonly instructed: JsonObject
}

/**
 * @param said what the answer has come to: without white space at its end, for a vendor refuses a message that ends so
 * @param spent tokens by which the bound of the answer is lowered
 * @returns undefined for a protocol in which nothing can be continued
 */
export function continuationOf(
  protocol: string,
  body: JsonObject,
  { said, instruction, spent }: { readonly said: string; readonly instruction: string; readonly spent: number },
): Continuation | undefined {
  const words = lookup(tables, protocol)
  if (!words) return undefined
  const { history, turn, limits } = words
  const bounded = spent > 0 ? limits.reduce((all, path) => lowered(all, path.split('.'), spent), body) : body
  const turns = turnsIn(body[history], turn)
  const begun = [...turns, turn('assistant', said)]
  return {
    prefilled: { ...bounded, [history]: begun },
    instructed: { ...bounded, [history]: [...begun, turn('user', instruction)] },
  }
}

function turnsIn(history: Json | undefined, turn: Words['turn']): Json[] {
  return typeof history === 'string' ? [turn('user', history)] : (asArray(history) as Json[])
}

function lowered(body: JsonObject, [name, ...rest]: readonly string[], spent: number): JsonObject {
  if (name === undefined || body[name] === undefined) return body
  if (rest.length > 0) return { ...body, [name]: lowered(asObject(body[name]) as JsonObject, rest, spent) }
  const bound = asNumber(body[name])
  return bound === undefined ? body : { ...body, [name]: Math.max(Math.min(bound, leastTokens), bound - spent) }
}
