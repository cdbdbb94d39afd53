/** Who guesses at a password. */
import { expect, it } from 'vitest'
import { Attempts } from '../../../src/relay/people/attempts.js'

const window = 15 * 60_000

function open() {
  const clock = { now: 1_000_000 }
  const attempts = new Attempts(undefined, () => clock.now)
  const taken = (who = 'red ada') => {
    try {
      attempts.begin(who)
      return true
    } catch {
      return false
    }
  }
  const times = (count: number) => Array.from({ length: count }, () => taken()).filter(Boolean).length
  return { attempts, clock, taken, times }
}

it('tries ten times in a quarter of an hour, beginning with the first, and keeps nobody else out', () => {
  const { clock, taken, times } = open()
  expect(times(12)).toBe(10)
  expect(taken('red bob')).toBe(true)
  clock.now += window - 1
  expect(taken()).toBe(false)
  clock.now += 1
  expect(times(12)).toBe(10)
})

it('begins anew when he was right', async () => {
  const { attempts, times } = open()
  expect(times(9)).toBe(9)
  await attempts.succeeded('red ada')
  expect(times(12)).toBe(10)
})

it('is kept out by as many at all relays together, for as long as they say', async () => {
  const counts = { count: 10, leftMs: 4321 }
  const attempts = new Attempts({ add: async () => counts, forget: async () => {} })
  await attempts.begin('red ada')
  counts.count++
  await expect(attempts.begin('red ada')).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 4321 })
})
