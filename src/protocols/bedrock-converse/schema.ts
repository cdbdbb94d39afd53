import { isObject, type Json, type JsonObject } from '../../core/json.js'
import { lookup } from '../lookup.js'

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

/**
 * The schema with every object closed, which Bedrock demands of structured output; the same object when all were.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
 */
export function closedSchema(schema: JsonObject): JsonObject {
  let copy: JsonObject | undefined
  for (const [name, value] of Object.entries(schema)) {
    const kind = lookup(nested, name)
    const closed = kind && value !== undefined ? within(value, kind) : value
    if (closed !== value) (copy ??= { ...schema })[name] = closed
  }
  const isOpen = (schema.type === 'object' || isObject(schema.properties)) && schema.additionalProperties === undefined
  return isOpen ? { ...(copy ?? schema), additionalProperties: false } : (copy ?? schema)
}

function within(value: Json, kind: 'one' | 'list' | 'named'): Json {
  if (kind === 'one') return isSchema(value) ? closedSchema(value) : value
  if (kind === 'list') {
    if (!Array.isArray(value)) return value
    const closed = value.map((schema) => within(schema, 'one'))
    return closed.some((schema, index) => schema !== value[index]) ? closed : value
  }
  if (!isSchema(value)) return value
  const closed = Object.entries(value).map(
    ([name, schema]) => [name, schema === undefined ? schema : within(schema, 'one')] as const,
  )
  return closed.some(([name, schema]) => schema !== value[name]) ? Object.fromEntries(closed) : value
}

function isSchema(value: Json): value is JsonObject {
  return isObject(value)
}
