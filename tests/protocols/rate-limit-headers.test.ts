import { describe, expect, test } from 'vitest'
import { roomIn } from '../../src/protocols/rate-limit-headers.js'

const now = Date.UTC(2026, 0, 1)
const at = (headers: Record<string, string>) => {
  const room = roomIn(new Headers(headers), now)
  return room?.remaining === 0 ? room.resetMs : 0
}
const openai = (remaining: string, reset: string) =>
  at({ 'x-ratelimit-remaining-requests': remaining, 'x-ratelimit-reset-requests': reset })

describe('when nothing remains', () => {
  test.each([
    ['120ms', 120],
    ['1s', 1000],
    ['6m0s', 360_000],
    ['1h2m3.5s', 3_723_500],
    ['1d', 86_400_000],
    ['7', 7000],
    ['0.25', 250],
    ['1767225610', 10_000],
    ['1767225610000', 10_000],
    ['2026-01-01T00:00:30Z', 30_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
  ])('a reset of %s is so many milliseconds away: %i', (reset, ms) => {
    expect(openai('0', reset)).toBe(ms)
  })

  test.each(['', 'soon', '2025-12-31T00:00:00Z', '1767225500', '-3'])('a reset of "%s" is no time to wait for', (reset) => {
    expect(openai('0', reset)).toBe(0)
  })

  test('a moment is as far away as it is for the vendor, where this machine has another time', () => {
    const room = roomIn(
      new Headers({
        date: 'Wed, 01 Jan 2020 00:00:00 GMT',
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': '2020-01-01T00:00:05Z',
      }),
    )
    expect(room).toEqual({ remaining: 0, resetMs: 5000 })
  })

  test('the limit that takes longest counts', () => {
    expect(
      at({
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '2s',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '9s',
      }),
    ).toBe(9000)
  })

  test.each([
    [
      'Anthropic',
      { 'anthropic-ratelimit-input-tokens-remaining': '0', 'anthropic-ratelimit-input-tokens-reset': '2026-01-01T00:00:05Z' },
    ],
    ['Cerebras', { 'x-ratelimit-remaining-tokens-minute': '0', 'x-ratelimit-reset-tokens-minute': '5' }],
    ['one without a unit', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '5' }],
  ])('%s says so in its own words', (_, headers) => {
    expect(at(headers as Record<string, string>)).toBe(5000)
  })
})

test.each([
  ['1', '6m'],
  ['0.5', '6m'],
  ['', '6m'],
  ['none', '6m'],
])('with "%s" remaining there is room', (remaining, reset) => {
  expect(openai(remaining, reset)).toBe(0)
})

test('other headers, and ours of another name, say nothing', () => {
  expect(at({ 'retry-after': '5', 'x-leash-ratelimit-remaining-requests': '0', 'x-leash-ratelimit-reset-requests': '5s' })).toBe(
    0,
  )
})

test('of requests it is known how many remain, until when and of how many; the fewest count', () => {
  const headers = new Headers({
    'x-ratelimit-limit-requests-day': '1000',
    'x-ratelimit-remaining-requests-day': '90',
    'x-ratelimit-reset-requests-day': '3600',
    'x-ratelimit-limit-requests-minute': '30',
    'x-ratelimit-remaining-requests-minute': '7',
    'x-ratelimit-reset-requests-minute': '20',
    'x-ratelimit-remaining-tokens-minute': '5',
    'x-ratelimit-reset-tokens-minute': '20',
  })
  expect(roomIn(headers, now)).toEqual({ remaining: 7, resetMs: 20_000, limit: 30 })
})

test('what remains until nobody knows when says nothing', () => {
  expect(roomIn(new Headers({ 'x-ratelimit-limit-requests': '5', 'x-ratelimit-remaining-requests': '3' }), now)).toBeUndefined()
})
