import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../../src/core/json.js'
import { fromOpenApi } from '../../../src/protocols/gemini/openapi.js'
import { toOpenApi } from '../../../src/protocols/gemini/schema.js'
import { brief, collectLosses } from './support.js'

function convert(schema: JsonObject) {
  const { losses, lose } = collectLosses()
  return { schema: toOpenApi(schema, 'p', lose), losses: brief(losses) }
}

describe('JSON Schema as the OpenAPI subset', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['a type in capitals', { type: 'string', description: 'x' }, { type: 'STRING', description: 'x' }],
    ['a list of types with null', { type: ['string', 'null'] }, { type: 'STRING', nullable: true }],
    [
      'a list of types',
      { type: ['string', 'integer', 'null'], description: 'x', minLength: 1, minimum: 2 },
      {
        anyOf: [
          { type: 'STRING', description: 'x', minLength: 1, nullable: true },
          { type: 'INTEGER', description: 'x', minimum: 2, nullable: true },
        ],
      },
    ],
    [
      'a list of types with values to choose from',
      { type: ['string', 'boolean'], enum: ['a', 'b'] },
      { anyOf: [{ type: 'STRING', enum: ['a', 'b'] }, { type: 'BOOLEAN' }] },
    ],
    [
      'a type that all alternatives share',
      { type: ['string', 'null'], anyOf: [{ pattern: '^a' }, { maxLength: 3 }] },
      {
        anyOf: [
          { type: 'STRING', pattern: '^a', nullable: true },
          { type: 'STRING', maxLength: 3, nullable: true },
        ],
      },
    ],
    [
      'what holds for the only alternative',
      { anyOf: [{ type: 'string' }, { const: null }], maxLength: 3 },
      { type: 'STRING', maxLength: 3, nullable: true },
    ],
    [
      'a type that its words imply',
      { items: { properties: { a: { type: 'string' } } } },
      { type: 'ARRAY', items: { type: 'OBJECT', properties: { a: { type: 'STRING' } } } },
    ],
    ['null and nothing else', { anyOf: [{ type: 'null' }] }, { type: 'NULL' }],
    ['a constant text', { const: 'a' }, { type: 'STRING', enum: ['a'] }],
    ['an enum with null', { enum: ['a', 'b', null] }, { type: 'STRING', enum: ['a', 'b'], nullable: true }],
    [
      'any of a type and null',
      { anyOf: [{ type: 'integer' }, { type: 'null' }], description: 'x' },
      { type: 'INTEGER', description: 'x', nullable: true },
    ],
    [
      'an exclusive bound of whole numbers',
      { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 10 },
      { type: 'INTEGER', minimum: 1, maximum: 9 },
    ],
    [
      'objects in objects, their members in order',
      {
        type: 'object',
        properties: { z: { type: 'boolean' }, a: { type: 'array', items: { type: 'number' }, minItems: 1 } },
        required: ['z'],
      },
      {
        type: 'OBJECT',
        properties: { z: { type: 'BOOLEAN' }, a: { type: 'ARRAY', items: { type: 'NUMBER' }, minItems: 1 } },
        required: ['z'],
      },
    ],
    [
      'a reference',
      {
        type: 'object',
        properties: { who: { $ref: '#/$defs/Person', description: 'x' } },
        $defs: { Person: { type: 'object', properties: { name: { type: 'string' } } } },
      },
      { type: 'OBJECT', properties: { who: { type: 'OBJECT', properties: { name: { type: 'STRING' } }, description: 'x' } } },
    ],
    ['allOf with one member', { allOf: [{ type: 'string' }], description: 'x' }, { type: 'STRING', description: 'x' }],
    [
      'properties that are called like words',
      {
        type: 'object',
        properties: { default: { $ref: '#/definitions/T' }, enum: { type: 'string' } },
        definitions: { T: { type: 'string' } },
      },
      { type: 'OBJECT', properties: { default: { type: 'STRING' }, enum: { type: 'STRING' } } },
    ],
    [
      'words without effect',
      { $schema: 'http://json-schema.org/draft-07/schema#', $id: 'x', type: 'string', additionalProperties: true },
      { type: 'STRING' },
    ],
    ['a format that Google knows', { type: 'string', format: 'date-time' }, { type: 'STRING', format: 'date-time' }],
  ])('%s', (_, schema, expected) => {
    expect(convert(schema)).toEqual({ schema: expected, losses: [] })
  })

  it('a type that every object has a member for is unknown like any other', () => {
    expect(convert({ type: 'constructor' })).toEqual({ schema: { type: 'STRING' }, losses: ['approximated p'] })
  })

  it.each<[string, JsonObject, JsonObject, string[]]>([
    [
      'additionalProperties',
      { type: 'object', properties: {}, additionalProperties: false },
      { type: 'OBJECT', properties: {} },
      ['dropped p.additionalProperties'],
    ],
    [
      'uniqueItems',
      { type: 'array', items: { type: 'string' }, uniqueItems: true },
      { type: 'ARRAY', items: { type: 'STRING' } },
      ['dropped p.uniqueItems'],
    ],
    ['a list without items', { type: 'array' }, { type: 'ARRAY', items: { type: 'STRING' } }, ['approximated p.items']],
    [
      'prefixItems',
      { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] },
      { type: 'ARRAY', items: { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }] } },
      ['approximated p.prefixItems'],
    ],
    ['numbers to choose from', { type: 'integer', enum: [1, 2] }, { type: 'INTEGER' }, ['dropped p.enum']],
    ['a constant number', { const: 5 }, { type: 'NUMBER' }, ['dropped p.const']],
    [
      'oneOf',
      { oneOf: [{ type: 'string' }, { type: 'number' }] },
      { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }] },
      ['approximated p.oneOf'],
    ],
    [
      'anyOf beside properties',
      { type: 'object', properties: { a: { type: 'string' } }, anyOf: [{ required: ['a'] }] },
      { type: 'OBJECT', properties: { a: { type: 'STRING' } } },
      ['dropped p.anyOf'],
    ],
    [
      'what holds for every alternative of several',
      {
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
        title: 'T',
        minLength: 3,
        not: { const: 'x' },
      },
      { anyOf: [{ type: 'STRING' }, { type: 'ARRAY', items: { type: 'STRING' } }] },
      ['dropped p.minLength', 'dropped p.not'],
    ],
    ['an unknown format', { type: 'string', format: 'email' }, { type: 'STRING' }, ['dropped p.format']],
    ['anything at all', {}, { type: 'STRING' }, ['approximated p']],
    [
      'a required name without a property',
      { type: 'object', properties: { a: { type: 'string' } }, required: ['a', 'b'] },
      { type: 'OBJECT', properties: { a: { type: 'STRING' } }, required: ['a'] },
      ['approximated p.required'],
    ],
    ['a word of tomorrow', { type: 'string', unevaluatedWonder: 1 }, { type: 'STRING' }, ['dropped p.unevaluatedWonder']],
    [
      'an exclusive bound of numbers',
      { type: 'number', exclusiveMinimum: 0 },
      { type: 'NUMBER', minimum: 0 },
      ['approximated p.exclusiveMinimum'],
    ],
    [
      'a reference that leads nowhere',
      { $ref: '#/$defs/Lost', description: 'x' },
      { type: 'OBJECT', description: 'x' },
      ['approximated p'],
    ],
    [
      'where in a schema it lost something',
      {
        anyOf: [
          { type: 'string', format: 'email' },
          { type: 'array', items: { type: 'string', format: 'uri' } },
        ],
      },
      { anyOf: [{ type: 'STRING' }, { type: 'ARRAY', items: { type: 'STRING' } }] },
      ['dropped p.anyOf[0].format', 'dropped p.anyOf[1].items.format'],
    ],
    [
      'a tuple of one',
      { type: 'array', prefixItems: [{ type: 'string', format: 'email' }] },
      { type: 'ARRAY', items: { type: 'STRING' } },
      ['approximated p.prefixItems', 'dropped p.prefixItems.format'],
    ],
    [
      'allOf with several members',
      {
        allOf: [
          { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
          { properties: { b: { type: 'string' } }, required: ['b'] },
        ],
      },
      { type: 'OBJECT', properties: { a: { type: 'STRING' }, b: { type: 'STRING' } }, required: ['a', 'b'] },
      ['approximated p.allOf'],
    ],
  ])('reports %s', (_, schema, expected, losses) => {
    expect(convert(schema)).toEqual({ schema: expected, losses })
  })

  it('reports where a schema holds itself, and stops there', () => {
    const tree: JsonObject = {
      $ref: '#/$defs/Tree',
      $defs: { Tree: { type: 'object', properties: { left: { $ref: '#/$defs/Tree' } } } },
    }
    expect(convert(tree)).toEqual({
      schema: { type: 'OBJECT', properties: { left: { type: 'OBJECT' } } },
      losses: ['approximated p.properties.left'],
    })
  })

  it('refuses a schema that its references blow up', () => {
    const level = (n: number): Json => ({
      type: 'object',
      properties: { a: { $ref: `#/$defs/d${n}` }, b: { $ref: `#/$defs/d${n}` } },
    })
    const $defs = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`d${n}`, level(n + 1)]))
    expect(() => convert({ $ref: '#/$defs/d0', $defs: { ...$defs, d30: { type: 'string' } } })).toThrow(
      /^\[invalid_request\].*too large/,
    )
  })

  const known =
    /^(type|title|description|default|nullable|enum|anyOf|items|minItems|maxItems|properties|required|minProperties|maxProperties|propertyOrdering|minimum|maximum|minLength|maxLength|pattern|format)$/

  function words(schema: Json | undefined): string[] {
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return []
    return Object.entries(schema).flatMap(([word, value]) => {
      if (word === 'properties') return [word, ...Object.values(value as JsonObject).flatMap(words)]
      if (word === 'anyOf') return [word, ...(value as Json[]).flatMap(words)]
      return word === 'items' ? [word, ...words(value)] : [word]
    })
  }

  it('lets only known words through, whatever comes in, and takes no other word beside `anyOf`', () => {
    const word = fc.constantFrom(
      'type',
      'anyOf',
      'oneOf',
      'allOf',
      'enum',
      'const',
      'properties',
      'items',
      'prefixItems',
      '$ref',
      'not',
      'format',
      'required',
      'if',
      'patternProperties',
      'minimum',
      'description',
    )
    const { schema } = fc.letrec((tie) => ({
      schema: fc.dictionary(
        word,
        fc.oneof(
          { maxDepth: 4 },
          fc.constantFrom('string', 'object', '#/$defs/x', 3, null, true),
          tie('schema'),
          fc.array(tie('schema'), { maxLength: 3 }),
        ),
      ),
    }))
    fc.assert(
      fc.property(schema, (any) => {
        const out = convert(any as JsonObject).schema
        expect(words(out).filter((name) => !known.test(name))).toEqual([])
        if (out.anyOf) expect(Object.keys(out)).toEqual(['anyOf'])
        expect(out.anyOf).not.toEqual([])
      }),
    )
  })
})

