import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { schemaInstance } from '../../src/testing/mock/schema-instance.js'

type Schema = Record<string, unknown>
const fits = (schema: Schema, value: unknown) => z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema).safeParse(value).success

const range = (from: number, to: number) => fc.tuple(fc.integer({ min: from, max: to }), fc.integer({ min: 0, max: 20 }))
const leaf: fc.Arbitrary<Schema> = fc.oneof(
  fc.constant({ type: 'boolean' }),
  fc.constant({ type: 'null' }),
  fc.constant({ type: 'string' }),
  fc.constant({ type: ['string', 'null'] }),
  range(0, 30).map(([least, more]) => ({ type: 'string', minLength: least, maxLength: least + more })),
  fc.constantFrom('email', 'uuid', 'date-time', 'date', 'uri', 'ipv4').map((format) => ({ type: 'string', format })),
  range(-50, 50).map(([least, more]) => ({ type: 'integer', minimum: least, maximum: least + more })),
  range(-50, 50).map(([least, more]) => ({ type: 'number', minimum: least, maximum: least + more })),
  range(-50, 50).map(([least, more]) => ({ type: 'integer', exclusiveMinimum: least, exclusiveMaximum: least + more + 2 })),
  range(-50, 50).map(([most]) => ({ type: 'integer', maximum: most })),
  fc.integer({ min: 1, max: 9 }).map((step) => ({ type: 'integer', minimum: 1, multipleOf: step })),
  fc.uniqueArray(fc.oneof(fc.string(), fc.integer()), { minLength: 1, maxLength: 4 }).map((values) => ({ enum: values })),
  fc.oneof(fc.string(), fc.integer(), fc.boolean()).map((value) => ({ const: value })),
)
const schemas = fc.letrec<{ any: Schema }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    leaf,
    range(0, 2).chain(([least, more]) =>
      tie('any').map((items) => ({ type: 'array', items, minItems: least, maxItems: least + more + 1 })),
    ),
    fc
      .tuple(fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('any'), { maxKeys: 4 }), fc.nat(4))
      .map(([properties, count]) => ({
        type: 'object',
        properties,
        required: Object.keys(properties).slice(0, count),
        additionalProperties: false,
      })),
    fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
  ),
})).any

describe('an instance of a schema', () => {
  test('fits the schema, whatever it is', () => {
    fc.assert(
      fc.property(schemas, (schema) => fits(schema, schemaInstance(schema))),
      { numRuns: 500 },
    )
  })

  test('is the same each time, and another with another seed', () => {
    fc.assert(fc.property(schemas, (schema) => void expect(schemaInstance(schema)).toEqual(schemaInstance(schema))))
    const wide = { type: 'object', properties: Object.fromEntries([...'abcdef'].map((name) => [name, { type: 'integer' }])) }
    expect(schemaInstance(wide, 'one')).not.toEqual(schemaInstance(wide, 'two'))
  })

  test('has the members in the order of the schema', () => {
    const schema = { type: 'object', properties: { z: { type: 'null' }, a: { type: 'null' } }, required: ['a', 'z'] }
    expect(JSON.stringify(schemaInstance(schema))).toBe('{"z":null,"a":null}')
  })

  test('has only what is required, where something is', () => {
    const schema = { type: 'object', properties: { a: { type: 'null' }, b: { type: 'null' } }, required: ['b'] }
    expect(schemaInstance(schema)).toEqual({ b: null })
    expect(schemaInstance({ ...schema, required: [] })).toEqual({ a: null, b: null })
  })

  test('is empty for a schema without properties', () => {
    expect(schemaInstance({ type: 'object', properties: {} })).toEqual({})
    expect(schemaInstance({ type: 'object' })).toEqual({})
  })

  test.each([
    ['$defs', { $ref: '#/$defs/x', $defs: { x: { type: 'object', properties: { a: { const: 1 } } } } }],
    [
      'definitions',
      { allOf: [{ $ref: '#/definitions/x' }], definitions: { x: { properties: { a: { const: 1 } }, required: ['a'] } } },
    ],
    ['two parts', { allOf: [{ properties: { a: { type: 'integer' } }, required: ['a'] }, { properties: { a: { const: 1 } } }] }],
  ])('follows references and joins parts (%s)', (_, schema) => {
    expect(schemaInstance(schema)).toEqual({ a: 1 })
  })

  test('ends for a schema that contains itself', () => {
    const node = {
      type: 'object',
      properties: { name: { type: 'string' }, next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
    }
    const required = { ...node, required: ['name', 'next'] }
    const tree = { ...node, properties: { kids: { type: 'array', items: { $ref: '#/$defs/node' } } }, required: ['kids'] }
    for (const one of [required, tree]) {
      const schema = { $ref: '#/$defs/node', $defs: { node: one } }
      const instance = schemaInstance(schema)
      expect(JSON.stringify(instance).length).toBeLessThan(1000)
      expect(fits(schema, instance)).toBe(true)
    }
  })

  test('prefers a value to null where both will do', () => {
    expect(schemaInstance({ anyOf: [{ type: 'null' }, { type: 'string' }] })).toBe('sample value')
  })

  test.each([
    ['^[A-Z]{3}-\\d{3}$', true],
    ['^\\d{4}$', true],
    ['^(?=impossible)x$', false],
  ])('tries the usual texts for the pattern %s', (pattern, found) => {
    expect(new RegExp(pattern).test(String(schemaInstance({ type: 'string', pattern })))).toBe(found)
  })

  test("understands Google's own spelling", () => {
    const schema = {
      type: 'OBJECT',
      properties: { list: { type: 'ARRAY', items: { type: 'INTEGER' }, minItems: '2' } },
      required: ['list'],
    }
    expect(schemaInstance(schema)).toEqual({ list: [expect.any(Number), expect.any(Number)] })
  })
})
