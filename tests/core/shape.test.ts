import { describe, expect, test } from 'vitest'
import * as z from '../../src/core/shape.js'

const said = (shape: z.Shape, value: unknown) =>
  shape.faults(value, []).map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('a shape', () => {
  const small = z.int().check(z.minimum(1), z.maximum(9))

  test.each([
    [z.string(), 'x', 1],
    [z.boolean(), false, 'no'],
    [z.number(), 1.5, Number.NaN],
    [z.int(), 2, 2.5],
    [z.literal(false), false, true],
    [z.enum(['a', 'b']), 'b', 'c'],
    [z.array(z.string()), ['x'], [1]],
    [z.array(z.string()), [], 'x'],
    [z.record(z.string(), z.int()), { a: 1 }, { a: 'x' }],
    [z.record(z.string().check(z.regex(/^a/)), z.int()), { a: 1 }, { b: 1 }],
    [z.union([z.literal(false), z.array(z.int())]), [1], true],
    [z.strictObject({ a: z.int() }), { a: 1 }, {}],
    [z.strictObject({ a: z.optional(z.int()) }), { a: undefined }, { a: null }],
    [small, 9, 10],
    [small, 1, 0],
    [z.string().check(z.minLength(1)), 'x', ''],
  ])('takes what fits and nothing else', (shape, fits, wrong) => {
    expect(shape.faults(fits, [])).toEqual([])
    expect(shape.faults(wrong, [])).toHaveLength(1)
  })

  test('says where the fault is, and what is taken there', () => {
    const options = z.strictObject({ a: z.optional(z.strictObject({ b: z.array(small) })), c: z.optional(z.boolean()) })
    expect(said(options, { a: { b: [1, 10, 'x'] }, c: 1 })).toEqual([
      'a.b.1: must be at most 9',
      'a.b.2: must be a whole number',
      'c: must be a boolean',
    ])
    expect(said(options, { a: { b: [], d: 1 } })).toEqual(['a: unknown option `a.d` (known: b)'])
  })

  test('with several forms tells the faults of the one that was meant', () => {
    const form = z.union([z.literal(false), z.strictObject({ a: z.optional(small) })])
    expect(said(form, { a: 0 })).toEqual(['a: must be at least 1'])
    expect(said(form, { b: 0 })).toEqual([': unknown option `b` (known: a)'])
  })

  test('with several forms says all that it may be, where none was meant', () => {
    const form = z.union([z.literal(false), z.array(z.string()), z.strictObject({ a: z.optional(small) })])
    expect(said(form, 'x')).toEqual([': must be false or a list or an object'])
    expect(said(z.union([z.string().check(z.minLength(1)), form]), '')).toEqual([
      ': must be at least 1 or false or a list or an object',
    ])
  })

  test('is not fooled by names that every object has', () => {
    expect(said(z.strictObject({}), JSON.parse('{"constructor":1}'))).toHaveLength(1)
  })
})
