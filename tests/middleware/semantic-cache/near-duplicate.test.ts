import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nearDuplicate } from '../../../src/middleware/semantic-cache/near-duplicate.js'
import { dot, unit } from '../../../src/middleware/semantic-cache/vectors.js'

async function near(a: string, b: string): Promise<number> {
  const [one, two] = (await nearDuplicate.embed([a, b])).map(unit)
  return one && two ? dot(one, two) : 0
}

const question = 'How do I return a pair of shoes that I bought last week in your shop in Vienna?'

describe('the spelling of a text', () => {
  test.each([
    ['in other case, with other spaces and marks', question.toUpperCase().replaceAll(' ', '  ').replace('?', '!!'), 0.999],
    ['with a typing error', question.replace('shoes', 'sheos'), 0.85],
    ['with a word more', `Please: ${question}`, 0.9],
  ])('is near to the same text %s', async (_, other, least) => {
    expect(await near(question, other)).toBeGreaterThan(least)
  })

  test.each([
    ['another question', 'What is the capital of Austria, and how many people live there today?', 0.3],
    ['one that means the same in other words', 'Can I send back footwear purchased at the Austrian store a few days ago?', 0.4],
  ])('is far from %s', async (_, other, most) => {
    expect(await near(question, other)).toBeLessThan(most)
  })

  test('is as near to itself as can be, the same at every time, and nowhere for nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        const [one, two] = await nearDuplicate.embed([text, text])
        expect(one).toEqual(two)
        if (/[\p{L}\p{N}]/u.test(text.normalize('NFKC'))) expect(await near(text, text)).toBeCloseTo(1, 5)
      }),
    )
    expect(unit((await nearDuplicate.embed(['?!']))[0] ?? new Float32Array())).toBeUndefined()
  })

  test('is the one that was kept by earlier processes', async () => {
    const [vector] = await nearDuplicate.embed(['leash'])
    expect([...(vector ?? [])].flatMap((value, place) => (value === 0 ? [] : [[place, value]]))).toEqual([
      [11, -1],
      [53, 1],
      [68, 1],
      [137, -1],
      [175, 1],
      [203, -1],
      [345, -1],
      [479, 1],
      [510, 1],
    ])
  })
})
