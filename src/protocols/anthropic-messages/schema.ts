/**
 * The part of JSON Schema that structured outputs are held to. What goes beyond it is refused by the vendor, so it is
 * told to the model in the description instead, as the vendor's own SDKs do.
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */
import { isObject, type Json, type JsonObject } from '../../core/json.js'

/** Called with the place of each constraint that became words. */
export type Softened = (path: string) => void

export const beyondSubset = 'the model cannot be held to it and is told of it instead'

const always = new Set(['type', 'enum', 'const', 'description', 'title', '$ref', 'default', 'required'])
const formats = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'])
/** Members whose value is one schema, a list of schemas, or schemas by name. */
const nested: Readonly<Record<string, 'one' | 'list' | 'named'>> = {
  items: 'one',
  anyOf: 'list',
  allOf: 'list',
  oneOf: 'list',
  properties: 'named',
  $defs: 'named',
  definitions: 'named',
}

/** The schema within the subset; the same object when it was within it already, so that its bytes stay. */
export function withinSubset(schema: JsonObject, softened: Softened, path = ''): JsonObject {
  const out: JsonObject = {}
  const words: string[] = []
  for (const [name, value] of Object.entries(schema)) {
    if (value === undefined || name === '$schema' || name === '$id') continue
    if (Object.hasOwn(nested, name))
      out[name === 'oneOf' ? 'anyOf' : name] = nest(nested[name], value, softened, `${path}.${name}`)
    else if (isKnown(name, value, schema)) out[name] = value
    else if (name !== 'additionalProperties') {
      softened(`${path}.${name}`)
      words.push(`${name}: ${JSON.stringify(value)}`)
    } else if (value !== true) softened(`${path}.${name}`)
  }
  if (isObjectSchema(schema)) out.additionalProperties = false
  if (words.length > 0) out.description = [schema.description, `{${words.join(', ')}}`].filter(Boolean).join('\n\n')
  return JSON.stringify(out) === JSON.stringify(schema) ? schema : out
}

function isKnown(name: string, value: Json, schema: JsonObject): boolean {
  if (always.has(name)) return true
  if (name === 'format') return typeof value === 'string' && formats.has(value)
  if (name === 'minItems') return value === 0 || value === 1
  return name === 'additionalProperties' && value === false && isObjectSchema(schema)
}

function isObjectSchema({ type, properties }: JsonObject): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || (type === undefined && properties !== undefined)
}

function nest(kind: 'one' | 'list' | 'named' | undefined, value: Json, softened: Softened, path: string): Json {
  const within = (schema: Json | undefined, at: string): Json =>
    isObject(schema) ? withinSubset(schema as JsonObject, softened, at) : (schema ?? {})
  if (kind === 'list') return Array.isArray(value) ? value.map((schema, index) => within(schema, `${path}[${index}]`)) : value
  if (kind === 'one' || !isObject(value)) return within(value, path)
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, within(schema as Json, `${path}.${name}`)]))
}
