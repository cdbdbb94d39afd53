/** The turns of a conversation that are plain text, told apart from all the rest of a request. */
import { isObject, type Json, type JsonObject } from '../core/json.js'
import { lookup } from './lookup.js'

/** Where the turns stand. */
const members: Readonly<Record<string, string>> = {
  'openai-chat': 'messages',
  'openai-responses': 'input',
  'anthropic-messages': 'messages',
  gemini: 'contents',
  'bedrock-converse': 'messages',
}

export interface Question {
  readonly text: string
  /** The body without that text: instructions, tools and parameters, and the turns that are not part of it. */
  readonly rest: JsonObject
}

/**
 * `last-user`: what the user said last. `conversation`: all that the user and the model said.
 *
 * @returns undefined where that is not text alone, or it is not the user's turn that is to be answered
 */
export function questionIn(protocol: string, body: JsonObject, scope: 'last-user' | 'conversation'): Question | undefined {
  const member = lookup(members, protocol)
  const turns = member === undefined ? undefined : body[member]
  if (member === undefined || turns === undefined) return undefined
  if (typeof turns === 'string') return turns === '' ? undefined : { text: turns, rest: { ...body, [member]: null } }
  if (!Array.isArray(turns)) return undefined
  const last = turns.length - 1
  if (!isObject(turns[last]) || turns[last].role !== 'user') return undefined
  const texts: string[] = []
  const rest: Json[] = []
  for (const [at, turn] of turns.entries()) {
    const isPart = at === last || (scope === 'conversation' && isSaid(turn))
    if (!isPart) {
      // A tool that was called has answered something of its own.
      if (scope === 'conversation' && !isInstruction(turn)) return undefined
      rest.push(turn)
      continue
    }
    const text = textIn(turn)
    if (text === undefined) return undefined
    texts.push(scope === 'conversation' ? `${roleOf(turn)}: ${text}` : text)
    rest.push(around(turn))
  }
  return { text: texts.join('\n'), rest: { ...body, [member]: rest } }
}

/** Whose turn it is, by name too, and whatever else may make another answer: an id makes none. */
function around(turn: Json): Json {
  if (!isObject(turn)) return null
  const { content: _, parts: __, id: ___, ...rest } = turn
  return rest
}

function roleOf(turn: Json): string {
  return isObject(turn) ? String(turn.role) : ''
}

function isSaid(turn: Json): boolean {
  return /^(?:user|assistant|model)$/.test(roleOf(turn))
}

function isInstruction(turn: Json): boolean {
  return /^(?:system|developer)$/.test(roleOf(turn))
}

/** Members that a piece of text may have. Whatever else it has could make another answer. */
const plain: ReadonlySet<string> = new Set(['type', 'text', 'cache_control'])

function textIn(turn: Json): string | undefined {
  if (!isObject(turn)) return undefined
  const content = turn.content ?? turn.parts
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return undefined
  const texts = content.map((piece: unknown) =>
    isObject(piece) && Object.keys(piece).every((name) => plain.has(name)) && typeof piece.text === 'string'
      ? piece.text
      : undefined,
  )
  return texts.includes(undefined) ? undefined : texts.join('\n')
}
