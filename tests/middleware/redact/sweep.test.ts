import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findFew } from '../../../src/middleware/redact/few.js'
import { Sweep } from '../../../src/middleware/redact/sweep.js'

test('every occurrence is found, or stands in what was found', () => {
  const strings = fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 }), {
    minLength: 1,
  })
  fc.assert(
    fc.property(strings, fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 40 }), (strings, text) => {
      const hits = new Sweep(strings).find(text)
      for (const { start, end, index } of hits) expect(text.slice(start, end)).toBe(strings[index])
      for (const [at, hit] of hits.entries()) expect(hit.start).toBeGreaterThanOrEqual(hits[at - 1]?.end ?? 0)
      // With all that was found cut out, nothing is left whole.
      let rest = ''
      let from = 0
      for (const { start, end } of hits) {
        rest += `${text.slice(from, start)}|`
        from = end
      }
      rest += text.slice(from)
      for (const string of strings) expect(rest).not.toContain(string)
    }),
  )
})

test('of two that overlap the longer is taken, when it begins first', () => {
  expect(new Sweep(['ab', 'abc', 'cd']).find('xabcd')).toEqual([{ start: 1, end: 4, index: 1 }])
})

test('a few strings are found one by one where a table finds them', () => {
  const strings = fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 }), {
    maxLength: 16,
  })
  fc.assert(
    fc.property(strings, fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 40 }), (strings, text) => {
      expect(findFew(strings, text)).toEqual(strings.length === 0 ? [] : new Sweep(strings).find(text))
    }),
  )
})
