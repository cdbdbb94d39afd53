import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { knownModels } from '../../src/catalog/models.js'
import { distance, nearestModels } from '../../src/catalog/nearest.js'

describe('the nearest known models', () => {
  test.each([
    ['gtp-4o', 'gpt-4o'],
    ['gpt4o', 'gpt-4o'],
    ['gpt-4o-mni', 'gpt-4o-mini'],
    ['openai/gtp-4o', 'gpt-4o'],
    ['claude-sonet-4-5', 'claude-sonnet-4-5'],
    ['claude-4-5-sonnet', 'claude-sonnet-4-5'],
    ['claude-4.5-sonnet', 'claude-sonnet-4-5'],
    ['Claude Sonnet 4.5', 'claude-sonnet-4-5'],
    ['gemini-2.5-flsh', 'gemini-2.5-flash'],
    ['mistral-lage-latest', 'mistral-large-latest'],
    ['text-embeding-3-small', 'text-embedding-3-small'],
    ['kimi-k3', 'kimi-k3'],
  ])('%s is nearest to %s', (typed, meant) => {
    expect(nearestModels(typed)[0]).toBe(meant)
  })

  test.each(['', '   ', '///', 'm', 'acme/x', 'llama-99-giga-turbo-ultra', 'zzzzzzzz', 'x'.repeat(1_000_000)])(
    'nothing is near to a name that is far from all',
    (typed) => {
      expect(nearestModels(typed)).toEqual([])
    },
  )

  test('there are no more than asked for, each once, all known', () => {
    const names = new Set(knownModels.map(({ name }) => name))
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom(...names)), fc.integer({ min: 0, max: 5 }), (typed, limit) => {
        const near = nearestModels(typed, limit)
        expect(near.length).toBeLessThanOrEqual(limit)
        expect(new Set(near).size).toBe(near.length)
        for (const name of near) expect(names.has(name)).toBe(true)
      }),
    )
  })

  test('a known name with any one letter left out is found', () => {
    const missed = knownModels.flatMap(({ name }) =>
      Array.from(name, (_, at) => name.slice(0, at) + name.slice(at + 1)).filter(
        (wrong) => !nearestModels(wrong, 20).includes(name),
      ),
    )
    expect(missed).toEqual([])
  })
})

describe('the distance of two texts', () => {
  test.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['flaw', 'lawn', 2],
  ])('%j and %j are %d apart', (a, b, apart) => {
    expect(distance(a, b)).toBe(apart)
    expect(distance(b, a)).toBe(apart)
  })

  test('a search that gives up says that it is more than was allowed', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), fc.nat({ max: 12 }), (a, b, most) => {
        const exact = distance(a, b)
        if (exact <= most) expect(distance(a, b, most)).toBe(exact)
        else expect(distance(a, b, most)).toBeGreaterThan(most)
      }),
    )
  })
})
