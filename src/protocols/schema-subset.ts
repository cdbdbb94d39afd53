/**
 * The part of JSON Schema that structured outputs are held to at Anthropic and Bedrock. What goes beyond it is refused, so it is
 * told to the model in the description instead, as Anthropic's own SDKs do.
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 * https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
 */
import { isObject, type Json, type JsonObject } from '../core/json.js'
import { pointed } from './json-pointer.js'

/** Called with the place of each constraint that became words. */
export type Softened = (path: string) => void

export const beyondSubset = 'the model cannot be held to it and is told of it instead'

/** Whether the schema holds itself, as that of a tree does, which no description can stand in for: such a one is refused. */
export function holdsItself(schema: JsonObject): boolean {
  const around = new Set<object>()
  const plain = new Set<object>()
  return within(schema)

  function within(value: unknown): boolean {
    if (typeof value !== 'object' || value === null || plain.has(value)) return false
    if (around.has(value)) return true
    around.add(value)
    const found = Object.entries(value).some(([name, inner]) =>
      within(name === '$ref' && typeof inner === 'string' ? pointed(schema, inner) : inner),
    )
    around.delete(value)
    plain.add(value)
    return found
  }
}

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
    // Beside `anyOf` there is no place for it.
    const isSecond = name === 'oneOf' && schema.anyOf !== undefined
    if (Object.hasOwn(nested, name) && !isSecond)
      out[name === 'oneOf' ? 'anyOf' : name] = nest(nested[name], value, softened, `${path}.${name}`)
    else if (isKnown(name, value, schema)) out[name] = value
    else if (name !== 'additionalProperties') {
      softened(`${path}.${name}`)
      words.push(`${name}: ${JSON.stringify(value)}`)
    } else softened(`${path}.${name}`)
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
