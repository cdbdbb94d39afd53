import { isObject, type Json, type JsonObject } from '../../core/json.js'
import type { Traits } from '../../core/provider.js'
import type { ReportLoss } from '../protocol.js'
import { isWrapped, unsignedCall } from './signature.js'

/** A history that another vendor's model has a part in carries that vendor's signatures, which Google refuses. */
export function adapt(body: JsonObject, _: Traits, lose: ReportLoss): JsonObject {
  if (!Array.isArray(body.contents)) return body
  let changed = false
  const contents = body.contents.flatMap((content, turn): Json[] => {
    if (!isObject(content) || !Array.isArray(content.parts) || !content.parts.some(isForeign)) return [content]
    changed = true
    const path = (index: number) => `contents[${turn}].parts[${index}].thoughtSignature`
    const parts = content.parts.flatMap((part, index): Json[] => (isForeign(part) ? ownPart(part, path(index), lose) : [part]))
    return parts.length > 0 ? [{ ...content, parts }] : []
  })
  return changed ? { ...body, contents } : body
}

function isForeign(part: unknown): part is JsonObject {
  return isObject(part) && isWrapped(part.thoughtSignature ?? part.thought_signature)
}

function ownPart(
  { thoughtSignature: _, thought_signature: __, ...part }: JsonObject,
  path: string,
  lose: ReportLoss,
): JsonObject[] {
  const isCall = part.functionCall !== undefined || part.function_call !== undefined
  lose(path, isCall ? 'approximated' : 'dropped', "Another vendor's signature means nothing to Gemini.")
  if (isCall) return [{ ...part, thoughtSignature: unsignedCall }]
  // Hidden thinking is nothing but its signature.
  return part.text === '' ? [] : [part]
}
