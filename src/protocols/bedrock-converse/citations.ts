import type { JsonObject } from '../../core/json.js'
import { asArray, asObject, asString } from '../../core/json.js'
import type { Citation } from '../../core/message.js'

/**
 * Bedrock cites for a whole block of text, `length` long.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CitationsContentBlock.html
 */
export function citationsOf(citations: readonly unknown[], length: number): readonly Citation[] {
  return citations.map((wire) => {
    const raw = asObject(wire)
    const quote = asArray(raw.sourceContent)
      .map((piece) => asString(asObject(piece).text) ?? '')
      .join('')
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
