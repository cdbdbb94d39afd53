import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { viewOf } from '../../../src/middleware/redact/view.js'

describe('JSON', () => {
  test('is read without its escapes, and cut where it was written', () => {
    const json = '{"a\\n":"x\\u0040y.com\\nz","n":4111111111111111}'
    const view = viewOf(json)
    const at = view.text.indexOf('x@y.com')
    const [place] = view.places(at, at + 7)
    expect(place).toMatchObject({ value: 'x@y.com', as: 'escaped' })
    expect(json.slice(place?.start, place?.end)).toBe('x\\u0040y.com')
  })

  test('a quote within a string does not end it', () => {
    const json = '{"a":"say \\"x@y.com\\" now"}'
    const view = viewOf(json)
    const at = view.text.indexOf('x@y.com')
    expect(view.places(at, at + 7)).toMatchObject([{ start: json.indexOf('x@y.com'), value: 'x@y.com' }])
  })

  test('a number is taken whole, to be put back as a string', () => {
    const json = '{"card": 4111111111111111, "b": 1}'
    const at = json.indexOf('1111')
    expect(viewOf(json).places(at, at + 4)).toEqual([{ start: 9, end: 25, value: '4111111111111111', as: 'string' }])
  })

  test('a number is taken with its sign, which a string could not stand behind', () => {
    const json = '{"balance":-4155550}'
    expect(viewOf(json).places(12, 19)).toEqual([{ start: 11, end: 19, value: '-4155550', as: 'string' }])
  })

  test('what goes beyond a string is taken string by string', () => {
    const json = '["one","two"]'
    expect(
      viewOf(json)
        .places(3, 10)
        .map(({ value }) => value),
    ).toEqual(['ne', 'tw'])
  })

  test('a string in which nothing stands has no part in it', () => {
    const json = '["one","","two"]'
    expect(
      viewOf(json)
        .places(3, 13)
        .map(({ value }) => value),
    ).toEqual(['ne', 'tw'])
  })

  test('any part of any string is where it says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }),
        fc.nat(200),
        fc.nat(20),
        (strings, from, length) => {
          const json = JSON.stringify(strings)
          const view = viewOf(json)
          for (const { start, end, value, as } of view.places(from, from + length)) {
            expect(as).toBe('escaped')
            expect(JSON.parse(`"${json.slice(start, end)}"`)).toBe(value)
          }
        },
      ),
    )
  })
})

test.each(['{"a": ', 'hello', '"text"', '12', '[see here] x'])('what is no object or list is a plain text: %s', (text) => {
  expect(viewOf(text).text).toBe(text)
  expect(viewOf(text).places(0, 2)).toMatchObject([{ start: 0, end: 2, as: 'plain' }])
})
