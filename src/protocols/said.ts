import { isObject, type JsonObject } from '../core/json.js'
import type { Lens } from './protocol.js'

/** As vendors' own pages have it for English text. */
export const charactersPerToken = 4

/** Characters that the parsed payload of a stream's event adds to the answer: text, reasoning, arguments. */
export function saidIn(lens: Lens, event: unknown): number {
  if (!isObject(event) || lens.repeats?.(event as JsonObject)) return 0
  return lengthOf(lens.replaceEvent, event as JsonObject)
}

/** Characters of a whole answer: the same. */
export function saidInAll(lens: Lens, answer: unknown): number {
  if (!isObject(answer)) return 0
  const body = answer as JsonObject
  return lengthOf(lens.replaceResponse, lens.bare?.(body) ?? body)
}

function lengthOf(texts: Lens['replaceEvent'], body: JsonObject): number {
  let characters = 0
  texts(body, (text) => {
    characters += text.length
    return text
  })
  return characters
}
