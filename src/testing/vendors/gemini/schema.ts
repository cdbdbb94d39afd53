/**
 * Google's own schema type, which is a small part of OpenAPI 3.0. JSON Schema goes into `parametersJsonSchema` and
 * `responseJsonSchema` instead. https://ai.google.dev/api/caching#Schema
 */
import { asArray, asObject, isObject } from '../../../core/json.js'

const fields = new Set(
  `anyOf default description enum example format items maxItems maxLength maxProperties maximum minItems minLength
  minProperties minimum nullable pattern properties propertyOrdering required title type`.split(/\s+/),
)

/** Every field that Google does not know, as it complains of it. */
export function unknownFields(given: unknown, path: string): { readonly path: string; readonly why: string }[] {
  const schema = asObject(given)
  const out: { path: string; why: string }[] = []
  for (const [name, value] of Object.entries(schema)) {
    if (!fields.has(camel(name))) out.push({ path, why: `Unknown name "${name}" at '${path}': Cannot find field.` })
    else if (name === 'type' && Array.isArray(value)) {
      out.push({ path, why: `Unknown name "type" at '${path}': Proto field is not repeating, cannot start list.` })
    }
  }
  for (const [index, [, child]] of Object.entries(asObject(schema.properties)).entries()) {
    out.push(...unknownFields(child, `${path}.properties[${index}].value`))
  }
  if (isObject(schema.items)) out.push(...unknownFields(schema.items, `${path}.items`))
  for (const [index, child] of asArray(schema.anyOf).entries()) out.push(...unknownFields(child, `${path}.any_of[${index}]`))
  return out
}

/** What a schema of known fields may still lack. */
export function schemaFaults(given: unknown, path: string): string[] {
  const schema = asObject(given)
  const type = String(schema.type ?? '').toLowerCase()
  const properties = Object.entries(asObject(schema.properties))
  const names = Object.keys(asObject(schema.properties))
  const lost = asArray(schema.required).findIndex((name) => !names.includes(String(name)))
  return [
    ...(type === 'array' && !isObject(schema.items) ? [`${path}.items: missing field.`] : []),
    ...(lost >= 0 && type === 'object' ? [`${path}.required[${lost}]: property is not defined`] : []),
    ...(Array.isArray(schema.enum) && type !== 'string' ? [`${path}.enum: only allowed for STRING type`] : []),
    ...properties.flatMap(([name, child]) => schemaFaults(child, `${path}.properties[${name}]`)),
    ...(isObject(schema.items) ? schemaFaults(schema.items, `${path}.items`) : []),
    ...asArray(schema.anyOf).flatMap((child, index) => schemaFaults(child, `${path}.any_of[${index}]`)),
  ]
}

/** Google reads both `systemInstruction` and `system_instruction`. */
export const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
