import type { LeashError } from '../../core/errors.js'
import { asObject, isObject, parseJson } from '../../core/json.js'
import type { Usage } from '../../core/usage.js'
import { isMalformed, malformedEvent } from '../malformed.js'
import type { Tap, WireEvent } from '../protocol.js'
import { decodeFailure } from './error.js'
import { isBlocked, isFinal } from './finish.js'
import { decodeUsage, queriesIn, tierIn } from './usage.js'
import { message, messages } from './wire.js'

/**
 * Looks on while a stream passes through. Every event carries usage, so none is parsed for it: the last is kept as text
 * and read when somebody asks. A member's name in quotes cannot stand inside a JSON string, where quotes are escaped,
 * so a substring is proof enough that parsing is worth its while.
 */
export class GeminiTap implements Tap {
  content = false
  terminal = false
  error: LeashError | undefined
  #counted: string | undefined
  #queries: Set<string> | undefined

  see({ data }: WireEvent): void {
    if (data.includes('"totalTokenCount"') || data.includes('"promptTokenCount"')) this.#counted = data
    if (data.includes('SearchQueries"')) this.#queries = queriesIn(parseJson(data), this.#queries)
    // What a gateway says behind the end is not Google's.
    if (!this.terminal && isMalformed(data)) this.error ??= malformedEvent()
    const mayEnd = data.includes('"finishReason"') || data.includes('"blockReason"')
    // More may follow a first end, when Google ran a tool by itself.
    if (this.terminal && !mayEnd && data.includes('"parts"')) this.terminal = false
    if (!this.content || mayEnd || data.includes('"error"')) this.#read(data)
  }

  #read(data: string): void {
    const chunk = parseJson(data)
    if (!isObject(chunk)) {
      if (!this.terminal) this.error ??= malformedEvent()
      return
    }
    if (chunk.error !== undefined) {
      this.error = decodeFailure(chunk, data)
      return
    }
    const candidates = messages(chunk.candidates)
    if (isBlocked(chunk) || candidates.some(({ finishReason }) => isFinal(finishReason))) this.terminal = this.content = true
    else this.content ||= candidates.some(({ content }) => messages(message(content).parts).some(says))
  }

  get usage(): Usage | undefined {
    return this.#counted === undefined ? undefined : decodeUsage(asObject(parseJson(this.#counted)).usageMetadata, this.#queries)
  }

  get tier(): string | undefined {
    return this.#counted === undefined ? undefined : tierIn(parseJson(this.#counted))
  }
}

function says({ text, ...rest }: Record<string, unknown>): boolean {
  if (typeof text === 'string' && text !== '') return true
  return Object.keys(rest).some((member) => member !== 'thought' && member !== 'thoughtSignature')
}
