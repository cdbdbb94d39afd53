import type { Call, Result, UnaryResult } from '../../core/call.js'
import { atEnd, type Ending, overheard } from '../../core/ending.js'
import { isLeashError, type LeashError } from '../../core/errors.js'
import { parseJson } from '../../core/json.js'
import type { ChatResponse } from '../../core/message.js'
import { answerReader } from '../../protocols/answer.js'

/** What a model answered, in the same words whoever it was and however it was asked. Of several choices the first. */
export interface Answer {
  readonly text: string
  readonly toolCalls: readonly { readonly name: string; readonly arguments: string }[]
  readonly finishReason: string
}

/** Bytes of a stream that are kept to be read as a whole. */
const longest = 8 * 1024 * 1024

/** Listens to a result that is on its way to somebody else. */
export class Listener {
  readonly #call: Call
  #whole: UnaryResult | undefined
  #pieces: Uint8Array[] = []
  #length = 0
  #ending: Ending

  constructor(call: Call) {
    this.#call = call
  }

  /** @returns the result to hand on */
  to(result: Result): Result {
    if (!result.stream) {
      this.#whole = result
      return result
    }
    const heard = overheard(result, (bytes) => {
      this.#length += bytes.length
      if (this.#length <= longest) this.#pieces.push(bytes)
      else this.#pieces = []
    })
    return atEnd(heard, (ending) => {
      this.#ending = ending
    })
  }

  /** Once the result is complete. Neither: it was left, was too long, or cannot be read. */
  async outcome(): Promise<{ readonly answer?: Answer; readonly error?: LeashError }> {
    if (isLeashError(this.#ending)) return { error: this.#ending }
    if (this.#ending === 'cancelled' || this.#length > longest) return {}
    try {
      return { answer: answerOf(await this.#decoded()) }
    } catch {
      return {}
    }
  }

  async #decoded(): Promise<ChatResponse | undefined> {
    const { protocol, model } = this.#call
    const reader = await answerReader(protocol)
    // What was parsed is the caller's, who may have changed it.
    if (this.#whole) return reader?.body(parseJson(this.#whole.text ?? '') ?? this.#whole.body, model)
    return reader?.stream(this.#pieces, model)
  }
}

export function answerOf(response: ChatResponse | undefined): Answer {
  const { content = [], finishReason = 'other' } = response?.choices[0] ?? {}
  return {
    text: content.map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : '')).join(''),
    toolCalls: content.flatMap((part) => (part.type === 'tool-call' ? [{ name: part.name, arguments: part.arguments }] : [])),
    finishReason,
  }
}
