import { isObject, type JsonObject } from '../core/json.js'
import type { Lens } from './protocol.js'

/** As vendors' own pages have it for English text. */
export const charactersPerToken = 4

/** Characters that the parsed payload of a stream's event adds to the answer: text, reasoning, arguments. */
export function saidIn(lens: Lens, event: unknown): number {
  if (!isObject(event) || lens.repeats?.(event as JsonObject)) return 0
  let characters = 0
  lens.replaceEvent(event as JsonObject, (text) => {
    characters += text.length
    return text
  })
  return characters
}
