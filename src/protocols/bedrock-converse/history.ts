/**
 * The conversation as Bedrock's turns: the two roles alternate, the user begins, the results of one turn's tool calls
 * come together at the head of the next, and text stands before a tool call.
 */
import { LeashError } from '../../core/errors.js'
import type { Message } from '../../core/message.js'
import type { ReportLoss } from '../protocol.js'
import { withUniqueCalls } from '../unique-calls.js'
import type { ModelHabits } from './models.js'
import { content, encodeParts, encodeSystem, type PartContext, type Piece } from './parts.js'
import type { ContentBlock, ConverseBody, SystemBlock } from './wire.js'

interface Turn {
  readonly role: 'user' | 'assistant'
  readonly pieces: Piece[]
}

export interface History {
  readonly system: SystemBlock[]
  readonly messages: NonNullable<ConverseBody['messages']>
  /** The names of the tools that were called. */
  readonly called: ReadonlySet<string>
  /** A tool loop is under way, and its last step does not begin with thinking that the model could go on from. */
  readonly resumesUnsigned: boolean
}

export function encodeHistory(messages: readonly Message[], habits: ModelHabits, lose: ReportLoss): History {
  const context: PartContext = { habits, lose, documentNames: new Set() }
  const system: SystemBlock[] = []
  const all: Turn[] = []
  for (const [index, message] of withUniqueCalls(messages).entries()) {
    const path = `messages[${index}]`
    if ('name' in message && message.name !== undefined) lose(`${path}.name`, 'dropped', 'Bedrock has no names of participants')
    if (message.role === 'system') {
      if (all.length > 0) lose(path, 'approximated', 'a system message in the middle is moved to the start')
      system.push(...message.content.flatMap((part, at) => encodeSystem(part, `${path}.content[${at}]`, context)))
      continue
    }
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    take(all, { role, pieces: encodeParts(message, path, context) })
  }
  const turns = withoutIdleThinking(all, lose)
  if (turns.length === 0)
    throw new LeashError('invalid_request', 'Bedrock needs a message of the user with content.', { param: 'messages' })
  if (turns[0]?.role === 'assistant') {
    lose('messages[0]', 'approximated', 'a conversation must begin with the user: an opening turn was added')
    turns.unshift({ role: 'user', pieces: [content({ text: '(The conversation begins.)' })] })
  }
  return {
    system,
    messages: turns.map((turn) => ({ role: turn.role, content: arranged(turn, lose) })),
    called: new Set(messages.flatMap(callsOf)),
    resumesUnsigned: resumesUnsigned(turns),
  }
}

/** Neighbours of one role are one turn. */
function take(turns: Turn[], { role, pieces }: Turn): void {
  const last = turns.at(-1)
  if (last?.role === role) last.pieces.push(...pieces)
  else if (pieces.length > 0) turns.push({ role, pieces })
}

/** An answer that was cut while it was still thinking has said nothing: newer models of Claude take it for one to be continued, and refuse it. */
function withoutIdleThinking(all: readonly Turn[], lose: ReportLoss): Turn[] {
  const turns: Turn[] = []
  for (const turn of all) {
    if (turn.pieces.some(({ kind }) => kind !== 'reasoning')) take(turns, turn)
    else lose('messages', 'dropped', 'thinking that nothing follows is refused')
  }
  return turns
}

/** For a model that continues no turn of its own, or none while it thinks. */
export function askedToGoOn(messages: History['messages'], lose: ReportLoss): History['messages'] {
  if (messages.at(-1)?.role !== 'assistant') return messages
  lose('messages', 'approximated', 'this model does not continue a turn of its own: it is asked to go on')
  return [...messages, { role: 'user', content: [{ text: 'Go on exactly where your last message ends.' }] }]
}

function callsOf(message: Message): string[] {
  return message.role === 'assistant' ? message.content.flatMap((part) => (part.type === 'tool-call' ? [part.name] : [])) : []
}

/** What Claude takes amiss when it is to think: a last turn of tool calls that does not begin with its own thinking. */
function resumesUnsigned(turns: readonly Turn[]): boolean {
  const [before, last] = turns.slice(-2)
  return (
    last?.pieces.some(({ kind }) => kind === 'result') === true &&
    before?.pieces.every(({ kind }) => kind !== 'reasoning') === true
  )
}

function arranged({ role, pieces }: Turn, lose: ReportLoss): ContentBlock[] {
  // Thinking in between stays where it was, unless the turn would then not begin with it.
  const front = pieces[0]?.kind !== 'reasoning' && pieces.some(({ kind }) => kind === 'reasoning')
  const ranks = { reasoning: front ? 0 : 1, result: 0, content: 1, call: 2 } as const
  const blocks = [...pieces].sort((a, b) => ranks[a.kind] - ranks[b.kind]).flatMap((piece) => piece.blocks)
  const speaks = blocks.some((block) => block.text !== undefined)
  if (role === 'user' && !speaks && blocks.some((block) => block.document)) {
    lose('messages', 'approximated', 'a document must come with a text: one that points to it was added')
    return [...blocks, { text: 'See the document.' }]
  }
  return blocks
}
