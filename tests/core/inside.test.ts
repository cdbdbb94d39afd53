import { expect, it } from 'vitest'
import { LeashError } from '../../src/core/errors.js'
import { inside, toldOutside } from '../../src/core/inside.js'

const secret = 'connect ECONNREFUSED 10.0.0.7:5432'
const away = () =>
  inside(new LeashError('overloaded', `The store is away: ${secret}.`, { retryable: true, retryAfterMs: 500 }), 'Try again.')

it('tells a caller over HTTP how to go on, and whoever runs the process what is wrong', () => {
  const kept: string[] = []
  const error = away()
  const { message, code, status, retryable, retryAfterMs } = toldOutside(error, (why) => kept.push(why))
  expect({ message, code, status, retryable, retryAfterMs }).toEqual({
    message: '[overloaded] Try again.',
    ...{ code: 'overloaded', status: 503, retryable: true, retryAfterMs: 500 },
  })
  expect(kept).toEqual([error.detail])
  expect(error.message).toContain(secret)
})

it('is told once, however often it is looked at', () => {
  const kept: string[] = []
  const told = toldOutside(away(), (why) => kept.push(why))
  expect(toldOutside(told, (why) => kept.push(why))).toBe(told)
  expect(kept).toHaveLength(1)
})

it('keeps the attempts that a call has made until then', () => {
  const error = away()
  error.attempts = [{ provider: 'openai' } as never]
  expect(toldOutside(error, () => {}).attempts).toBe(error.attempts)
})

it('knows it in an error that quotes it', () => {
  const error = new LeashError('overloaded', `Nothing is lent. ${away().detail}`, { cause: away() })
  expect(toldOutside(error, () => {}).message).not.toContain(secret)
})

it('leaves all others as they are', () => {
  const error = new LeashError('rate_limited', 'Wait.', { cause: new Error('a vendor') })
  expect(toldOutside(error, () => expect.unreachable())).toBe(error)
})
