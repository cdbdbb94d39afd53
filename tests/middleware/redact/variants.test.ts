import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Spelling, spellingIn, variantsOf } from '../../../src/middleware/redact/variants.js'

const every: Spelling = { escapes: true, percents: true, base64: Infinity }

test('no spelling is left out that stands in a text', () => {
  const value = fc.string({ unit: 'binary', minLength: 5, maxLength: 20 })
  fc.assert(
    fc.property(value, fc.string(), fc.string(), (value, before, after) => {
      for (const variant of variantsOf(value, every)) {
        const texts = ['Nothing.', before + variant + after]
        expect(variantsOf(value, spellingIn(texts))).toContain(variant)
      }
    }),
  )
})

test('in base64 a value is looked for in both alphabets', () => {
  for (const spelt of ['TXIuPz5TbWl0aH5+', 'TXIuPz5TbWl0aH5-'])
    expect(variantsOf('Mr.?>Smith~~', spellingIn([spelt]))).toContain(spelt)
})

test('a plain text makes nobody spell a value in other ways', () => {
  expect([...variantsOf('john.doe@acme.com', spellingIn(['Write to john.doe@acme.com.']))]).toEqual(['john.doe@acme.com'])
})
