/** What is good once. */
import { expect, it } from 'vitest'
import { Once } from '../../../src/relay/people/once.js'

const keptMs = 10

function open(more: Partial<ConstructorParameters<typeof Once>[0]> = {}) {
  const clock = { now: 0 }
  return { clock, once: new Once({ what: 'nonce', keptMs, full: 'full', now: () => clock.now, ...more }) }
}

it('takes a name once for as long as it could be used, whenever it comes and whatever comes in between', () => {
  for (let start = 0; start <= 3 * keptMs; start++) {
    const { clock, once } = open()
    clock.now = start
    expect(once.take('name')).toBe(true)
    for (clock.now++; clock.now < start + keptMs; clock.now++) once.take(`another ${clock.now}`)
    expect(once.take('name')).toBe(false)
  }
})

it('forgets it afterwards', () => {
  const { clock, once } = open({ most: 1 })
  expect(once.take('name')).toBe(true)
  expect(() => once.take('another')).toThrow(/full/)
  clock.now = 2 * keptMs + 1
  expect(once.take('name')).toBe(true)
})

it('is told by other relays, for as long, and goes by itself when they say nothing', async () => {
  const asked: number[] = []
  const answers = [{ count: 1, leftMs: 0 }, { count: 2, leftMs: 0 }, undefined]
  const add = async (_: string, windowMs: number) => {
    asked.push(windowMs)
    return answers.shift()
  }
  const { once } = open({ counts: { add, forget: async () => {} } })
  expect(await once.take('first')).toBe(true)
  expect(await once.take('used elsewhere')).toBe(false)
  expect(await once.take('nobody knows')).toBe(true)
  expect(await once.take('nobody knows')).toBe(false)
  expect(Math.min(...asked)).toBeGreaterThanOrEqual(keptMs)
})