describe('the OpenAPI subset as JSON Schema', () => {
  it('reads types, null, order and numbers written as strings', () => {
    const schema = {
      type: 'OBJECT',
      properties: {
        b: { type: 'STRING', nullable: true, enum: ['x'], max_length: '5' },
        a: { anyOf: [{ type: 'INTEGER' }], nullable: true },
        c: { type: 'ARRAY', items: { type: 'TYPE_UNSPECIFIED', example: 1 }, minItems: '1' },
      },
      propertyOrdering: ['c', 'a'],
      required: ['b'],
    }
    expect(JSON.stringify(fromOpenApi(schema))).toBe(
      JSON.stringify({
        type: 'object',
        properties: {
          c: { type: 'array', items: { examples: [1] }, minItems: 1 },
          a: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
          b: { type: ['string', 'null'], enum: ['x', null], maxLength: 5 },
        },
        required: ['b'],
      }),
    )
  })

  it('comes back as it was from a schema that both can say', () => {
    const leaf = fc.constantFrom<JsonObject>(
      { type: 'string', maxLength: 9 },
      { type: 'integer', minimum: 1 },
      { type: ['boolean', 'null'] },
      { type: 'string', enum: ['a', 'b'] },
    )
    const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        leaf,
        tie('schema').map((items): JsonObject => ({ type: 'array', items })),
        fc
          .dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('schema'), { noNullPrototype: true })
          .map((properties): JsonObject => ({ type: 'object', properties })),
      ),
    }))
    fc.assert(
      fc.property(schema, (json) => {
        const { schema: there, losses } = convert(json)
        expect(losses).toEqual([])
        expect(fromOpenApi(there)).toEqual(json)
      }),
    )
  })
})
