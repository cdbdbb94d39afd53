/**
 * JSON Schema as the subset of OpenAPI 3.0 that `parameters` and `responseSchema` take. Gemini refuses a schema with one
 * word it does not know, so only known words pass: a list of words to strip is never complete.
 * The words: https://ai.google.dev/api/caching#Schema
 */
import { asArray, asObject, asString, isObject, type JsonObject } from '../../core/json.js'
import { lookup } from '../lookup.js'
import type { ReportLoss } from '../protocol.js'
import { inlined } from './schema-refs.js'
import { asJsonObject } from './wire.js'

type Schema = Record<string, unknown>

interface Place {
  readonly path: string
  readonly lose: ReportLoss
}

const wordsOf: Readonly<Record<string, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'format'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'format'],
  boolean: [],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  object: ['properties', 'required', 'minProperties', 'maxProperties', 'propertyOrdering'],
}

/** Other values of `format` are refused. */
const formats: Readonly<Record<string, readonly string[]>> = {
  string: ['date-time', 'enum'],
  number: ['float', 'double'],
  integer: ['int32', 'int64'],
}

/** Read apart from the table below, or without any effect on what fits the schema. */
const quiet = new Set([
  'type',
  'nullable',
  'enum',
  'const',
  'anyOf',
  'oneOf',
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
])

const isQuiet = (word: string, value: unknown) => quiet.has(word) || (word === 'additionalProperties' && value === true)

/** For whoever reads the schema. */
const annotations = new Set(['title', 'description', 'default'])

export function toOpenApi(schema: JsonObject, path: string, lose: ReportLoss): JsonObject {
  return asJsonObject(convert(inlined(schema, path, lose), { path, lose })) ?? {}
}

function convert(value: unknown, place: Place): Schema {
  const schema = asObject(value)
  const types = typesOf(schema)
  const nullable = types.includes('null') || schema.nullable === true || valuesOf(schema)?.includes(null) === true
  const named = types.filter((type) => type !== 'null')
  const branches = branchesOf(schema, named, place)
  if (branches) return anyOf(schema, branches, nullable, place)
  if (named.length > 1) {
    return anyOf(
      schema,
      named.map((type) => only(schema, type, named)),
      nullable,
      place,
    )
  }
  const [type] = named
  if (type === undefined || !Object.hasOwn(wordsOf, type)) {
    if (types.length === 1 && nullable) return { type: 'NULL' }
    place.lose(place.path, 'approximated', 'Gemini wants a type for every value; this one is sent as a string.')
    return typed(schema, 'string', nullable, place)
  }
  return typed(schema, type, nullable, place)
}

/** The types that the schema names, or that its other words imply. */
function typesOf(schema: Schema): string[] {
  if (schema.type !== undefined) return [schema.type].flat().flatMap((type) => asString(type)?.toLowerCase() ?? [])
  if (schema.properties || schema.additionalProperties) return ['object']
  if (schema.items || schema.prefixItems) return ['array']
  const values = valuesOf(schema)
  return values ? [...new Set(values.map((value) => (value === null ? 'null' : typeof value)))] : []
}

function valuesOf(schema: Schema): unknown[] | undefined {
  if ('const' in schema) return [schema.const]
  return Array.isArray(schema.enum) ? schema.enum : undefined
}

const nothingBeside = 'Gemini takes no other word beside `anyOf`.'

/** The alternatives, when they are all there is to the schema: Gemini takes no other word beside `anyOf`. */
function branchesOf(schema: Schema, types: readonly string[], { path, lose }: Place): Schema[] | undefined {
  const word = asArray(schema.anyOf).length > 0 ? 'anyOf' : asArray(schema.oneOf).length > 0 ? 'oneOf' : undefined
  if (!word) return undefined
  if (schema.properties || schema.items || valuesOf(schema)) {
    lose(`${path}.${word}`, 'dropped', nothingBeside)
    return undefined
  }
  if (word === 'oneOf') lose(`${path}.oneOf`, 'approximated', 'Sent as `anyOf`: Gemini cannot ask for exactly one.')
  const type = types.length > 0 ? { type: [...types] } : {}
  const branches = asArray(schema[word]).map((branch) => ({ ...type, ...asObject(branch) }))
  // One alone takes them on.
  if (branches.filter((branch) => !isNull(branch)).length > 1)
    for (const [other, value] of Object.entries(schema))
      if (!isQuiet(other, value) && !annotations.has(other)) lose(`${path}.${other}`, 'dropped', nothingBeside)
  return branches
}

function anyOf(schema: Schema, branches: readonly Schema[], outerNullable: boolean, place: Place): Schema {
  const real = branches.filter((branch) => !isNull(branch))
  const nullable = outerNullable || real.length < branches.length
  const inherited = nullable ? { nullable } : {}
  const described = (branch: Schema) => ({
    ...(schema.description !== undefined && { description: schema.description }),
    ...branch,
    ...inherited,
  })
  const [one] = real
  if (!one) return { type: 'NULL' }
  if (real.length === 1) {
    const { anyOf: _, oneOf: __, type: ___, nullable: ____, ...rest } = schema
    return convert({ ...rest, ...described(one) }, place)
  }
  return { anyOf: real.map((branch, index) => convert(described(branch), { ...place, path: `${place.path}.anyOf[${index}]` })) }
}

