import { describe, expect, test } from 'vitest'
import { Recent } from '../../src/core/recent.js'

describe('a map with a bound', () => {
  test('lets go of what was not used for the longest time', () => {
    const map = new Recent<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.get('a')
    map.set('c', 3)
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2])
  })

  test('takes what is set anew for used, and keeps nothing that was taken out', () => {
    const map = new Recent<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.set('a', 3)
    map.set('c', 4)
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([3, undefined, 4])
    map.delete('a')
    expect([map.get('a'), map.size]).toEqual([undefined, 1])
  })

  test('makes a value once, and again when it was let go of', () => {
    const map = new Recent<string, number>(1)
    let made = 0
    const make = () => ++made
    expect([map.getOrInsertComputed('a', make), map.getOrInsertComputed('a', make)]).toEqual([1, 1])
    map.set('b', 0)
    expect(map.getOrInsertComputed('a', make)).toBe(2)
  })
})
