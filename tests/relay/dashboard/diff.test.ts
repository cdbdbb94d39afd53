import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkPolicy } from '../../../src/policy.js'
import { type DiffLine, diffLines, nearChanges } from '../../../src/relay/dashboard/diff.js'
import { examples } from '../../../src/relay/dashboard/policy-examples.js'

const side = (lines: readonly DiffLine[], left: string) =>
  lines.flatMap(({ sign, text }) => (sign === left ? [] : [text])).join('\n')

describe('a difference', () => {
  test('names the lines that came and went', () => {
    expect(diffLines('a\nb\nc', 'a\nx\nc\nd')).toEqual([
      { sign: ' ', text: 'a' },
      { sign: '-', text: 'b' },
      { sign: '+', text: 'x' },
      { sign: ' ', text: 'c' },
      { sign: '+', text: 'd' },
    ])
  })

  test('holds both texts whole, and no change where there is none', () => {
    const text = fc.array(fc.constantFrom('{', '}', 'a', 'b', ''), { maxLength: 12 }).map((lines) => lines.join('\n'))
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after)
        expect(side(lines, '+')).toBe(before)
        expect(side(lines, '-')).toBe(after)
        expect(lines.every(({ sign }) => sign === ' ')).toBe(before === after)
      }),
    )
  })

  test('leaves out what is far from every change', () => {
    const before = Array.from({ length: 20 }, (_, line) => String(line)).join('\n')
    const shown = nearChanges(diffLines(before, before.replace('10', 'ten')))
    expect(shown[0]).toEqual({ left: 7 })
    expect(shown.at(-1)).toEqual({ left: 6 })
    expect(shown).toHaveLength(10)
  })
})

describe('the examples of policies', () => {
  test.each(examples.map(({ name, addTo }) => [name, addTo] as const))('"%s" is one that the relay takes', (_, addTo) => {
    const text = addTo('{ "maxAttempts": 2 }')
    expect(checkPolicy(JSON.parse(text))).toMatchObject({ maxAttempts: 2 })
    expect(JSON.parse(addTo('no JSON'))).not.toHaveProperty('maxAttempts')
  })
})
