import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/core/json.js'
import { holdsItself, withinSubset } from '../../src/protocols/schema-subset.js'

function soften(schema: JsonObject) {
  const softened: string[] = []
  return { schema: withinSubset(schema, (path) => softened.push(path)), softened }
}

describe('a schema for structured output', () => {
  it('stays the same object when it asks for nothing unknown', () => {
    const schema: JsonObject = {
      type: 'object',
      properties: {
        b: { type: 'string', format: 'date', enum: ['x'] },
        a: { type: 'array', items: { $ref: '#/$defs/n' }, minItems: 1 },
      },
      required: ['b'],
      additionalProperties: false,
      $defs: { n: { anyOf: [{ type: 'null' }, { type: 'number' }] } },
    }
    expect(soften(schema)).toEqual({ schema, softened: [] })
    expect(soften(schema).schema).toBe(schema)
  })

  it('tells constraints that are refused in its descriptions', () => {
    const { schema, softened } = soften({
      type: 'object',
      properties: {
        age: { type: 'integer', minimum: 0, maximum: 150, description: 'In years.' },
        tags: { type: 'array', items: { type: 'string', pattern: '^a' }, minItems: 2 },
        when: { type: 'string', format: 'cron' },
      },
    })
    expect(schema).toEqual({
      type: 'object',
      properties: {
        age: { type: 'integer', description: 'In years.\n\n{minimum: 0, maximum: 150}' },
        tags: { type: 'array', items: { type: 'string', description: '{pattern: "^a"}' }, description: '{minItems: 2}' },
        when: { type: 'string', description: '{format: "cron"}' },
      },
      additionalProperties: false,
    })
    expect(softened).toEqual([
      '.properties.age.minimum',
      '.properties.age.maximum',
      '.properties.tags.items.pattern',
      '.properties.tags.minItems',
      '.properties.when.format',
    ])
  })

  it('closes every object, and reports the one that was open on purpose', () => {
    const { schema, softened } = soften({
      type: 'object',
      properties: { map: { type: 'object', additionalProperties: { type: 'string' } } },
    })
    expect(schema).toMatchObject({ additionalProperties: false, properties: { map: { additionalProperties: false } } })
    expect(softened).toEqual(['.properties.map.additionalProperties'])
  })

  it('keeps properties that are named like keywords', () => {
    const schema = {
      type: 'object',
      properties: { minimum: { type: 'number' }, items: { type: 'string' } },
      additionalProperties: false,
    }
    expect(soften(schema)).toEqual({ schema, softened: [] })
  })

  it('says anyOf for oneOf, and leaves the dialect out', () => {
    expect(soften({ $schema: 'https://json-schema.org/draft/2020-12/schema', oneOf: [{ type: 'string' }] })).toEqual({
      schema: { anyOf: [{ type: 'string' }] },
      softened: [],
    })
  })
})

describe('what has no place in the subset', () => {
  it('is told in words: alternatives beside others', () => {
    const anyOf = [{ type: 'string' }]
    const { schema, softened } = soften({ anyOf, oneOf: [{ const: 'a' }] })
    expect(schema).toEqual({ anyOf, description: '{oneOf: [{"const":"a"}]}' })
    expect(softened).toEqual(['.oneOf'])
  })

  it('is reported: an object of any members, which is closed', () => {
    expect(soften({ type: 'object', additionalProperties: true })).toEqual({
      schema: { type: 'object', additionalProperties: false },
      softened: ['.additionalProperties'],
    })
  })
})

describe('a schema that holds itself', () => {
  const tree = (ref: string): JsonObject => ({
    type: 'object',
    properties: { node: { $ref: '#/$defs/node' } },
    $defs: { node: { type: 'object', properties: { next: { anyOf: [{ $ref: ref }, { type: 'null' }] } } } },
  })

  it.each(['#/$defs/node', '#', '#/properties/node'])('is known by its reference %s', (ref) => {
    expect(holdsItself(tree(ref))).toBe(true)
  })

  it('is known where two hold each other', () => {
    const $defs = { a: { items: { $ref: '#/$defs/b' } }, b: { items: { $ref: '#/$defs/a' } } }
    expect(holdsItself({ $ref: '#/$defs/a', $defs })).toBe(true)
  })

  it('is none that names another twice, lacks what it names, or has a property of that name', () => {
    const $defs = { a: { type: 'string' } }
    const properties = {
      x: { $ref: '#/$defs/a' },
      y: { $ref: '#/$defs/a' },
      z: { $ref: '#/$defs/none' },
      $ref: { type: 'string' },
    }
    expect(holdsItself({ type: 'object', properties, $defs })).toBe(false)
  })
})
