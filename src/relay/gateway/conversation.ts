/** What was said over one web socket: the history that the next answer is asked for with, and the answer as it comes. */
import { asArray, asNumber, asObject, asString, type Json, type JsonObject } from '../../core/json.js'

/** Messages that a conversation remembers, and characters of them. What is older is forgotten, but for what the system says. */
const mostMessages = 200
const mostCharacters = 1_000_000

/** They say what holds for the whole of it. */
const lasting = ['system', 'developer']

export class Conversation {
  #messages: JsonObject[] = []

  get messages(): readonly JsonObject[] {
    return this.#messages
  }

  add(messages: readonly JsonObject[]): void {
    this.#messages.push(...messages)
    this.#forget()
  }

  /** Takes the last ones back, which came to nothing. */
  takeBack(messages: readonly JsonObject[]): void {
    this.#messages = this.#messages.filter((message) => !messages.includes(message))
  }

  reset(): void {
    this.#messages = []
  }

  #forget(): void {
    const sizes = this.#messages.map((message) => JSON.stringify(message).length)
    let size = sizes.reduce((sum, one) => sum + one, 0)
    let count = sizes.length
    const kept = (message: JsonObject, at: number) => {
      const goes =
        (count > mostMessages || size > mostCharacters) && at < sizes.length - 1 && !lasting.includes(String(message.role))
      if (!goes) return true
      count--
      size -= sizes[at] ?? 0
      return false
    }
    const left = this.#messages.filter(kept)
    // A tool's result without its call is refused by every provider.
    const first = left.findIndex(({ role }) => !lasting.includes(String(role)))
    while (left[first]?.role === 'tool') left.splice(first, 1)
    this.#messages = left
  }
}

interface ToolCall {
  readonly id: string
  readonly type: 'function'
  readonly function: { name: string; arguments: string }
}

/** An answer put together of its chunks, as the history has it. */
export class Answering {
  #text = ''
  #calls: ToolCall[] = []

  /** @returns what the chunk adds; undefined when it is nothing that a caller sees */
  take(chunk: JsonObject): JsonObject | undefined {
    const choice = asObject(asArray(chunk.choices)[0])
    const delta = asObject(choice.delta)
    const content = asString(delta.content)
    const calls = asArray(delta.tool_calls)
    if (content) this.#text += content
    for (const call of calls) this.#takeCall(asObject(call))
    const finish = asString(choice.finish_reason)
    if (!content && calls.length === 0 && finish === undefined) return undefined
    return {
      ...(content && { content }),
      ...(calls.length > 0 && { tool_calls: calls as Json[] }),
      ...(finish !== undefined && { finish_reason: finish }),
    }
  }

  #takeCall(call: Record<string, unknown>): void {
    const at = asNumber(call.index) ?? 0
    const { name = '', arguments: more = '' } = asObject(call.function) as { name?: string; arguments?: string }
    const known = this.#calls[at]
    if (known) known.function.arguments += more
    else this.#calls[at] = { id: asString(call.id) ?? '', type: 'function', function: { name, arguments: more } }
  }

  /** @returns undefined when nothing has come */
  get message(): JsonObject | undefined {
    const calls = this.#calls.filter(Boolean)
    if (this.#text === '' && calls.length === 0) return undefined
    return { role: 'assistant', content: this.#text, ...(calls.length > 0 && { tool_calls: calls as unknown as Json[] }) }
  }

  /** Who is cut off in the middle of a call to a tool has called none. */
  get said(): JsonObject | undefined {
    return this.#text === '' ? undefined : { role: 'assistant', content: this.#text }
  }
}
