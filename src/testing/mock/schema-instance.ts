import { asArray, asNumber, asObject, asString, isObject } from '../../core/json.js'
import { pointed } from '../../protocols/json-pointer.js'
import { makeIds, numberOf, uuid } from './ids.js'

/** Deeper than this, optional members are left out and alternatives that end are taken, so that recursive schemas end. */
const maxDepth = 4

type Schema = Record<string, unknown>
interface Place {
  readonly root: Schema
  /** The way to this value, which is what its content is made from. */
  readonly path: string
  readonly name: string
  readonly depth: number
}

/**
 * A value that the JSON Schema accepts, always the same one for the same schema. Members that are required are always there;
 * without any required, all are. Google's upper-case type names and `nullable` are understood too.
 */
export function schemaInstance(schema: unknown, seed = ''): unknown {
  return generate(asObject(schema), { root: asObject(schema), path: seed, name: 'value', depth: 0 })
}

function generate(given: Schema, place: Place): unknown {
  const schema = resolve(given, place.root)
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[numberOf(place.path, schema.enum.length)]
  const branch = pickBranch(schema, place)
  if (branch)
    return generate(merge(without(schema, ['anyOf', 'oneOf']), resolve(branch, place.root)), { ...place, depth: place.depth + 1 })
  if ('default' in schema) return schema.default
  return (generators[typeOf(schema)] ?? stringOf)(schema, place)
}

const generators: Record<string, (schema: Schema, place: Place) => unknown> = {
  object: objectOf,
  array: arrayOf,
  string: stringOf,
  number: (schema, place) => numberWithin(schema, place, 0.5),
  integer: (schema, place) => numberWithin(schema, place, 0),
  boolean: (_, place) => numberOf(place.path, 2) === 0,
  null: () => null,
}

function resolve(schema: Schema, root: Schema): Schema {
  let out = schema
  for (let hops = 0; typeof out.$ref === 'string' && hops < 20; hops++) {
    const target = asObject(pointed(root, out.$ref))
    out = merge(without(out, ['$ref']), target)
  }
  for (const part of asArray(out.allOf)) out = merge(without(out, ['allOf']), resolve(asObject(part), root))
  return out
}

function merge(one: Schema, other: Schema): Schema {
  const out: Schema = { ...one, ...other }
  if (isObject(one.properties) && isObject(other.properties)) out.properties = { ...one.properties, ...other.properties }
  if (Array.isArray(one.required) && Array.isArray(other.required)) out.required = [...one.required, ...other.required]
  return out
}

function without(schema: Schema, keys: readonly string[]): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !keys.includes(key)))
}

function pickBranch(schema: Schema, place: Place): Schema | undefined {
  const branches = (Array.isArray(schema.anyOf) ? schema.anyOf : asArray(schema.oneOf)).map(asObject)
  const isNull = (branch: Schema) => typeOf(branch) === 'null'
  // Deep down, a null or a plain value ends the recursion; near the top, something is worth more than nothing.
  const ends = (branch: Schema) => !('$ref' in branch) && !['object', 'array'].includes(typeOf(branch))
  return (place.depth >= maxDepth ? branches.find(ends) : branches.find((branch) => !isNull(branch))) ?? branches[0]
}

function typeOf(schema: Schema): string {
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).map((type) => asString(type)?.toLowerCase())
  const named = types.find((type) => type !== undefined && type !== 'null') ?? types.find((type) => type !== undefined)
  if (named) return named
  if (isObject(schema.properties)) return 'object'
  return isObject(schema.items) ? 'array' : 'string'
}

const inside = (place: Place, step: string, name = step): Place => ({
  ...place,
  path: `${place.path}/${step}`,
  name,
  depth: place.depth + 1,
})

function objectOf(schema: Schema, place: Place): unknown {
  const properties = asObject(schema.properties)
  const required = new Set(asArray(schema.required))
  const all = required.size === 0 && place.depth < maxDepth
  const names = [...Object.keys(properties), ...[...required].filter((name) => !(String(name) in properties)).map(String)]
  return Object.fromEntries(
    names
      .filter((name) => all || required.has(name))
      .map((name) => [name, generate(asObject(properties[name]), inside(place, name))]),
  )
}

function arrayOf(schema: Schema, place: Place): unknown {
  const fixed = asArray(schema.prefixItems).map((item, index) =>
    generate(asObject(item), inside(place, String(index), place.name)),
  )
  const least = Math.max(asNumber(Number(schema.minItems ?? 0)) ?? 0, fixed.length)
  const most = asNumber(Number(schema.maxItems ?? Number.POSITIVE_INFINITY)) ?? Number.POSITIVE_INFINITY
  const wanted = Math.min(Math.max(least, place.depth < maxDepth && isObject(schema.items) ? 1 : 0), most)
  const items = [...fixed]
  for (let index = fixed.length; index < wanted; index++) {
    items.push(generate(asObject(schema.items), inside(place, String(index), place.name)))
  }
  return items
}

const formats: Record<string, (place: Place) => string> = {
  'date-time': () => '2026-01-02T03:04:05Z',
  date: () => '2026-01-02',
  time: () => '03:04:05Z',
  duration: () => 'PT1H',
  email: (place) => `${place.name.replace(/\W/g, '')}@example.com`,
  hostname: () => 'example.com',
  uri: () => 'https://example.com/',
  ipv4: () => '192.0.2.1',
  ipv6: () => '2001:db8::1',
  uuid: (place) => uuid(makeIds(place.path, 'uuid')),
}

/** Patterns cannot be solved in general: the usual shapes are tried, and the plain text is left when none fits. */
const patternGuesses = [
  'A',
  'a',
  '1',
  '12',
  'AB',
  'ABC',
  'ab',
  'abc',
  'A1',
  'ABC-123',
  '123',
  '1234',
  '12345',
  'a-b',
  'a_b',
  'x@example.com',
]

function stringOf(schema: Schema, place: Place): string {
  const plain = formats[asString(schema.format) ?? '']?.(place) ?? `sample ${place.name}`
  const pattern = asString(schema.pattern)
  const text = pattern === undefined ? plain : ([plain, ...patternGuesses].find((guess) => matches(pattern, guess)) ?? plain)
  const characters = [...text.padEnd(asNumber(Number(schema.minLength ?? 0)) ?? 0, 'x')]
  return characters.slice(0, asNumber(Number(schema.maxLength ?? characters.length)) ?? characters.length).join('')
}

function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return true
  }
}

function numberWithin(schema: Schema, place: Place, fraction: number): number {
  const step = asNumber(schema.multipleOf) ?? 1
  const lowest = asNumber(schema.minimum) ?? (asNumber(schema.exclusiveMinimum) ?? 0) + (fraction || 1)
  const highest =
    asNumber(schema.maximum) ??
    (schema.exclusiveMaximum === undefined ? undefined : (asNumber(schema.exclusiveMaximum) ?? 0) - (fraction || 1))
  const from =
    schema.minimum === undefined && highest !== undefined && schema.exclusiveMinimum === undefined ? highest - 99 : lowest
  const first = Math.ceil(from / step) * step
  const room = highest === undefined ? 99 : Math.max(0, Math.floor((highest - first) / step))
  const wanted = first + numberOf(place.path, Math.min(room, 99) + 1) * step
  const withFraction = schema.multipleOf === undefined ? wanted + fraction : wanted
  if (highest !== undefined && withFraction > highest) return Math.min(first, highest)
  return withFraction
}
