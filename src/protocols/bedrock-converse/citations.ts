import { asObject, asObjects, asString, type JsonObject } from '../../core/json.js'
import type { Citation } from '../../core/message.js'

/**
 * Bedrock cites for a whole block of text, `length` long.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CitationsContentBlock.html
 */
export function citationsOf(citations: readonly unknown[], length: number): readonly Citation[] {
  return citations.map((wire) => {
    const raw = asObject(wire)
    const quote = textIn(raw.sourceContent)
    const url = asString(asObject(asObject(raw.location).web).url)
    const title = asString(raw.title)
    return {
      ...(url !== undefined && { url }),
      ...(title !== undefined && { title }),
      ...(quote && { quote }),
      start: 0,
      end: length,
      raw: raw as JsonObject,
    }
  })
}

/** Of a list of blocks. */
export function textIn(blocks: unknown): string {
  return asObjects(blocks)
    .map(({ text }) => asString(text) ?? '')
    .join('')
}
