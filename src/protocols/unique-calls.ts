/**
 * Some servers number their calls anew in each answer (`call_0`, `call_1`), where Claude wants all ids of a conversation to differ
 * ("`tool_use` ids must be unique"), and programs written for it take two of one id for the same call.
 * https://github.com/NVIDIA-NeMo/Switchyard/issues/502
 */
import type { ChatRequest, Message } from '../core/message.js'

const idsOf = (messages: readonly Message[]): readonly string[] =>
  messages.flatMap(({ content }) => content.flatMap((part) => (part.type === 'tool-call' ? [part.id] : [])))

/** The same messages where no id stands twice. One that does is numbered by its place, so that what begins alike stays alike. */
export function withUniqueCalls(messages: readonly Message[]): readonly Message[] {
  const ids = idsOf(messages)
  if (new Set(ids).size === ids.length) return messages
  const times = new Map<string, number>()
  /** What the calls of the turn under way are called now, until their results have come. */
  const given = new Map<string, { readonly ids: string[]; answered: number }>()
  const fresh = (id: string) => {
    const count = (times.get(id) ?? 0) + 1
    const own = count === 1 ? id : `${id}_${count}`
    times.set(id, count)
    const named = given.get(id) ?? { ids: [], answered: 0 }
    named.ids.push(own)
    given.set(id, named)
    return own
  }
  const answered = (id: string) => {
    const named = given.get(id)
    return named?.ids[named.answered++] ?? id
  }
  return messages.map((message, index): Message => {
    if (message.role === 'assistant') {
      if (messages[index - 1]?.role !== 'assistant') given.clear()
      return {
        ...message,
        content: message.content.map((part) => (part.type === 'tool-call' ? { ...part, id: fresh(part.id) } : part)),
      }
    }
    if (message.role !== 'tool') return message
    return {
      ...message,
      content: message.content.map((result) => ({ ...result, id: answered(result.id) })),
    }
  })
}

/** What the calls of an answer are told by: as their server does, but for an id that the conversation has had before. */
export function unlikeBefore({ messages }: ChatRequest): (id: string) => string {
  let known: Set<string> | undefined
  return (id) => {
    known ??= new Set(idsOf(messages))
    let own = id
    for (let count = 2; known.has(own); count++) own = `${id}_${count}`
    known.add(own)
    return own
  }
}