function isNull(schema: Schema): boolean {
  return schema.type === 'null' || ('const' in schema && schema.const === null)
}

/** The schema for one of its types: without the words that speak of the others. */
function only(schema: Schema, type: string, types: readonly string[]): Schema {
  const foreign = new Set(types.filter((other) => other !== type).flatMap((other) => lookup(wordsOf, other) ?? []))
  for (const word of lookup(wordsOf, type) ?? []) foreign.delete(word)
  const values = valuesOf(schema)?.filter((value) => typeof value === (type === 'integer' ? 'number' : type))
  const kept = Object.entries(schema).filter(([word]) => !foreign.has(word) && word !== 'const' && word !== 'enum')
  return { ...Object.fromEntries(kept), type, ...(values && values.length > 0 && { enum: values }) }
}

function typed(schema: Schema, type: string, nullable: boolean, place: Place): Schema {
  const out: Schema = { type: type.toUpperCase() }
  for (const [word, value] of Object.entries(schema)) {
    if (isQuiet(word, value)) continue
    if (annotations.has(word)) out[word] = value
    else if (wordsOf[type]?.includes(word)) words[word]?.(out, value, schema, place, type)
    else place.lose(`${place.path}.${word}`, 'dropped', `Gemini's schemas have no \`${word}\` here.`)
  }
  enumerate(out, schema, type, place)
  if (type === 'array' && !out.items) {
    place.lose(`${place.path}.items`, 'approximated', 'Gemini wants the items of every array; they are sent as strings.')
    out.items = { type: 'STRING' }
  }
  if (nullable) out.nullable = true
  return out
}

function enumerate(out: Schema, schema: Schema, type: string, { path, lose }: Place): void {
  const values = valuesOf(schema)?.filter((value) => value !== null)
  if (!values || values.length === 0) return
  if (type === 'string') out.enum = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
  else lose(`${path}.${'const' in schema ? 'const' : 'enum'}`, 'dropped', 'Gemini lists the values of strings only.')
}

type Word = (out: Schema, value: unknown, schema: Schema, place: Place, type: string) => void

const copy =
  (word: string): Word =>
  (out, value) => {
    out[word] = value
  }

/** An exclusive bound: exact for whole numbers, one value too many for others. */
const exclusive =
  (from: string, to: string, step: number): Word =>
  (out, value, _, { path, lose }, type) => {
    if (typeof value !== 'number') return lose(`${path}.${from}`, 'dropped', `Gemini's schemas have no \`${from}\`.`)
    out[to] = type === 'integer' ? value + step : value
    if (type !== 'integer') lose(`${path}.${from}`, 'approximated', `Sent as \`${to}\`, which lets the bound itself through.`)
  }

/** How each word of {@link wordsOf} is written. */
const words: Readonly<Record<string, Word>> = {
  ...Object.fromEntries(
    ['minLength', 'maxLength', 'pattern', 'minimum', 'maximum', 'minItems', 'maxItems', 'minProperties', 'maxProperties'].map(
      (word) => [word, copy(word)],
    ),
  ),
  propertyOrdering: copy('propertyOrdering'),
  exclusiveMinimum: exclusive('exclusiveMinimum', 'minimum', 1),
  exclusiveMaximum: exclusive('exclusiveMaximum', 'maximum', -1),
  format(out, value, _, { path, lose }, type) {
    if (typeof value === 'string' && formats[type]?.includes(value)) out.format = value
    else lose(`${path}.format`, 'dropped', `Gemini's schemas have no such format of a ${type}.`)
  },
  properties(out, value, _, place) {
    if (!isObject(value)) return
    out.properties = Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        name,
        convert(inner, { ...place, path: `${place.path}.properties.${name}` }),
      ]),
    )
  },
  required(out, value, schema, { path, lose }) {
    const names = asArray(value)
    const { properties } = schema
    const known = names.filter((name) => typeof name === 'string' && isObject(properties) && Object.hasOwn(properties, name))
    if (known.length > 0) out.required = known
    if (known.length < names.length)
      lose(`${path}.required`, 'approximated', 'Gemini refuses a required name without a property.')
  },
  items(out, value, _, place) {
    out.items = convert(value, { ...place, path: `${place.path}.items` })
  },
  prefixItems(out, value, schema, place) {
    if (isObject(schema.items)) return
    const kinds = asArray(value).filter(isObject)
    place.lose(`${place.path}.prefixItems`, 'approximated', 'Sent as items of any of these kinds: Gemini knows no tuples.')
    const inner = { ...place, path: `${place.path}.prefixItems` }
    out.items = kinds.length === 1 ? convert(kinds[0], inner) : anyOf({}, kinds, false, inner)
  },
}
