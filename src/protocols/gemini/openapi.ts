/** Google's `Schema` (a subset of OpenAPI 3.0) as JSON Schema: for a caller who speaks Gemini to another vendor. */
import { isObject, type JsonObject } from '../../core/json.js'
import { asJsonObject, message } from './wire.js'

/** Numbers that protocol buffers write as strings. */
const integers = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'])

export function fromOpenApi(schema: unknown): JsonObject {
  return asJsonObject(convert(schema)) ?? {}
}

function convert(value: unknown): Record<string, unknown> {
  const { propertyOrdering, nullable, ...schema } = message(value)
  const out: Record<string, unknown> = {}
  for (const [word, inner] of Object.entries(schema)) {
    if (word === 'type') {
      const type = String(inner).toLowerCase()
      if (type !== 'type_unspecified') out.type = nullable === true ? [type, 'null'] : type
    } else if (word === 'properties' && isObject(inner)) {
      out.properties = Object.fromEntries(ordered(inner, propertyOrdering).map(([name, each]) => [name, convert(each)]))
    } else if (word === 'items') out.items = convert(inner)
    else if (word === 'anyOf' && Array.isArray(inner)) {
      out.anyOf = [...inner.map(convert), ...(nullable === true ? [{ type: 'null' }] : [])]
    } else if (word === 'enum' && Array.isArray(inner)) out.enum = nullable === true ? [...inner, null] : inner
    else if (word === 'example') out.examples = [inner]
    else out[word] = integers.has(word) && typeof inner === 'string' ? Number(inner) : inner
  }
  return out
}

/** JSON Schema has no order of properties but the one they stand in. */
function ordered(properties: Record<string, unknown>, ordering: unknown): [string, unknown][] {
  const names = Array.isArray(ordering) ? ordering.map(String) : []
  const rank = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length)
  return Object.entries(properties).sort(([a], [b]) => rank(a) - rank(b))
}
