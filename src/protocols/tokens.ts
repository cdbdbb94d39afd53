/** Tokens of texts and requests by estimate: for what is decided before the vendor counts, or when it never told. */
import type { JsonObject } from '../core/json.js'
import { Lazy } from '../core/lazy.js'
import type { Lens } from './protocol.js'

export type CountTokens = (text: string) => number

/** Within some per cent of the vendors' own counts on prose, and 3 ms to load. */
export const tokenCounter = new Lazy<CountTokens>(async () => (await import('tokenx')).estimateTokenCount)

/** Of all texts in the request, and of its tools as the vendor is told them. Images, audio and files count nothing. */
export function inputTokens(lens: Lens, body: JsonObject, count: CountTokens): number {
  let tokens = 0
  lens.replaceRequest(body, (text, kind) => {
    if (kind !== 'description') tokens += count(text)
    return text
  })
  const tools = body.tools ?? body.toolConfig ?? body.functions
  return tools === undefined ? tokens : tokens + count(JSON.stringify(tools))
}
