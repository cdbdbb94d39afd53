import { asArray, asObject, asString } from '../../core/json.js'

/** What is written in a message: its text, or those of its parts. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return asArray(content)
    .map((part) => asString(asObject(part).text))
    .filter((text) => text !== undefined)
    .join('\n')
}
