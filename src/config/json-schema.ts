/** The same shapes as JSON Schema (draft 2020-12), for editors and for programs: https://json-schema.org/draft/2020-12 */
import type { JsonObject } from '../core/json.js'
import type { Shape } from '../core/shape.js'

/** @returns undefined for what only code can say: a function, or a list of modules */
export function jsonSchemaOf(shape: Shape): JsonObject | undefined {
  const { values, items, each, forms, members } = shape
  if (values) return { enum: [...values] }
  if (forms) return oneOf(forms)
  if (members) return objectOf(members)
  if (items) {
    const inner = jsonSchemaOf(items)
    return inner && { type: 'array', items: inner, ...boundsOf(shape, 'minItems', []) }
  }
  if (each) return { type: 'object', additionalProperties: jsonSchemaOf(each) ?? {} }
  return plain(shape)
}

function plain(shape: Shape): JsonObject | undefined {
  const { expected = '' } = shape
  switch (expected) {
    case 'a string':
      return { type: 'string', ...boundsOf(shape, 'minLength', '') }
    case 'a boolean':
      return { type: 'boolean' }
    case 'a number':
      return { type: 'number', ...numbersOf(shape) }
    case 'a whole number':
      return { type: 'integer', ...numbersOf(shape) }
    case 'a function':
      return undefined
    default:
      return { type: 'object', description: expected }
  }
}

function objectOf(members: Readonly<Record<string, Shape>>): JsonObject {
  const known = Object.entries(members).flatMap(([name, member]) => {
    const said = jsonSchemaOf(member)
    return said ? [[name, said] as const] : []
  })
  const required = Object.entries(members).flatMap(([name, { optional }]) => (optional ? [] : [name]))
  return {
    type: 'object',
    properties: Object.fromEntries(known),
    additionalProperties: false,
    ...(required.length > 0 && { required }),
  }
}

function oneOf(forms: readonly Shape[]): JsonObject | undefined {
  const said = forms.map(jsonSchemaOf).filter((form) => form !== undefined)
  return said.length > 1 ? { anyOf: said } : said[0]
}

/** A bound is a function, which tells itself when it is overstepped. */
function boundsOf({ refinements = [] }: Shape, name: string, empty: '' | readonly []): JsonObject {
  return Object.assign({}, ...refinements.map((refine) => bound(refine(empty as never), { 'at least': name })))
}

function numbersOf({ refinements = [] }: Shape): JsonObject {
  const names = { 'at least': 'minimum', 'at most': 'maximum', above: 'exclusiveMinimum', below: 'exclusiveMaximum' }
  const beyond = [-Number.MAX_VALUE, Number.MAX_VALUE]
  return Object.assign({}, ...refinements.flatMap((refine) => beyond.map((value) => bound(refine(value as never), names))))
}

function bound(said: string | undefined, names: Readonly<Record<string, string>>): JsonObject {
  const [, how = '', value] = /^must be (at least|at most|above|below) (\d+(?:\.\d+)?)$/.exec(said ?? '') ?? []
  const name = names[how]
  return name === undefined ? {} : { [name]: Number(value) }
}
